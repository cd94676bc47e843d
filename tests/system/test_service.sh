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

test_stop_ends_a_service_that_hangs() {
  # A service that does not stop when it is told holds up neither the VM's end nor the next start.
  vm hung
  cp "$guests/svc_own.exe" "$scratch/"
  expect 0 plume exec hung sc create Deaf binPath= "$scratch_win\\svc_own.exe service Deaf"
  expect 0 plume exec hung sc start Deaf deaf
  wait_for 20 bash -c 'plume service hung status Deaf | grep -q running'
  local begin=$SECONDS
  expect 0 plume stop -t 2 hung
  [ $((SECONDS - begin)) -le 10 ] || die "it took $((SECONDS - begin)) s"
  contains "$err" "plume: the service 'Deaf' of the VM 'hung' had not stopped after 2 s and was ended"
  same 'state' stopped "$(member hung state)"
  expect 0 plume start hung
  expect 0 plume service hung status Deaf; contains "$out" stopped
}

# Many threads make, start, query, stop and delete services while others list them, in two VMs at once. Not a
# parity test: Wine 8's own manager may answer that a service of the round before is still marked for deletion.
test_services_under_stress() {
  local name pids=()
  vm s1; vm s2
  for name in s1 s2; do
    plume exec "$name" "$guests/tool_svc_stress.exe" >"$scratch/$name" 2>&1 </dev/null &
    pids+=($!)
  done
  for name in 0 1; do wait "${pids[$name]}" || { cat "$scratch"/s?; die 'it failed'; }; done
  contains "$(cat "$scratch/s1")" 'failures 0'
  contains "$(cat "$scratch/s2")" 'failures 0'
}
