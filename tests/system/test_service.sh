# The VM's own services, by the system's own tools and by `plume service`.

vm() { plume create "$1" >/dev/null && plume start "$1" >/dev/null || die 'no VM'; }

test_service_of_the_host_runs_in_the_vm() {
  # The host's spooler is a service of its own process: the VM sees it stopped, and starts its own.
  vm host
  expect 0 plume service host status Spooler; contains "$out" stopped
  expect 0 plume service host start Spooler
  expect 0 plume service host status --format json Spooler; contains "$out" '"state": "running"'
  expect 0 plume exec host sc query Spooler; contains "$out" RUNNING
  expect 0 plume service host stop Spooler
  expect 0 plume service host status Spooler; contains "$out" stopped
}

test_service_errors() {
  vm err
  refused plume service err start NoSuchService -- "plume: cannot open the service 'NoSuchService': *Win32 error 1060)"
  refused plume service err stop Spooler -- "plume: cannot stop the service 'Spooler': *Win32 error 1062)"
  expect 0 plume service err start Spooler
  refused plume service err start Spooler -- "plume: cannot start the service 'Spooler': *Win32 error 1056)"
  expect 0 plume service err ls; contains "$out" Spooler
  expect 0 plume service err ls --format json; contains "$out" '"name": "Spooler"'
}

test_created_service_is_the_vms_alone() {
  vm s1; vm s2
  expect 0 plume exec s1 sc create PlumeTest binPath= 'C:\windows\system32\spoolsv.exe'
  expect 0 plume exec s1 sc query PlumeTest; contains "$out" STOPPED
  refused plume service s2 status PlumeTest -- '*Win32 error 1060)'
  run "$wine" sc query PlumeTest
  [ "$status" -ne 0 ] || die 'the host has it too'
  expect 0 plume exec s1 sc delete PlumeTest
  refused plume service s1 status PlumeTest -- '*Win32 error 1060)'
}
