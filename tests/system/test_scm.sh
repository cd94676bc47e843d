# How the VM's service control manager behaves: the order of starts and ends, groups, accounts, shared processes,
# services that hang or are killed. Keys are written by `reg`, as an installer does that knows no function for it.

services='HKLM\System\CurrentControlSet\Services'
control='HKLM\System\CurrentControlSet\Control'

vm() { plume create "$1" >/dev/null && plume start "$1" >/dev/null || die 'no VM'; }
in_vm() { plume exec "$vm" "$@" >"$scratch/said" 2>&1 </dev/null || { cat "$scratch/said"; die "failed: $*"; }; }
# set_value KEY NAME TYPE DATA: in the VM's registry.
set_value() { in_vm reg add "$1" /v "$2" /t "$3" /d "$4" /f; }

# service NAME [WORD]... -- [OPTION VALUE]...: a service that notes what happens to it; WORDs as in tool_svc_end.c.
service() {
  local name=$1 words=()
  shift
  while [ "$1" != -- ]; do words+=("$1"); shift; done
  shift
  [ -e "$scratch/tool_svc_end.exe" ] || cp "$guests/tool_svc_end.exe" "$scratch/"
  in_vm sc create "$name" "$@" binPath= "$scratch_win\\tool_svc_end.exe $name $scratch_win\\notes.txt ${words[*]}"
}

is() { [[ $(plume service "$vm" status "$1") == *"$2"* ]]; }
notes() { plume exec "$vm" cmd /c type "$scratch_win\\notes.txt" </dev/null | tr -d '\r'; }
notes_are() { [ "$(notes)" = "$1" ]; }

# start_error SERVICE: the number of the error that it is not started with.
start_error() {
  run plume service "$vm" start "$1"
  [ "$status" -ne 0 ] || die "$1 started"
  sed -n 's/.*Win32 error \([0-9]*\).*/\1/p' <<<"$err"
}

test_order_at_the_vms_start() {
  vm=order; vm order
  # By group, in the group by tag, by name; what is needed first; delayed ones last; not what is on demand or off.
  service Alone -- start= auto
  service ByNameB -- start= auto group= PlumeSecond
  service ByNameA -- start= auto group= PlumeSecond
  service Tagged -- start= auto group= PlumeSecond
  service First -- start= auto group= PlumeFirst
  service Late -- start= auto group= PlumeFirst
  service Needy -- start= auto group= PlumeFirst
  service Needed --
  service OnDemand -- start= demand
  service Off -- start= disabled
  service ByAddress -- start= demand
  set_value "$control\\ServiceGroupOrder" List REG_MULTI_SZ 'Base\0PlumeFirst\0PlumeSecond'
  set_value "$control\\GroupOrderList" PlumeSecond REG_BINARY 020000000900000005000000
  set_value "$services\\Tagged" Tag REG_DWORD 5
  set_value "$services\\Late" DelayedAutostart REG_DWORD 1
  set_value "$services\\Needy" DependOnService REG_MULTI_SZ Needed
  # The trigger of a service that starts when the machine has got its first address.
  set_value "$services\\ByAddress\\TriggerInfo\\0" Type REG_DWORD 2
  set_value "$services\\ByAddress\\TriggerInfo\\0" Action REG_DWORD 1
  set_value "$services\\ByAddress\\TriggerInfo\\0" GUID REG_BINARY def2274fe2140b43a5497cd48cbc8245
  set_value "$services\\OnDemand\\TriggerInfo\\0" Type REG_DWORD 3
  expect 0 plume stop order
  expect 0 plume start order
  wait_for 60 is Late running
  started() { plume logs order | tr -d '\r' | sed -n 's/.*service \(.*\): starting in process.*/\1/p' | tr '\n' ' '; }
  same 'the order' 'First Needed Needy Tagged ByNameA ByNameB Alone ByAddress Late ' "$(started)"
  contains "$(plume logs order)" 'service OnDemand: what triggers its start does not happen in a VM'
}

# Windows refuses to start what depends on a service that does not exist; Wine's manager does not look. As natively.
test_dependency_that_does_not_exist() {
  vm=missing; vm missing
  local natively=0
  expect 0 "$wine" sc create PlumeMissing binPath= 'C:\windows\system32\spoolsv.exe' depend= PlumeNone
  run "$wine" net start PlumeMissing
  "$wine" sc query PlumeMissing 2>/dev/null | grep -q RUNNING || natively=1
  "$wine" net stop PlumeMissing >/dev/null 2>&1
  expect 0 "$wine" sc delete PlumeMissing
  expect 0 plume exec missing sc create PlumeMissing binPath= 'C:\windows\system32\spoolsv.exe' depend= PlumeNone
  run plume service missing start PlumeMissing
  same 'whether it starts' $natively $((status != 0))
  contains "$(plume logs missing)" 'service PlumeMissing: depends on PlumeNone, which does not exist'
}

test_groups_as_dependencies() {
  vm=groups; vm groups
  expect 0 plume exec groups "$guests/tool_svc_depend.exe"
  same 'what is refused' 'create PlumeDepA: 0
create PlumeDepB: 0
create PlumeDepC: 0
a needs c: 1059
a needs itself: 1059
a needs the group of b: 1059
a needs its own group: 1059
a needs a group without members: 0
b moves into that group: 1059
b needs nothing: 0
b moves into that group then: 0
b needs a: 1059
c moves into that group, while c needs a: 1059
c needs what does not exist: 0
create PlumeDepNone: 1059
the first layer needs the last: 1059' "$out"
  # A group is there when one of its members is: one that cannot be started does not keep a service from it.
  service Broken -- group= PlumeGroup
  set_value "$services\\Broken" ImagePath REG_EXPAND_SZ 'C:\plume\none.exe'
  service Whole -- group= PlumeGroup
  service Needy --
  set_value "$services\\Needy" DependOnGroup REG_MULTI_SZ PlumeGroup
  expect 0 plume service groups start Needy
  is Whole running || die 'the group was not started'
  is Broken stopped || die 'what cannot run runs'
  expect 0 plume service groups stop Needy
  expect 0 plume service groups stop Whole
  set_value "$services\\Whole" Start REG_DWORD 4
  same 'without a member' 1068 "$(start_error Needy)"
  # Two keys that depend on each other: no function was asked.
  set_value "$services\\Broken" DependOnService REG_MULTI_SZ Needy
  same 'in a circle' 1059 "$(start_error Needy)"
}

test_the_end_in_order() {
  vm=ends; vm ends
  service Plain --
  service Second preshutdown --
  service Third preshutdown --
  service First preshutdown --
  service Stubborn preshutdown ignore --
  set_value "$control" PreshutdownOrder REG_MULTI_SZ 'Stubborn\0First\0Second'
  set_value "$services\\Stubborn" PreshutdownTimeout REG_DWORD 300
  local name
  for name in Plain Third Second First Stubborn; do expect 0 plume service ends start "$name"; done
  for name in Plain Third Second First Stubborn; do wait_for 60 is "$name" running; done
  expect 0 plume stop -t 60 ends
  expect 0 plume start ends
  notes | grep -v start >"$scratch/happened"
  # What the stubborn one notes of the first word comes when it comes: its time is short.
  same 'what happened' 'First preshutdown
First end
Second preshutdown
Second end
Third preshutdown
Third end' "$(grep -v Stubborn "$scratch/happened" | head -n 6)"
  # It is told again with those that wanted no more than that.
  same 'and then' 'Plain end
Plain shutdown
Stubborn end
Stubborn shutdown' "$(grep -v 'Stubborn preshutdown' "$scratch/happened" | tail -n 4 | LC_ALL=C sort)"
  same 'the stubborn one' 'Stubborn preshutdown
Stubborn shutdown
Stubborn end' "$(grep Stubborn "$scratch/happened")"
}

test_accounts_and_drivers() {
  vm=who; vm who
  service Net -- obj= 'NT AUTHORITY\NetworkService'
  service Local -- obj= 'NT AUTHORITY\LocalService'
  service Virtual -- obj= 'NT SERVICE\Virtual'
  service Other -- obj= 'SOMEWHERE\somebody' password= secret
  service Own -- obj= ".\\$(id -un)"
  in_vm sc create Driver type= kernel binPath= 'C:\windows\system32\drivers\none.sys'
  service Needy --
  set_value "$services\\Needy" DependOnService REG_MULTI_SZ Driver
  local name
  for name in Net Local Virtual Own Needy; do
    expect 0 plume service who start "$name"
    wait_for 60 is "$name" running
  done
  same 'another user' 1069 "$(start_error Other)"
  contains "$(plume logs who)" 'service Other: cannot run as SOMEWHERE\somebody'
  same 'a driver' 50 "$(start_error Driver)"
  contains "$(plume logs who)" 'service Driver: is a driver'
  # One that says which privileges it needs has no others but the one that is everybody's.
  service Few privileges --
  set_value "$services\\Few" RequiredPrivileges REG_MULTI_SZ 'SeShutdownPrivilege\0SeNoSuchPrivilege'
  expect 0 plume service who start Few
  wait_for 60 is Few running
  same 'privileges' 'Few SeChangeNotifyPrivilege
Few SeShutdownPrivilege' "$(notes | grep ^Few.Se | LC_ALL=C sort)"
}

# The system's own program for shared processes, with a DLL of services; two of a group are in one process.
test_shared_process_of_a_dll() {
  vm=shared; vm shared
  cp "$guests/dll_svc_group.dll" "$scratch/"
  local name command='C:\windows\system32\svchost.exe -k PlumeShared'
  for name in PlumeOne PlumeTwo; do
    in_vm sc create $name type= share binPath= "$command"
    set_value "$services\\$name\\Parameters" ServiceDll REG_EXPAND_SZ "$scratch_win\\dll_svc_group.dll"
  done
  set_value 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\Svchost' PlumeShared REG_MULTI_SZ 'PlumeOne\0PlumeTwo'
  for name in PlumeOne PlumeTwo; do
    expect 0 plume service shared start $name
    wait_for 60 is $name running
  done
  same 'processes' 1 "$(plume logs shared | grep -c 'process [0-9]*: .*svchost.exe -k PlumeShared')"
  # One ends, the other stays; it can come back into the same process; when both have, the process goes.
  expect 0 plume service shared stop PlumeOne
  wait_for 60 is PlumeOne stopped
  is PlumeTwo running || die 'the other stopped, too'
  expect 0 plume service shared start PlumeOne
  wait_for 60 is PlumeOne running
  same 'processes' 1 "$(plume logs shared | grep -c 'process [0-9]*: .*svchost.exe -k PlumeShared')"
  # Both are gone when it is killed, and each starts again.
  in_vm taskkill /f /im svchost.exe
  wait_for 60 is PlumeOne stopped
  wait_for 60 is PlumeTwo stopped
  expect 0 plume service shared start PlumeTwo
  wait_for 60 is PlumeTwo running
}

test_program_that_becomes_no_service() {
  vm=mute; vm mute
  service Mute mute --
  service Good --
  set_value "$control" ServicesPipeTimeout REG_DWORD 2000
  same 'one that is mute' 1053 "$(start_error Mute)"
  wait_for 60 is Mute stopped
  gone() { [[ $(plume logs mute) == *'process '*'ended with 1053 before it became a service: '*' Mute '* ]]; }
  wait_for 60 gone
  # Two in one process: one keeps the dispatcher, so that the other's start is not taken. Only that one has failed.
  service Stuck stuck -- type= share
  in_vm sc create Second type= share binPath= "$scratch_win\\tool_svc_end.exe Stuck $scratch_win\\notes.txt stuck"
  set_value "$control" ServicesPipeTimeout REG_DWORD 60000
  expect 0 plume service mute start Stuck
  expect 0 plume service mute start Good
  wait_for 60 is Stuck running
  plume exec mute sc stop Stuck >/dev/null 2>&1 </dev/null &
  told() { notes | grep -q 'Stuck stop'; }
  wait_for 60 told
  set_value "$control" ServicesPipeTimeout REG_DWORD 2000
  same 'one whose start is not taken' 1053 "$(start_error Second)"
  is Second stopped && is Stuck running && is Good running || die "$(plume service mute ls)"
  plume rm -f mute >/dev/null # and with it who waits for the answer
  wait
}

test_deleted_while_it_runs() {
  local name
  vm=gone; vm gone
  service Doomed --
  service Doomed2 --
  for name in Doomed Doomed2; do
    expect 0 plume service gone start $name
    in_vm sc delete $name
    same 'the start of one that is to be deleted' 1072 "$(start_error $name)"
  done
  # One goes with its end, the other with the VM's, which it does not see.
  expect 0 plume service gone stop Doomed
  missing() { ! plume exec gone reg query "$services\\$1" >/dev/null 2>&1 </dev/null; }
  wait_for 60 missing Doomed
  ! missing Doomed2 || die 'the other is gone already'
  expect 0 plume stop -t 0 gone
  expect 0 plume start gone
  wait_for 60 missing Doomed2
  service Doomed2 --
  expect 0 plume service gone start Doomed2
}

# rough WHAT ROUNDS: see tool_svc_rough.c.
rough() {
  vm=rough; vm rough
  expect 0 plume exec rough "$guests/tool_svc_rough.exe" "$1" "$2"
  contains "$out" 'failures 0'
}

test_service_that_lies_to_the_manager() { rough lies 40; }
test_service_that_is_killed_at_any_moment() { rough kills 40; }

# By hand with more of them: PLUME_TEST_SERVICES=1000 PLUME_TEST_STARTS=100 PLUME_TEST_TIMES=FILE tests/system/run -k many_services
# writes what it took into the file.
test_many_services() {
  local services=${PLUME_TEST_SERVICES:-200}
  vm=many; vm many
  expect 0 plume exec many "$guests/tool_svc_many.exe" "$services" "${PLUME_TEST_STARTS:-25}"
  [ -z "${PLUME_TEST_TIMES-}" ] || printf '%s\n' "$out" >"$PLUME_TEST_TIMES"
  contains "$out" "listed $services"
  contains "$out" 'listed 0, failures 0'
}
