# Files that the host has: a VM changes them all, sees what it would see natively, and the host keeps its own.

test_files_of_the_host() {
  local ops=$guests/file_ops.exe
  "$wine" "$ops" prepare 2>/dev/null
  "$wine" "$ops" 2>/dev/null | tr -d '\r' >"$scratch/../native"
  "$wine" "$ops" prepare 2>/dev/null
  "$wine" "$ops" check >"$scratch/../before" 2>/dev/null
  plume run --rm "$ops" 2>&1 | tr -d '\r' >"$scratch/../vm"
  "$wine" "$ops" check >"$scratch/../after" 2>/dev/null
  local failed=0
  diff -u --label before --label after "$scratch/../before" "$scratch/../after" || { echo 'the host is not as it was'; failed=1; }
  diff -u --label native --label vm "$scratch/../native" "$scratch/../vm" || { echo 'the VM answers otherwise'; failed=1; }
  grep -q 'only read' "$scratch/../before" || { echo 'nothing was prepared'; failed=1; }
  rm -f "$scratch/../"{native,vm,before,after}
  return $failed
}
