# The service functions answer as documented. Natively, parity leaves out the lines in which Wine does not: here
# all that a VM answers is compared with what the documentation says it is.

test_service_functions_answer_as_documented() {
  plume run --rm --name calls "$guests/svc_calls.exe" </dev/null | tr -d '\r' | sed 's/^differs: //' >"$scratch/said"
  diff -u "$root/tests/system/svc_calls.expected" "$scratch/said" || die 'the service functions answer otherwise'
}

# Those that Wine does not have, or as stubs that end the program: in a VM only.
test_newer_service_functions_answer_as_documented() {
  plume create newer >/dev/null && plume start newer >/dev/null || die 'no VM'
  plume exec newer "$guests/tool_svc_newer.exe" </dev/null | tr -d '\r' >"$scratch/said"
  plume logs newer --service PlumeNewer | tr -d '\r' | head -n 8 >>"$scratch/said"
  diff -u "$root/tests/system/svc_newer.expected" "$scratch/said" || die 'the newer service functions answer otherwise'
  contains "$(plume logs newer)" 'service PlumeNewer: told to stop, reason 20400100: in ANSI'
}
