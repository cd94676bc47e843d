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

test_many_keys_are_deleted_one_by_one() {
  local tool=$guests/tool_keys.exe start=$SECONDS
  "$wine" "$tool" setup 10000 2>/dev/null || die 'setup'
  expect 0 plume run --rm --name many "$tool" delete
  same 'in the VM' 'deleted 10000' "$out"
  [ $((SECONDS - start)) -lt 120 ] || die "it took $((SECONDS - start)) s"
  same 'on the host' 'deleted 10000' "$("$wine" "$tool" delete 2>/dev/null | tr -d '\r')"
  "$wine" "$tool" cleanup 2>/dev/null
}
