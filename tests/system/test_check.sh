# `plume check`: whether a service can run in several VMs at once.
# shellcheck shell=bash

# What is made on the host for it goes, whatever happens.
host_service() {
  trap 'run "$wine" sc stop "$1"; "$wine" sc delete '"$1"' >/dev/null 2>&1' EXIT
  run "$wine" sc create "$1" binPath= "$2"
  [ "$status" -eq 0 ] || { show; die 'no service'; }
}

no_vms_left() { same 'VMs that are left' '' "$(plume ps -a -q | tr -d '\r')"; }

test_check_of_a_good_service() {
  expect 0 plume check Spooler
  contains "$out" 'Spooler: runs in several VMs at once; nothing interferes'
  [[ $out != *FAILED* ]] || { show; die 'a step failed'; }
  no_vms_left
  expect 0 plume check --format json Spooler
  python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["service"] == "Spooler" and not report["interferes"], report
assert len(report["steps"]) == 13 and all(s["ok"] for s in report["steps"]), report
assert len(report["traces"]) == 2 and all(t["names"] and not t["lost"] for t in report["traces"]), report
' "$scratch/out" || die 'it is not what it has to be'
}

test_check_of_a_service_that_is_refused() {
  cp "$guests/tool_trace.exe" "$scratch/"
  host_service PlumeAsks "$scratch_win\\tool_trace.exe service PlumeAsks refused"
  expect 1 plume check PlumeAsks
  contains "$out" 'NtLoadDriver: machine'
  contains "$out" 'was refused calls'
  no_vms_left
}

test_check_of_a_service_that_fails() {
  cp "$guests/tool_trace.exe" "$scratch/"
  host_service PlumeFails "$scratch_win\\tool_trace.exe service PlumeFails fails"
  expect 1 plume check PlumeFails
  contains "$out" FAILED
  contains "$out" 'the service ended while it started'
  contains "$out" 'refused: NtLoadDriver: machine'
  contains "$out" 'INTERFERES'
  no_vms_left
}

test_check_bad_input() {
  refused plume check -- 'plume check: an operand is missing; *'
  refused plume check NoSuchService -- "plume: cannot check 'NoSuchService': *Win32 error 1060)"
  no_vms_left
}
