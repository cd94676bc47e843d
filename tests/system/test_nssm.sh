# nssm, unmodified: it makes a service of any program. Services of the same name on the host and in two VMs at once.

# in_place PLACE COMMAND...: there, where it is `host` or a VM.
in_place() {
  local place=$1
  shift
  if [ "$place" = host ]; then "$wine" "$@"; else plume exec "$place" "$@"; fi 2>&1 </dev/null | tr -d '\r\0'
}

nssm() { in_place "$1" "$scratch_win\\nssm.exe" "${@:2}"; }
state() { in_place "$1" sc query Watched | sed -n 's/.*STATE *: [0-9]* *\([A-Z_]*\).*/\1/p'; }
is() { [ "$(state "$1")" = "$2" ]; }
# How often the program has been started there, by what it has noted.
runs() { [ "$(in_place "$1" cmd /c type "$scratch_win\\notes.txt" | grep -c mute)" -eq "$2" ]; }

leave_the_host() {
  in_place host sc stop Watched
  in_place host sc delete Watched
  in_place host reg delete 'HKLM\System\CurrentControlSet\Services\EventLog\Application\nssm' /f
} >/dev/null 2>&1

test_nssm_on_the_host_and_in_two_vms() {
  local place
  fetched nssm 0.1.1 e2a8049e3fda444a533e23bc8340f2e52b1e40afb9f52fc755d6b95bea82b3c0 examples/nssm.exe
  cp "$guests/tool_svc_end.exe" "$scratch/"
  for place in a b; do plume create $place >/dev/null && plume start $place >/dev/null || die 'no VM'; done
  trap leave_the_host EXIT
  for place in a b host; do
    nssm $place install Watched "$scratch_win\\tool_svc_end.exe" Watched "$scratch_win\\notes.txt" mute
    nssm $place set Watched AppThrottle 0
  done
  contains "$(nssm a get Watched AppParameters)" mute
  for place in a b host; do nssm $place start Watched; done
  for place in a b host; do
    wait_for 60 is $place RUNNING
    wait_for 60 runs $place 1
  done
  contains "$(nssm b status Watched)" SERVICE_RUNNING
  # The program of one is killed: it is started again there, and nothing else is.
  in_place a taskkill /f /im tool_svc_end.exe
  wait_for 60 runs a 2
  is a RUNNING || die 'the service has ended'
  runs b 1 || die 'the other VM'
  runs host 1 || die 'the host'
  # What watches it is killed: the service has failed, in this VM.
  in_place b taskkill /f /im nssm.exe
  wait_for 60 is b STOPPED
  is a RUNNING && is host RUNNING || die 'too many have stopped'
  nssm a stop Watched
  wait_for 60 is a STOPPED
  nssm host stop Watched
  wait_for 60 is host STOPPED
  for place in a b host; do
    nssm $place remove Watched confirm
    wait_for 60 is $place ''
  done
}
