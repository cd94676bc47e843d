# Sourced by the scripts: where the tree is, how they speak, how packages come in.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
self=$(cd "$(dirname "$0")" && pwd)/${0##*/}
cd "$root" || exit 1
# shellcheck source=script/lib/steady.sh
. script/lib/steady.sh

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# need_packages PACKAGE...: installs those of them that are not installed. Quick when all are.
need_packages() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ -e /etc/debian_version ] || die "missing: ${missing[*]} (these are Debian's names; install them by hand)"
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "missing packages, and this is not root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing: ${missing[*]}"
  local log; log=$(mktemp)
  if ! { "${sudo[@]}" apt-get update -qq &&
         "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
       } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2; rm -f "$log"
    die "apt-get could not install ${missing[*]}"
  fi
  rm -f "$log"
}

build_packages=(gcc libc6-dev cmake ninja-build gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 mingw-w64-tools
                libcmocka-dev libjsmn-dev)
# `wine` is the command, wine64 the loader; without them everything can be built, but nothing run.
wine_packages=(wine wine64 procps)
test_packages=(python3) # reads JSON

# wine_loader: Wine's 64-bit loader, past Debian's `wine`, which speaks on standard error. To be asked for when
# it is installed.
wine_loader() {
  if [ -x /usr/lib/wine/wine64 ]; then echo /usr/lib/wine/wine64; else command -v wine64 || command -v wine; fi
}

# seconds_since START: with one digit, where START is a value of now().
now() { date +%s.%N; }
seconds_since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
