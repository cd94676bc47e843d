# Guests on files that the host has: what a VM answers is what the host answers natively, and the host keeps its own.

test_file_copies() {
  local guest failed=0
  for guest in file_share file_view file_section file_dispositions file_options file_copyup; do
    local exe=$guests/$guest.exe out=$scratch/../$guest
    rm -rf "$scratch"/*
    "$wine" "$exe" prepare 2>/dev/null
    "$wine" "$exe" 2>/dev/null | tr -d '\r' | grep -v '^differs:' >"$out.native"
    rm -rf "$scratch"/*
    "$wine" "$exe" prepare 2>/dev/null
    "$wine" "$exe" check 2>/dev/null | grep -v '^differs:' >"$out.before"
    plume run --rm "$exe" 2>&1 | tr -d '\r' | grep -v '^differs:' >"$out.vm"
    "$wine" "$exe" check 2>/dev/null | grep -v '^differs:' >"$out.after"
    [ -s "$out.before" ] || { echo "$guest: nothing was prepared"; failed=1; }
    diff -u --label before --label after "$out.before" "$out.after" || { echo "$guest: the host is not as it was"; failed=1; }
    diff -u --label native --label vm "$out.native" "$out.vm" || { echo "$guest: the VM answers otherwise"; failed=1; }
    rm -f "$out".{native,vm,before,after}
  done
  return $failed
}
