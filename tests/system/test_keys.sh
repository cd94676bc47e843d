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
