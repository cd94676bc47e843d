# The ways of older Windows, forced on.

test_older_windows_is_emulated() {
  local guest native
  export PLUME_EMULATE_NT=5.2
  for guest in early_dll obj_named pipe_named net_lists net_tables; do
    run "$wine" "$guests/$guest.exe"
    native=$(grep -v '^differs:' <<<"$out")-$status
    run plume run --rm --name older "$guests/$guest.exe"
    same "$guest" "$native" "$(grep -v '^differs:' <<<"$out")-$status"
  done
  # The service functions of a DLL that is loaded late are the VM's all the same.
  expect 0 plume create older; expect 0 plume start older
  expect 0 plume service older start Spooler
  expect 0 plume exec older sc query Spooler; contains "$out" RUNNING
  expect 0 plume exec older sc create PlumeOlder binPath= 'C:\windows\system32\spoolsv.exe'
  run "$wine" sc query PlumeOlder
  [ "$status" -ne 0 ] || die 'the host has it too'
}

test_older_windows_has_a_known_number() {
  export PLUME_EMULATE_NT=5.1
  refused plume run --rm --name older cmd.exe /c exit -- '*PLUME_EMULATE_NT*'
}
