# Folders of the host: listed, watched and named in a VM that changes them, each guest says what it says
# natively, and the host keeps its own.

# same_over_the_host GUEST: it prepares what the host has, runs natively, and runs in a VM over the same.
same_over_the_host() {
  local guest=$guests/$1.exe failed=0
  "$wine" "$guest" prepare 2>/dev/null
  "$wine" "$guest" 2>/dev/null | tr -d '\r' | grep -v '^differs:' >"$scratch/../native"
  "$wine" "$guest" prepare 2>/dev/null
  find . | sort >"$scratch/../before"
  find . -type f -exec md5sum {} + | sort >>"$scratch/../before"
  plume run --rm "$guest" 2>&1 | tr -d '\r' | grep -v '^differs:' >"$scratch/../vm"
  find . | sort >"$scratch/../after"
  find . -type f -exec md5sum {} + | sort >>"$scratch/../after"
  diff -u --label before --label after "$scratch/../before" "$scratch/../after" || { echo 'the host is not as it was'; failed=1; }
  diff -u --label native --label vm "$scratch/../native" "$scratch/../vm" || { echo 'the VM answers otherwise'; failed=1; }
  [ "$(wc -l <"$scratch/../native")" -gt 20 ] && [ "$(wc -l <"$scratch/../before")" -gt 2 ] ||
    { echo 'nothing was prepared, or nothing said'; failed=1; }
  rm -f "$scratch/../"{native,vm,before,after}
  return $failed
}

test_listing_over_the_host() { same_over_the_host dir_list; }
test_names_over_the_host() { same_over_the_host name_back; }
test_watching_over_the_host() { same_over_the_host dir_watch; }
