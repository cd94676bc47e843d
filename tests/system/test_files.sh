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

# over_the_host GUEST: the guest does the same to a folder that it has prepared on the host, natively and in a VM:
# the same comes out, and the host's folder stays.
over_the_host() {
  local guest=$guests/$1.exe
  state() { (cd "$scratch/low" && find . -printf '%y %m %s %p\n' | sort && find . -type f -print0 | sort -z | xargs -0 md5sum); }
  "$wine" "$guest" prepare "$scratch_win\\low" 2>/dev/null
  "$wine" "$guest" run "$scratch_win\\low" 2>/dev/null | tr -d '\r' >"$scratch/native"
  rm -rf "$scratch/low"
  "$wine" "$guest" prepare "$scratch_win\\low" 2>/dev/null
  state >"$scratch/before"
  plume run --rm "$guest" run "$scratch_win\\low" 2>&1 | tr -d '\r' >"$scratch/vm"
  state >"$scratch/after"
  diff -u --label before --label after "$scratch/before" "$scratch/after" || die 'the host is not as it was'
  diff -u --label native --label vm "$scratch/native" "$scratch/vm" || die 'the VM answers otherwise'
  [ "$(wc -l <"$scratch/vm")" -gt 15 ] || die 'the guest did not do its work'
}

test_rename_over_the_host() { over_the_host file_rename; }
test_handles_from_others_over_the_host() { over_the_host file_handed; }
