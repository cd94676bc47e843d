# Keys that the host has: a VM changes them all, sees what it would see natively, keeps it when it is
# stopped, and the host keeps its own.

reg_of_host() { "$wine" reg query 'HKCU\Software\PlumeTest' /s 2>/dev/null | tr -d '\r'; }
reg_of_vm() { plume exec keys reg query 'HKCU\Software\PlumeTest' /s 2>/dev/null | tr -d '\r'; }

test_keys_of_the_host() {
  local guest=$guests/reg_nt.exe before after native vm view
  "$wine" "$guest" setup 2>/dev/null || die 'setup'
  before=$(reg_of_host)
  contains "$before" 'host long value'
  expect 0 plume create keys
  expect 0 plume start keys
  expect 0 plume exec keys "$guest" work
  vm=$out
  after=$(reg_of_host)
  same "the host's keys" "$before" "$after"
  view=$(reg_of_vm)
  expect 0 plume stop keys
  expect 0 plume start keys
  same 'the keys of the VM when it is started again' "$view" "$(reg_of_vm)"
  expect 0 plume rm -f keys
  native=$("$wine" "$guest" work 2>/dev/null | tr -d '\r')
  after=$(reg_of_host)
  "$wine" "$guest" cleanup 2>/dev/null
  diff -u --label native --label vm <(echo "$native") <(echo "$vm") || die 'the VM answers otherwise'
  same 'what is left, natively and in the VM' "$after" "$view"
}

# What a program in the VM sets is the VM's, also where it says what the host says: an installer's value must not go
# because the host removes its own.
test_value_set_to_what_the_host_has() {
  local key='HKCU\Software\PlumeTest same' name
  for name in deleted changed left; do
    "$wine" reg add "$key" /v $name /d as-the-host /f >/dev/null 2>&1 || die "reg add $name"
  done
  expect 0 plume create same
  expect 0 plume start same
  for name in deleted changed; do expect 0 plume exec same reg add "$key" /v $name /d as-the-host /f; done
  "$wine" reg delete "$key" /v deleted /f >/dev/null 2>&1 || die 'reg delete'
  "$wine" reg add "$key" /v changed /d otherwise /f >/dev/null 2>&1 || die 'reg add'
  "$wine" reg add "$key" /v left /d otherwise /f >/dev/null 2>&1 || die 'reg add'
  expect 0 plume exec same reg query "$key"
  "$wine" reg delete "$key" /f >/dev/null 2>&1 || die 'reg delete of the key'
  [[ $out =~ deleted\ +REG_SZ\ +as-the-host ]] || die "deleted on the host: $out"
  [[ $out =~ changed\ +REG_SZ\ +as-the-host ]] || die "changed on the host: $out"
  [[ $out =~ left\ +REG_SZ\ +otherwise ]] || die "left to the host: $out"
  expect 0 plume rm -f same
}

# A stream of random operations over keys of the host's: in a VM as natively, and the host keeps its own. By hand:
#   PLUME_SEED='1 2 3' PLUME_COUNT=100000 tests/system/run -k random_keys
test_random_keys() {
  local guest=$guests/random_keys.exe seed count=${PLUME_COUNT:-25000} before
  for seed in ${PLUME_SEED:-10 5 1969 42}; do
    "$wine" "$guest" cleanup 2>/dev/null
    "$wine" "$guest" setup 2>/dev/null || die 'setup'
    before=$("$wine" reg query 'HKCU\Software\PlumeRandom' /s 2>/dev/null)
    sleep 1.1 # keys are told apart by whether the stream wrote them
    plume run --rm --name random "$guest" work "$seed" "$count" 2>&1 | tr -d '\r' >vm.txt
    same "the host's keys, seed $seed" "$before" "$("$wine" reg query 'HKCU\Software\PlumeRandom' /s 2>/dev/null)"
    "$wine" "$guest" work "$seed" "$count" 2>/dev/null | tr -d '\r' >native.txt
    [ "$(wc -l <native.txt)" -gt "$count" ] || die "the stream ended early: $(tail -n 1 native.txt)"
    diff -u native.txt vm.txt >difference.txt || { head -n 40 difference.txt; die "seed $seed differs"; }
  done
  "$wine" "$guest" cleanup 2>/dev/null
}

# Programs that change keys are ended in the middle; 10,000 keys are deleted one by one, each found anew.
test_keys_are_whole_when_programs_are_killed() {
  local tool=$guests/tool_keys.exe
  "$wine" "$tool" setup 100 2>/dev/null || die 'setup'
  expect 0 plume create kill
  expect 0 plume start kill
  expect 0 plume exec kill "$tool" kill 252
  same 'after kills' 'killed 252, inconsistent 0' "$out"
  expect 0 plume stop kill
  expect 0 plume start kill
  expect 0 plume exec kill "$tool" check
  same 'when it is started again' 'consistent' "$out"
  same "the host's" 'consistent' "$("$wine" "$tool" check 2>/dev/null | tr -d '\r')"
  "$wine" "$tool" cleanup 2>/dev/null
}

# What a VM makes as a volatile key is gone when it has been stopped.
test_volatile_keys_end_with_the_vm() {
  local guest=$guests/reg_volatile.exe
  expect 0 plume create fleeting
  expect 0 plume start fleeting
  expect 0 plume exec fleeting "$guest" make
  expect 0 plume exec fleeting "$guest" look
  same 'made' $'look: 0\nlook: 0\nlook: 0\nhardware: 0' "$out"
  expect 0 plume stop fleeting
  expect 0 plume start fleeting
  expect 0 plume exec fleeting "$guest" look
  same 'when it is started again' $'look: 0\nlook: 2\nlook: 2\nhardware: 2' "$out"
}

# key_processes: the ids of this prefix's processes that tool_keys was started as by the VM.
key_processes() {
  local id
  for id in $(pgrep -f 'tool_keys\.exe.? (work|save) '); do
    if tr '\0' ' ' <"/proc/$id/cmdline" | grep -q 'plume\.exe\|bash'; then continue; fi
    if grep -qzFx "WINEPREFIX=$WINEPREFIX" "/proc/$id/environ"; then echo "$id"; fi
  done 2>/dev/null
}

# Killed from outside, at any instruction: with some of them the VM's place holds what they tried things on, until
# the VM starts again.
test_keys_are_whole_after_kills_from_outside() {
  local tool=$guests/tool_keys.exe round ids id killed=0 left most=0
  all_there() { mapfile -t ids < <(key_processes); [ ${#ids[@]} -eq 10 ]; }
  scratch_keys() { "$wine" reg query 'HKCU\Software\Plume\vms' /s 2>/dev/null | grep -c 'scratch-[0-9a-f]*.$' || true; }
  "$wine" "$tool" setup 1 2>/dev/null || die 'setup'
  expect 0 plume create outside
  for round in 1 2 3 4 5 6; do
    [ $((round % 3)) -ne 1 ] || expect 0 plume start outside
    plume exec outside "$tool" start "$scratch_win" >/dev/null 2>&1 &
    wait_for 30 all_there
    sleep 0.3
    for id in "${ids[@]}"; do
      kill -KILL "$id" || die 'a program had ended'
      killed=$((killed + 1))
      sleep "0.0$(printf %02d $((RANDOM % 15)))"
    done
    wait
    expect 0 plume exec outside "$tool" check
    same "after round $round" 'consistent' "$out"
    left=$(scratch_keys)
    [ "$left" -le "$most" ] || most=$left
    [ $((round % 3)) -ne 0 ] || expect 0 plume stop outside
  done
  expect 0 plume start outside
  same 'what is left over' 0 "$(scratch_keys)"
  expect 0 plume exec outside "$tool" check
  same 'in the end' 'consistent' "$out"
  same "the host's" 'consistent' "$("$wine" "$tool" check 2>/dev/null | tr -d '\r')"
  "$wine" "$tool" cleanup 2>/dev/null
  echo "$killed killed, at most $most keys left over for the next start"
  [ "$most" -gt 0 ] || die 'no killed program left anything: the test shows nothing'
}

test_many_keys_are_deleted_one_by_one() {
  local tool=$guests/tool_keys.exe start=$SECONDS
  "$wine" "$tool" setup 10000 2>/dev/null || die 'setup'
  expect 0 plume run --rm --name many "$tool" delete
  same 'in the VM' 'deleted 10000' "$out"
  [ $((SECONDS - start)) -lt 120 ] || die "it took $((SECONDS - start)) s"
  same 'on the host' 'deleted 10000' "$("$wine" "$tool" delete 2>/dev/null | tr -d '\r')"
  "$wine" "$tool" cleanup 2>/dev/null
}

test_rare_calls_on_keys_of_the_host() {
  local guest=$guests/reg_rare.exe before
  "$wine" "$guest" setup 2>/dev/null || die 'setup'
  before=$("$wine" reg query 'HKCU\Software\PlumeRare' /s 2>/dev/null)
  plume run --rm --name rare "$guest" work 2>&1 | tr -d '\r' >vm.txt
  same "the host's keys" "$before" "$("$wine" reg query 'HKCU\Software\PlumeRare' /s 2>/dev/null)"
  "$wine" "$guest" work 2>/dev/null | tr -d '\r' >native.txt
  "$wine" "$guest" cleanup 2>/dev/null
  diff -u native.txt vm.txt || die 'the VM answers otherwise'
}

# What people use: the system's own reg and regedit, over the same keys of the host's.
registry_tools() { # registry_tools COMMAND...: says what each tool answers; works on PlumeTools, which the host has
  local key='HKCU\Software\PlumeTools'
  "$@" reg query "$key" /s
  "$@" reg add "$key\\new" /v text /t REG_SZ /d words /f
  "$@" reg add "$key" /v number /t REG_DWORD /d 7 /f
  "$@" reg add "$key\\host" /ve /d default /f
  "$@" reg delete "$key\\host" /v gone /f
  "$@" reg delete "$key\\away" /f
  "$@" reg delete "$key\\away" /f
  "$@" reg query "$key" /v number
  "$@" reg query "$key" /v nothing
  "$@" reg copy "$key\\host" "$key\\copy" /s /f
  "$@" reg compare "$key\\host" "$key\\copy" /s
  "$@" reg export "$key" 'C:\test\exported.reg' /y
  "$@" reg delete "$key" /f
  "$@" reg query "$key"
  "$@" reg import 'C:\test\exported.reg'
  "$@" regedit /e 'C:\test\edited.reg' 'HKEY_CURRENT_USER\Software\PlumeTools'
  "$@" reg delete "$key\\host" /va /f
  "$@" regedit /s 'C:\test\edited.reg'
  "$@" reg query "$key" /s
  "$@" cmd /c type 'C:\test\exported.reg'
  "$@" cmd /c type 'C:\test\edited.reg'
}

test_reg_and_regedit() {
  local key='HKCU\Software\PlumeTools' before
  "$wine" reg add "$key\\host\\below" /v gone /d x /f >/dev/null 2>&1
  "$wine" reg add "$key\\host" /v gone /d y /f >/dev/null 2>&1
  "$wine" reg add "$key\\host" /v binary /t REG_BINARY /d 00ff10 /f >/dev/null 2>&1
  "$wine" reg add "$key\\away\\below" /v lost /d z /f >/dev/null 2>&1
  before=$("$wine" reg query "$key" /s 2>/dev/null)
  contains "$before" 'lost'
  expect 0 plume create tools
  expect 0 plume start tools
  registry_tools plume exec tools 2>&1 | tr -d '\r\000' >vm.txt
  same "the host's keys" "$before" "$("$wine" reg query "$key" /s 2>/dev/null)"
  [ ! -e "$scratch/exported.reg" ] || die 'a file came out of the VM'
  registry_tools "$wine" 2>&1 | tr -d '\r\000' >native.txt
  "$wine" reg delete "$key" /f >/dev/null 2>&1
  contains "$(cat native.txt)" 'words'
  diff -u native.txt vm.txt || die 'the tools answer otherwise in the VM'
}
