# The VM's own services, by the system's own tools and by `plume service`.

vm() { plume create "$1" >/dev/null && plume start "$1" >/dev/null || die 'no VM'; }

test_service_of_the_host_runs_in_the_vm() {
  # The host's spooler is a service of its own process: the VM sees it stopped, and starts its own.
  vm host
  expect 0 plume service host status Spooler; contains "$out" stopped
  expect 0 plume service host start Spooler
  expect 0 plume service host status --format json Spooler; contains "$out" '"state": "running"'
  expect 0 plume exec host sc query Spooler; contains "$out" RUNNING
  # Management instrumentation, as `wmic service` asks it: Wine 8's wmic has neither that short name nor conditions.
  plume exec host wmic path Win32_Service get Name,State </dev/null 2>/dev/null | tr -d '\0\r' >"$scratch/services"
  grep -Eq '^Spooler +Running' "$scratch/services" || die "$(cat "$scratch/services")"
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
  # Wine's sc hands over the list as it got it: one name with a slash, and no second end.
  expect 0 plume exec s1 sc create PlumeNeeds binPath= 'C:\windows\system32\spoolsv.exe' depend= PlumeTest/Spooler
  expect 0 plume exec s1 sc delete PlumeNeeds
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

# runs SERVICE COUNT: it runs in the VM `fails`, and has been started so often.
runs() {
  [[ $(plume service fails status "$1") == *running* ]] && [ "$(plume logs fails | grep -c "service $1: running")" -eq "$2" ]
}
crash() { plume exec fails taskkill /f /im svc_own.exe >/dev/null 2>&1; }
failed_times() { [[ $(plume logs fails) == *"service $1: failed, time $2:"* ]]; }

# sc failure: two restarts, then a command with the number of failures; and nothing for a service that stops.
test_failure_actions() {
  vm fails
  cp "$guests/svc_own.exe" "$scratch/"
  expect 0 plume exec fails sc create Falls binPath= "$scratch_win\\svc_own.exe service Falls"
  expect 0 plume exec fails sc failure Falls reset= 3600 actions= restart/0/restart/300/run/0 command= "cmd /c >$scratch_win\\failed.txt echo failed %1%"
  expect 0 plume exec fails sc start Falls
  wait_for 60 runs Falls 1
  crash; wait_for 60 runs Falls 2
  crash; wait_for 60 runs Falls 3
  crash; wait_for 60 plume exec fails cmd /c "type $scratch_win\\failed.txt"
  expect 0 plume exec fails cmd /c "type $scratch_win\\failed.txt"; contains "$out" 'failed 3'
  [ ! -e "$scratch/failed.txt" ] || die 'the command ran on the host'
  expect 0 plume service fails status Falls; contains "$out" stopped

  # One that says that it has stopped has not failed, unless its configuration says that an error counts.
  expect 0 plume exec fails sc start Falls
  wait_for 60 runs Falls 4
  expect 0 plume service fails stop Falls
  expect 0 plume exec fails sc start Falls fail
  wait_for 60 bash -c 'plume logs fails | grep -q "service Falls: stopped, Win32 error 1066, service.s own 42"'
  expect 0 plume exec fails reg add 'HKLM\System\CurrentControlSet\Services\Falls' /v FailureActionsOnNonCrashFailures /t REG_DWORD /d 1
  ! failed_times Falls 4 || die 'a service that stops has failed'
  expect 0 plume exec fails sc start Falls fail
  wait_for 60 failed_times Falls 4
}

# The host's own machine goes on when a service's failure is to restart it: the VM ends.
test_failure_that_restarts_the_machine() {
  vm fails
  cp "$guests/svc_own.exe" "$scratch/"
  expect 0 plume exec fails sc create Falls binPath= "$scratch_win\\svc_own.exe service Falls"
  expect 0 plume exec fails reg add 'HKLM\System\CurrentControlSet\Services\Falls' /v FailureActions /t REG_BINARY \
    /d 00000000000000000000000001000000140000000200000000000000
  expect 0 plume exec fails sc start Falls
  wait_for 60 runs Falls 1
  crash
  is_stopped() { [ "$(member fails state)" = stopped ]; }
  wait_for 60 is_stopped
}
