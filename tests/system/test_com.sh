# COM in VMs and on the host at once: the same class, registered and running in each, is each one's own, and so
# are the running objects and the service that knows of both.

# com WHERE ARGUMENT...: the guest com_calls, on the host or in a VM.
raw_com() {
  local where=$1
  shift
  if [ "$where" = host ]; then "$wine" "$guests/com_calls.exe" "$@" 2>/dev/null </dev/null
  else plume exec "$where" "$guests/com_calls.exe" "$@" </dev/null; fi
}
com() { raw_com "$@" | tr -d '\r'; }
three_vms() { for place in a b c; do plume create $place >/dev/null; plume start $place >/dev/null; done; }
said() { [ "$(wc -l <"$scratch/$1.$2")" -ge "$3" ]; }
none=$(printf '%s: error 80040154\n' 'in process' program service surrogate)
of() { printf "%s: of $1\n" 'in process' program service surrogate; }
# asked WHERE: what each class says, without the first line, which says that COM was there.
asked() { com "$1" ask | tail -n +2; }
# pid WHERE SERVICE: of a service that runs in a VM.
pid() { plume service --format json "$1" status "$2" | tr -d '\r' | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }

test_the_same_class_in_two_vms_and_on_the_host() {
  local place
  three_vms
  com a register 'of a' >"$scratch/out"
  contains "$(cat "$scratch/out")" 'regsvr32: 0'
  # Registered in one VM, it is known nowhere else.
  same 'asked on the host' "$none" "$(asked host)"
  same 'asked in b' "$none" "$(asked b)"
  com b register 'of b' >/dev/null
  com host register 'of host' >/dev/null
  for place in a b host; do com $place ask >"$scratch/asked.$place" & done
  for place in a b host; do wait_for 60 said asked $place 5; done
  for place in a b host; do same "asked in $place" "$(of $place)" "$(tail -n +2 "$scratch/asked.$place")"; done
  same 'asked in c, where it is the host that has registered it' "$(of host)" "$(asked c)"
  com a unregister >/dev/null
  com host unregister >/dev/null
  same 'asked in a, unregistered' "$none" "$(asked a)"
  same 'asked on the host, unregistered' "$none" "$(asked host)"
  same 'asked in b, still registered' "$(of b)" "$(asked b)"
}

test_running_objects_are_each_ones_own() {
  local place server
  three_vms
  for place in a b host; do com $place register "of $place" >/dev/null; done
  for place in a b host; do raw_com $place hold "plume-$place" >"$scratch/held.$place" & done
  for place in a b host; do wait_for 60 grep -q '^holding' "$scratch/held.$place"; done
  for place in a b host; do
    same "running in $place" "$(printf 'running: %s\n' "!plume-$place" "C:\\plume\\plume-$place"; echo "active: of $place")" \
      "$(com $place running | grep -E '^(running|active)')"
  done
  same 'running in c' 'active: error 800401e3' "$(com c running | grep -E '^(running|active)')"
  # The servers run where they were asked for.
  for place in a b; do
    server=$(tr -d '\r' <"$scratch/held.$place" | sed -n 's/^server: //p')
    contains "$(plume top $place | tr -d '\r' | awk '{ print " " $1 " " }')" " $server "
  done
  com a release >/dev/null
  gone() { ! com a running | grep -q '^running'; }
  wait_for 60 gone
  contains "$(com b running)" 'active: of b'
  com b release >/dev/null
  com host release >/dev/null
  wait
  com host unregister >/dev/null
}

# The service without which there is none of this: each VM has its own, one that is killed is missed in its VM alone,
# and is started when it is next needed.
test_the_service_behind_com() {
  local of_a of_b
  plume create a >/dev/null; plume create b >/dev/null; plume start a >/dev/null; plume start b >/dev/null
  com a register 'of a' >/dev/null; com b register 'of b' >/dev/null
  contains "$(com a ask program)" 'program: of a'
  contains "$(com b ask program)" 'program: of b'
  of_a=$(pid a RpcSs) of_b=$(pid b RpcSs)
  [ "${of_a:-0}" -ne 0 ] && [ "${of_b:-0}" -ne 0 ] && [ "$of_a" -ne "$of_b" ] || die "the services are $of_a and $of_b"
  expect 0 plume exec a taskkill /f /pid "$of_a"
  stopped() { [ "$(pid a RpcSs)" = 0 ]; }
  wait_for 60 stopped
  # What a server has told the one that is gone is forgotten, natively, too: so a server that is new.
  contains "$(com a ask program)" 'program: of a'
  [ "$(pid a RpcSs)" -ne 0 ] || die 'it was not started again'
  same "b's own service" "$of_b" "$(pid b RpcSs)"
  contains "$(com b ask program)" 'program: of b'
  expect 0 plume service a stop RpcSs
  same "b's own service" "$of_b" "$(pid b RpcSs)"
  contains "$(com a ask program)" 'program: of a'
}

# Scripts and what registers classes: all of it is in the VM.
test_scripts_with_objects() {
  printf '%s\r\n' "var f = new ActiveXObject('Scripting.FileSystemObject');" \
    "var t = f.CreateTextFile('C:\\\\test\\\\said.txt', true); t.WriteLine('of a script'); t.Close();" \
    "var s = new ActiveXObject('WScript.Shell');" \
    "s.RegWrite('HKCU\\\\Software\\\\Plume test\\\\said', 'written');" \
    "WScript.Echo(s.RegRead('HKCU\\\\Software\\\\Plume test\\\\said'));" \
    "WScript.Echo(s.Run('cmd /c echo started>C:\\\\test\\\\started.txt', 0, true));" \
    "WScript.Echo(f.OpenTextFile('C:\\\\test\\\\started.txt').ReadLine());" \
    >"$scratch/script.js"
  plume create a >/dev/null; plume start a >/dev/null
  expect 0 plume exec a cscript /nologo "$scratch_win\\script.js"
  same 'said' "$(printf '%s\n' written 0 started)" "$out"
  [ ! -e "$scratch/said.txt" ] && [ ! -e "$scratch/started.txt" ] || die 'the host has the files'
  ! "$wine" reg query 'HKCU\Software\Plume test' >/dev/null 2>&1 </dev/null || die 'the host has the key'
  expect 0 plume exec a cmd /c type "$scratch_win\\said.txt"
  same 'the file in the VM' 'of a script' "$out"
  # Without a console, where Echo would be a window.
  grep -v Echo "$scratch/script.js" >"$scratch/silent.js"
  expect 0 plume exec a cmd /c del "$scratch_win\\said.txt"
  expect 0 plume exec a wscript //nologo "$scratch_win\\silent.js"
  expect 0 plume exec a cmd /c type "$scratch_win\\said.txt"
}

# The class of a file, and an object that is bound to by the file's name, in a server that is started for it.
# Not on the host at the same time: a VM would see what is registered there meanwhile. Alone it is a parity test.
test_files_and_their_classes() {
  start_two
  at_once com_file a b
}
