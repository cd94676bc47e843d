# The service functions answer as documented. Natively, parity leaves out the lines in which Wine does not: here
# all that a VM answers is compared with what the documentation says it is.

test_service_functions_answer_as_documented() {
  plume run --rm --name calls "$guests/svc_calls.exe" </dev/null | tr -d '\r' | sed 's/^differs: //' >"$scratch/said"
  diff -u "$root/tests/system/svc_calls.expected" "$scratch/said" || die 'the service functions answer otherwise'
}
