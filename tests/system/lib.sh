# What the system tests share. Each test_*.sh is sourced after this; each function test_* in it is a
# test, run in a bash of its own: it passes when it returns 0, and is skipped when it calls `skip`.
# shellcheck shell=bash
#
# There: $root (the tree), $guests (the built guests, 64 bit), $scratch (a folder of the test's own, also
# C:\test in Windows' words: $scratch_win), $wine, and the functions below. VMs that a test leaves are removed.
set -u

plume() { "$root/plume" "$@"; }
export -f plume

skip() { echo "skipped: $*"; exit 77; }
die() { echo "at line ${BASH_LINENO[0]}: $*"; exit 1; }

# run COMMAND...: its exit status in $status, its standard output and error in $out and $err (and as
# $scratch/out, $scratch/err), carriage returns removed.
run() {
  status=0
  "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  out=$(tr -d '\r' <"$scratch/out")
  err=$(tr -d '\r' <"$scratch/err")
}

show() {
  echo "  status: $status"
  sed 's/^/  out: /' <<<"$out"
  sed 's/^/  err: /' <<<"$err"
}

# expect STATUS COMMAND...: runs it and fails unless it ends with that status.
expect() {
  local wanted=$1
  shift
  run "$@"
  [ "$status" -eq "$wanted" ] || { echo "at line ${BASH_LINENO[0]}: expected status $wanted of: $*"; show; exit 1; }
}

# refused COMMAND... -- PATTERN: it ends with 125, says one line on standard error that the pattern (a
# glob) matches, and nothing on standard output.
refused() {
  local words=("${@:1:$#-2}") pattern=${!#}
  run "${words[@]}"
  # shellcheck disable=SC2053
  if [ "$status" -ne 125 ] || [ -n "$out" ] || [[ $err != $pattern ]] || [ "$(wc -l <<<"$err")" -ne 1 ]; then
    echo "at line ${BASH_LINENO[0]}: expected status 125 and one line like: $pattern"; echo "  of: ${words[*]}"; show; exit 1
  fi
}

same() { # same WHAT EXPECTED FOUND
  [ "$2" = "$3" ] || { echo "at line ${BASH_LINENO[0]}: $1"; echo "  expected: $2"; echo "  found:    $3"; exit 1; }
}

contains() { # contains TEXT PART
  [[ $1 == *"$2"* ]] || { echo "at line ${BASH_LINENO[0]}: no '$2' in:"; sed 's/^/  /' <<<"$1"; exit 1; }
}

# member NAME KEY: a member of `plume inspect`, as text.
member() {
  plume inspect --format json "$1" | tr -d '\r' | sed -n "s/,\$//; s/^  \"$2\": //p" | sed 's/^"\(.*\)"$/\1/'
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $until ] || { echo "at line ${BASH_LINENO[0]}: not in time: $*"; exit 1; }
    sleep 0.1
  done
}

# fetched PACKAGE VERSION DIGEST PATH: what the npm package has at the path, a file or a folder, in $scratch; the
# archive is kept in .cache.
fetched() {
  local name=${1#@} archive
  name=${name//\//-}-$2.tgz archive=$root/.cache/$name
  mkdir -p "$root/.cache"
  if [ ! -e "$archive" ]; then
    installed npm npm
    (cd "$root/.cache" && npm pack --silent "$1@$2") || die "$1 cannot be had"
  fi
  echo "$3  $archive" | sha256sum --check --quiet - || die "$archive is not what it was"
  tar -xzf "$archive" -C "$scratch" --strip-components="$(tr -cd / <<<"package/$4" | wc -c)" "package/$4" || die "$archive has no $4"
}

# installed COMMAND PACKAGE: sees to it that there is the command, which is in Debian's package.
installed() {
  (. "$root/script/lib/common.sh"; command -v "$1" >/dev/null || need_packages "$2") || die "there is no $1"
}

# start_two: the VMs a and b, and the folders that guests run in: $scratch/host natively, $scratch/work in a VM.
start_two() {
  mkdir "$scratch/work" "$scratch/host"
  plume create a >/dev/null; plume create b >/dev/null
  plume start a >/dev/null; plume start b >/dev/null
}

# output WHERE GUEST: what the guest says there, in the folder $scratch/work (on the host: $scratch/host).
output() {
  local where=$1 guest=$2
  if [ "$where" = host ]; then
    (cd "$scratch/host" && "$wine" "$guests/$guest.exe" 2>&1 </dev/null)
  else
    (cd "$scratch/work" && plume exec "$where" "$guests/$guest.exe" 2>&1 </dev/null)
  fi | tr -d '\r' | grep -v '^differs:'
}

# at_once GUEST PLACE...: the guest in all the places at the same time says what it says alone.
at_once() {
  local guest=$1 place pids=() pid
  shift
  output "$1" "$guest" >"$scratch/$guest.alone"
  [ -s "$scratch/$guest.alone" ] || die "$guest says nothing"
  for place in "$@"; do
    output "$place" "$guest" >"$scratch/$guest.$place" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || true; done
  for place in "$@"; do
    diff -u --label alone --label "at once, $place" "$scratch/$guest.alone" "$scratch/$guest.$place" || die "$guest differs in $place"
  done
}

# keep_console, and at the end console_as_before: a console program that a service of the host's starts has the host's
# console write its settings, once.
keep_console() {
  had_console=no
  [[ $("$wine" reg query 'HKCU\Console' 2>/dev/null </dev/null) != *ColorTable* ]] || had_console=yes
}
console_as_before() { [ "$had_console" = yes ] || "$wine" reg delete 'HKCU\Console' /f >/dev/null 2>&1 </dev/null || true; }
