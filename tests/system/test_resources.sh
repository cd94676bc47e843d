# What VMs may use, what they use, and holding them.

vm() { plume create "$@" >/dev/null 2>&1 && plume start "${!#}" >/dev/null || die 'no VM'; }

# use NAME KEY: a number of `plume stats`.
use() { plume stats --no-stream --format json "$1" | tr -d '\r' | sed -n "s/,\$//; s/^ *\"$2\": //p"; }

test_limits_are_kept_and_shown() {
  expect 0 plume create --memory 512m --cpus 1.5 --pids 3 lim
  same 'memory' 536870912 "$(member lim memory)"; same 'cpus' 1.5 "$(member lim cpus)"; same 'pids' 3 "$(member lim pids)"
  expect 0 plume inspect lim; contains "$out" 512MiB
  expect 0 plume update --memory 0 --cpus .25 lim
  same 'memory' null "$(member lim memory)"; same 'cpus' 0.25 "$(member lim cpus)"; same 'pids' 3 "$(member lim pids)"
  local bad
  for bad in '--memory 1' '--memory 5x' '--cpus 0.001' '--cpus x' '--pids -1' '--pids 1.5'; do
    # shellcheck disable=SC2086
    refused plume create $bad other -- 'plume create: this is not a *'
    # shellcheck disable=SC2086
    refused plume update $bad lim -- 'plume update: this is not a *'
  done
  refused plume update lim -- 'plume update: there is nothing to change*'
  refused plume update --pids 1 nobody -- "plume: there is no VM 'nobody'; *"
  expect 0 plume ps -a --format json; same 'one VM' 1 "$(grep -c '"name"' <<<"$out")"
}

# A limit that nothing enforces is told: there is none that is taken in silence.
test_a_limit_that_the_host_does_not_keep_is_told() {
  expect 0 plume create --memory 512m --cpus 1 --pids 9 said
  local told=$err
  expect 0 plume start said
  expect 0 plume logs said
  case $out in *'does not limit the memory'*) contains "$told" 'does not enforce --memory' ;; *) same 'said' '' "$(grep memory <<<"$told")" ;; esac
  case $out in *'does not limit the processors'*) contains "$told" 'does not enforce --cpus' ;; *) same 'said' '' "$(grep cpus <<<"$told")" ;; esac
}

test_processes_are_limited() {
  local deep='cmd /c cmd /c cmd /c echo deep'
  vm --pids 3 few
  expect 0 plume exec few cmd /c 'cmd /c cmd /c echo deep'; same 'three' deep "$out"
  run plume exec few cmd /c "$deep"
  [ "$status" -ne 0 ] && [[ $out != deep ]] || { show; die 'a fourth process ran'; }
  expect 0 plume update --pids 4 few
  expect 0 plume exec few cmd /c "$deep"; same 'four' deep "$out"
  # From outside, too.
  expect 0 plume update --pids 1 few
  plume exec few ping -n 600 127.0.0.1 >/dev/null 2>&1 &
  wait_for 60 bash -c 'plume top few | grep -qi ping'
  refused plume exec few cmd /c exit -- "plume: cannot run 'cmd': *; the VM has as many processes as --pids lets it"
  # And after it was started again.
  expect 0 plume stop few; expect 0 plume start few
  run plume exec few cmd /c 'cmd /c echo two'
  [ "$status" -ne 0 ] || { show; die 'a second process ran'; }
  expect 0 plume update --pids 0 few
  expect 0 plume exec few cmd /c "$deep"; same 'no limit' deep "$out"
}

# Many at once from outside: some may be turned away for another that was, but none is one too many.
test_processes_are_limited_at_once() {
  local at pids=()
  vm --pids 3 few
  for at in 1 2 3 4 5 6 7 8; do
    plume exec few ping -n 600 127.0.0.1 >/dev/null 2>&1 &
    pids+=($!)
  done
  wait_for 60 bash -c "ended=0; for p in ${pids[*]}; do kill -0 \$p 2>/dev/null || ended=\$((ended + 1)); done; [ \$ended -ge 5 ]"
  expect 0 plume top few
  [ "$(grep -ci ping <<<"$out")" -le 3 ] || { show; die 'more than three run'; }
  # Whoever was not turned away runs; at the latest now there is room for one.
  [ "$(grep -ci ping <<<"$out")" -eq 3 ] || expect 0 plume exec few cmd /c exit
  expect 0 plume stop few
  for at in "${pids[@]}"; do wait "$at" || true; done
}

test_stats() {
  vm one; vm two
  plume exec one cmd /c 'for /L %i in (1,1,100000000) do @echo %i >nul' >/dev/null 2>&1 &
  wait_for 60 bash -c 'plume top one | grep -qi cmd'
  expect 0 plume stats --no-stream
  contains "$out" 'MEM USAGE / LIMIT'; contains "$out" one; contains "$out" two
  same 'processes' 1 "$(use one processes)"; same 'processes' 0 "$(use two processes)"
  # The one that works uses time, which is not this command's own.
  worked() { [ "$(use one cpu_ms)" -gt 500 ]; }
  wait_for 60 worked
  same 'time of nothing' 0 "$(use two cpu_ms)"
  [ "$(use one memory)" -gt 100000 ] || die "memory: $(use one memory)"
  expect 0 plume stop two
  expect 0 plume stats --no-stream --format json; same 'only the one that runs' 1 "$(grep -c '"name"' <<<"$out")"
  refused plume stats --no-stream two -- "*the VM is not running: 'two'*"
}

# written NAME: how long the file is that it writes. The store is looked at, because Wine's cmd does not share it.
written() {
  local store
  store=$(plume inspect "$1" | tr -d '\r' | sed -n 's/^store *C://p' | tr '\\' /)
  stat -c %s "$WINEPREFIX/drive_c$store/files/C/count.txt" 2>/dev/null || echo 0
}
# still NAME: nothing in the VM works on the file any more.
still() { local before; before=$(written "$1"); sleep 0.7; [ "$before" = "$(written "$1")" ]; }
works() { ! still "$1"; }

test_pause() {
  vm held
  refused plume unpause held -- "plume: cannot unpause the VM 'held': it is not paused"
  # It writes, and starts processes all the time.
  plume exec held cmd /c 'for /L %i in (1,1,100000000) do @cmd /c echo %i >>C:\count.txt' >/dev/null 2>&1 &
  wait_for 60 works held
  local round
  for round in 1 2 3; do
    expect 0 plume pause held
    same 'state' paused "$(member held state)"
    wait_for 60 still held
    expect 0 plume ps; contains "$out" paused
    expect 0 plume top held; contains "$out" cmd
    refused plume pause held -- "plume: cannot pause the VM 'held': it is paused already"
    refused plume exec held cmd /c exit -- "plume: the VM is paused: 'held'; 'plume unpause' lets it go on"
    refused plume service held ls -- "plume: the VM is paused: 'held'*"
    still held || die 'it went on by itself'
    expect 0 plume unpause held
    same 'state' running "$(member held state)"
    wait_for 60 works held
  done
  # A paused VM can be stopped, and removed.
  expect 0 plume pause held
  expect 0 plume stop held; same 'state' stopped "$(member held state)"
  refused plume pause held -- "plume: the VM is not running: 'held'*"
  expect 0 plume start held
  same 'state' running "$(member held state)"
  expect 0 plume pause held
  expect 0 plume rm -f held
  expect 0 plume ps -a --format json; same 'nothing is left' '[]' "$out"
}

# Services are asked, also by the stop of a VM that is paused.
test_paused_services() {
  vm svc
  expect 0 plume service svc start Spooler
  expect 0 plume pause svc
  expect 0 plume stats --no-stream svc; contains "$out" svc
  expect 0 plume unpause svc
  expect 0 plume service svc status Spooler; contains "$out" running
  expect 0 plume service svc stop Spooler
  expect 0 plume service svc start Spooler
  expect 0 plume pause svc
  expect 0 plume stop svc
  same 'none had to be ended' '' "$err"
}

test_identity() {
  vm id
  # Folders that a program writes to are the VM's own and can be written to.
  # shellcheck disable=SC2016
  for folder in TEMP TMP USERPROFILE APPDATA LOCALAPPDATA ProgramData; do
    expect 0 plume exec id cmd /c "echo mine>%$folder%\\plume-identity.txt&& type %$folder%\\plume-identity.txt"
    same "%$folder%" mine "$out"
  done
  [ -z "$(find "$WINEPREFIX/drive_c" -name plume-identity.txt -not -path '*/plume/vms/*')" ] || die 'it is on the host'
  same 'the user' "$("$wine" cmd /c 'echo %USERNAME% %USERDOMAIN% %USERPROFILE%' 2>/dev/null | tr -d '\r' | cut -d' ' -f1)" \
    "$(plume exec id cmd /c 'echo %USERNAME% x' | tr -d '\r' | cut -d' ' -f1)"
  printf '\357\273\277# a remark\r\n\r\nA=from file\r\nB=b=c\r\n' >vars
  expect 0 plume exec --env-file vars -e A=given id cmd /c 'echo [%A%][%B%]'; same 'variables' '[given][b=c]' "$out"
  expect 0 plume run --rm --env-file vars cmd /c 'echo [%A%][%B%]'; same 'variables' '[from file][b=c]' "$out"
  printf 'A=1\nno name=2\n' >bad
  refused plume exec --env-file bad id cmd /c exit -- "plume: cannot use the file of variables 'bad': line 2 is no variable*"
  refused plume run --env-file none cmd /c exit -- "plume: cannot use the file of variables 'none': *"
  expect 0 plume ps -a --format json; same 'one VM' 1 "$(grep -c '"name"' <<<"$out")"
}
