# Stand-ins for services of Windows that the platform does not have, each with what makes that one hard (the guests'
# first lines say which and why): on the host and in two VMs at the same time, under the same names and on the same ports.

# at PLACE COMMAND...: there, in $scratch.
at() {
  local place=$1
  shift
  (cd "$scratch" && if [ "$place" = host ]; then "$wine" "$@" 2>&1 </dev/null; else plume exec "$place" "$@" 2>&1 </dev/null; fi) |
    tr -d '\r'
}

state_is() { contains_line "$(at "$1" sc query "$2")" "$3"; }
contains_line() { [[ $1 == *"$2"* ]]; }

# made PLACE NAME COMMAND-LINE [OPTION...]: a service.
made() {
  local place=$1 name=$2 command=$3
  shift 3
  at "$place" sc create "$name" binPath= "$command" "$@" >/dev/null
}

started() { # started PLACE NAME
  at "$1" sc start "$2" >/dev/null
  wait_for 60 state_is "$1" "$2" RUNNING
}

stopped() { # stopped PLACE NAME
  at "$1" sc stop "$2" >/dev/null
  wait_for 60 state_is "$1" "$2" STOPPED
}

# write PLACE NAME TEXT: a file in $scratch, without the blank that echo would leave before a bracket.
write() { at "$1" cmd /c "echo $3>$2"; }

two() { local place; for place in a b; do plume create $place >/dev/null && plume start $place >/dev/null || die 'no VM'; done; }

# What a test leaves on the host, which it made last: a VM would see it.
leave_the_host() {
  local name
  # shellcheck disable=SC2154
  for name in $host_services; do at host sc stop "$name"; done
  for name in $host_services; do at host sc delete "$name"; done
  [[ $host_services != *Web* ]] || at host reg delete 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\Svchost' /v PlumeWeb /f
  console_as_before
} >/dev/null 2>&1

# Tlntsvr: a command interpreter for each connection.
test_stand_in_remote_shell() {
  local place port=23 programs
  cp "$guests/tool_remote_shell.exe" "$scratch/"
  # A port below 1024 is not everybody's here.
  [ "$(id -u)" -eq 0 ] || [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -le 23 ] || port=28423
  two
  host_services=PlumeShell
  keep_console
  trap leave_the_host EXIT
  for place in a b host; do
    made $place PlumeShell "$scratch_win\\tool_remote_shell.exe $port"
    started $place PlumeShell
  done
  # Two sessions at a time, which keep their own variables; what one writes is that place's.
  for place in a b host; do
    for session in one two; do
      at $place "$scratch_win\\tool_remote_shell.exe" ask $port "set WHERE=$place" "cd /d $scratch_win" \
        "echo here is %WHERE% $session>said-$session.txt" "type said-$session.txt" >"$scratch/$place.$session" &
    done
  done
  wait
  for place in a b host; do
    for session in one two; do
      contains "$(cat "$scratch/$place.$session")" "here is $place $session"
      same "the file of $place" "here is $place $session" "$(at $place cmd /c type "said-$session.txt")"
    done
  done
  stopped a PlumeShell
  contains "$(at a "$scratch_win\\tool_remote_shell.exe" ask $port)" 'no connection: 10061'
  contains "$(at b "$scratch_win\\tool_remote_shell.exe" ask $port 'echo still')" still
}

# CiSvc: files are watched, and read by children over pipes.
indexed() { [ "$(at "$1" "$scratch_win\\tool_index.exe" ask "$2")" = "found:${3:+ }${3:-}" ]; }

test_stand_in_index() {
  local place
  cp "$guests/tool_index.exe" "$scratch/"
  mkdir "$scratch/docs"
  two
  host_services=PlumeIndex
  keep_console
  trap leave_the_host EXIT
  for place in a b host; do
    made $place PlumeIndex "$scratch_win\\tool_index.exe $scratch_win\\docs"
    started $place PlumeIndex
  done
  # The VMs first: what the host writes, a VM would see, and its service too.
  write a 'docs\first.txt' 'apple common'; write a 'docs\second.txt' 'pear common'
  write b 'docs\first.txt' 'plum common'
  wait_for 60 indexed a common 'first.txt second.txt'
  wait_for 60 indexed b common first.txt
  indexed host common '' || die "the host's sees a VM's"
  indexed b apple '' || die "one VM's sees the other's"
  write host 'docs\third.txt' 'cherry common'
  wait_for 60 indexed host common third.txt
  write a 'docs\second.txt' 'peach common'
  wait_for 60 indexed a peach second.txt
  indexed a pear '' || die 'the old words are there still'
  # Each has two workers of its own.
  for place in a b; do same "processes of $place" 3 "$(at $place wmic process get name | tr -d '\0' | grep -c tool_index)"; done
  stopped a PlumeIndex
  indexed b plum first.txt || die "the other's has stopped too"
}

# The web server's group: three services in one process, with workers.
page() { at "$1" "$scratch_win\\tool_web.exe" ask "$2" "$3"; }

# text TYPE TEXT: a registry value's text as a .reg file has it; \0 in it ends one of several.
text() { printf 'hex(%s):' "$1"; printf '%b\0' "$2" | iconv -f UTF-8 -t UTF-16LE | od -An -v -tx1 | tr -s ' \n' , | sed 's/^,//; s/,$//'; echo; }

# The configuration of the group, in one file: to start a program for each value would take too long.
write_web_settings() {
  local name before= main
  echo 'Windows Registry Editor Version 5.00'
  printf '\n[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Svchost]\n"PlumeWeb"=%s\n' \
    "$(text 7 'PlumeWebWork\0PlumeWeb\0PlumeWebStatus\0')"
  for name in PlumeWebWork PlumeWeb PlumeWebStatus; do
    case $name in *Work) main=WorkMain ;; *Status) main=StatusMain ;; *) main=WebMain ;; esac
    printf '\n[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\%s]\n' $name
    printf '"Type"=dword:20\n"Start"=dword:3\n"ErrorControl"=dword:1\n"ObjectName"="LocalSystem"\n"ImagePath"=%s\n' \
      "$(text 2 'C:\\windows\\system32\\svchost.exe -k PlumeWeb')"
    [ -z "$before" ] || echo "\"DependOnService\"=$(text 7 "$before\\0")"
    printf '\n[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\%s\\Parameters]\n' $name
    printf '"ServiceDll"=%s\n"ServiceMain"="%s"\n"Worker"="C:\\\\test\\\\tool_web.exe"\n' \
      "$(text 2 'C:\\test\\dll_web_group.dll')" $main
    before=$name
  done
}

make_web() { # make_web PLACE
  local name
  # Wine's manager does not look at its database again.
  [ "$1" != host ] || for name in PlumeWebWork PlumeWeb PlumeWebStatus; do
    made host $name 'C:\windows\system32\svchost.exe -k PlumeWeb' type= share
  done
  at "$1" reg import "$scratch_win\\web.reg" >/dev/null
}

test_stand_in_web_group() {
  local place
  cp "$guests/dll_web_group.dll" "$guests/tool_web.exe" "$scratch/"
  mkdir "$scratch/site"
  { printf '\xff\xfe'; write_web_settings | iconv -f UTF-8 -t UTF-16LE; } >"$scratch/web.reg"
  two
  host_services='PlumeWebStatus PlumeWeb PlumeWebWork'
  keep_console
  trap leave_the_host EXIT
  for place in a b host; do
    make_web $place
    write $place 'site\page' "the page of $place"
    # The host's manager, being Wine's, does not start what a service depends on.
    [ $place != host ] || { started host PlumeWebWork; started host PlumeWeb; }
    started $place PlumeWebStatus
  done
  # Wine's manager has each service in a process of its own (service_start_process in programs/services/services.c), so
  # on the host the group's parts do not find each other, and all that it can say is that they run.
  same 'the group of the host' '3 running, 1 in this process' "$(page host 28481 /)"
  for place in a b; do
    same "the group of $place" '3 running, 3 in this process' "$(page $place 28481 /)"
    for _ in 1 2; do same "a page of $place" "the page of $place" "$(page $place 28480 /page)"; done
    contains "$(page $place 28480 /other)" 'there is no'
  done
  stopped a PlumeWebStatus
  stopped a PlumeWeb
  contains "$(page a 28480 /page)" 'no connection: 10061'
  same 'the other' 'the page of b' "$(page b 28480 /page)"
}
