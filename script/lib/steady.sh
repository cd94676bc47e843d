# Sourced by what runs Wine for long.
# shellcheck shell=bash

# steady "$@": starts the script anew without randomised addresses, if that is allowed here. Debian's wine64 lies at
# 0x7d000000; from Linux 5.18 on its heap begins anywhere in the gigabyte behind, and in one process of some 8,000
# it covers 0x7ffe0000, where Windows has the page that it shares with all. Such a process ends before it begins
# ("failed to map the shared user data"), and CreateProcess fails with error 1359.
steady() {
  local personality=
  read -r personality </proc/self/personality 2>/dev/null || true
  [[ $personality != ???4???? ]] || return 0
  if setarch -R true 2>/dev/null; then exec setarch -R "${self:-$0}" "$@"; fi
}
