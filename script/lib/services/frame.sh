# Sourced by script/services: what is done with every service, and what their definitions may use.
# shellcheck shell=bash disable=SC2154

c=$WINEPREFIX/drive_c
places=(host a b)
limit=120 # seconds that anything may take: a loaded machine is slow

plume() { "$root/plume" "$@"; }

# ---- for the definitions ----

# in_place PLACE COMMAND...: natively or in the VM; text as Unix has it.
in_place() {
  local place=$1 status=0
  shift
  # Into a file, not through a pipe, which a service that comes up would keep open.
  local out; out=$(mktemp "$work/out.XXXXXX")
  if [ "$place" = host ]; then timeout $limit "$wine" "$@"; else timeout $limit "$root/plume" exec "$place" "$@"; fi >"$out" 2>&1 </dev/null || status=$?
  tr -d '\r\0' <"$out"
  rm -f "$out"
  return $status
}

# A client reaches the host's instance where it listens, and a VM's by the port that the VM publishes.
address() { echo 127.0.0.1; }
port_of() { # port_of PLACE
  if [ "$1" = host ]; then echo "$port"; else plume port "$1" "$port" | tr -d '\r' | sed 's/.*://' | head -n 1; fi
}

# fetched PACKAGE VERSION DIGEST PATH FOLDER: what the npm package has at the path comes into the folder.
fetched() {
  local name=${1#@} archive
  name=${name//\//-}-$2.tgz archive=$root/.cache/$name
  mkdir -p "$root/.cache" "$5"
  if [ ! -e "$archive" ]; then
    command -v npm >/dev/null || need_packages npm
    (cd "$root/.cache" && npm pack --silent "$1@$2")
  fi
  echo "$3  $archive" | sha256sum --check --quiet -
  tar -xzf "$archive" -C "$5" --strip-components="$(tr -cd / <<<"package/$4" | wc -c)" "package/$4"
}

wait_for() { # wait_for COMMAND...: until it succeeds
  local until=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || { echo "not in time: $*"; return 1; }
    sleep 0.2
  done
}

state() { in_place "$1" sc query "$service" | sed -n 's/.*STATE *: [0-9]* *\([A-Z_]*\).*/\1/p'; }
is() { [ "$(state "$1")" = "$2" ]; }

# ---- defaults ----

stop_service() { in_place "$1" net stop "$service" || true; wait_for is "$1" STOPPED; }

# The Windows process id of a VM's instance. What the host's SCM could tell of its own, Wine has no tool to ask for.
process() { plume service "$1" status "$service" --format json | tr -d '\r' | sed -n 's/^  "pid": \([1-9][0-9]*\),$/\1/p'; }

# ---- the frame ----

# The host as it is before the first service. The server stays up: each cold start of it would take seconds.
make_prefix() {
  wineserver -k 2>/dev/null || true
  rm -rf "$WINEPREFIX"
  plume version >/dev/null
  wineserver -w
  wineserver -p >/dev/null 2>&1
  "$wine" cmd.exe /c exit >/dev/null 2>&1 </dev/null
  # A display driver that shows nothing: without any, a program on the host cannot make a window.
  "$wine" reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f >/dev/null 2>&1 </dev/null
  # How long a process may take until it is a service: Wine has 10 s where Windows has 30, and a loaded machine is slow.
  "$wine" reg add 'HKLM\System\CurrentControlSet\Control' /v ServicesPipeTimeout /d "${limit}000" /f >/dev/null 2>&1 </dev/null
  wineserver -k || true
  wineserver -w
  wineserver -p >/dev/null 2>&1
}

finish_prefix() { wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; }

# step TEXT COMMAND...: runs it in a shell of its own, where the first command that fails ends it; shows its output only then, and
# notes the first $problem. To be called without condition, in which bash would go on past what fails.
step() {
  local text=$1 begin status log=$work/step.log
  shift
  begin=$(now)
  (set -e; "$@") >"$log" 2>&1 </dev/null
  status=$?
  if [ $status -ne 0 ]; then
    printf '  %-62s FAILED (status %s)\n' "$text" $status
    tail -n 30 "$log" | sed 's/^/    | /'
    problem=${problem:-$text}
    return
  fi
  printf '  %-62s %6s s\n' "$text" "$(seconds_since "$begin")"
}

make_vms() {
  local vm
  for vm in a b; do
    plume create -p "127.0.0.1::$port" $vm
    plume start $vm
  done
}

# What a VM has installed is not on the host.
not_on_the_host() {
  local path
  if in_place host sc query "$service" | grep STATE; then return 1; fi
  for path in "${own[@]}"; do [ ! -e "$c/$path" ] || cmp -s <(find "$c/$path" | sort) "$work/own.${path//\//_}"; done
}

note_own() { local path; for path in "${own[@]}"; do [ ! -e "$c/$path" ] || find "$c/$path" | sort >"$work/own.${path//\//_}"; done; }

start_service() {
  in_place "$1" net start "$service" || true # Wine's answers before the service runs
  wait_for is "$1" RUNNING
  wait_for answers "$1"
}

start_and_fill() { start_service "$1"; fill "$1"; }

all_loads() {
  local place pids=() pid status=0
  for place in "${places[@]}"; do load "$place" >"$work/load.$place" 2>&1 & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || status=1; done
  for place in "${places[@]}"; do echo "== $place"; tail -n 12 "$work/load.$place"; done
  [ $status -eq 0 ]
  for place in "${places[@]}"; do tail -n 1 "$work/load.$place" | grep -q '^[1-9][0-9]* 0$'; done
}

check_all() { local place; for place in "${places[@]}"; do check "$place"; done; }

# One that is killed is started again by its failure action, as another process, with its data; the other places go on.
another_process() { local now_is; now_is=$(process "$1"); [ -n "$now_is" ] && [ "$now_is" != "$2" ]; }
kill_one() { # kill_one VM OTHER
  local before other
  local name programs=()
  for name in $image; do programs+=(/im "$name"); done
  in_place "$1" sc failure "$service" reset= 3600 actions= restart/2000
  before=$(process "$1") other=$(process "$2")
  [ -n "$before" ]
  in_place "$1" taskkill /f "${programs[@]}"
  wait_for another_process "$1" "$before"
  wait_for answers "$1"
  check_all
  [ "$(process "$2")" = "$other" ]
  is host RUNNING
}

stop_one() {
  stop_service a
  answers host
  answers b
  if answers a; then return 1; fi
  start_service a
  check a
}

# The first console program that a service starts on the host has the host's console write its settings there; before,
# there are none.
remove_host() {
  answers host
  stop_service host
  remove host
  in_place host reg delete 'HKCU\Console' /f || true
}
remove_vms() { plume stop -t 10 a b || true; plume rm -f a b; }

host_unchanged() {
  host_state "$work/after" "${own[@]}"
  ! host_differs "$work/before" "$work/after"
}

# bench NAME ROW-FILE
bench() {
  local name=$1 row=$2 place problem='' killed=no intact=no counts='' errors=0 n e
  # shellcheck source=/dev/null
  . "$definitions/$name"
  run_bench
  if [ -s "$work/load.b" ]; then
    for place in "${places[@]}"; do
      read -r n e <<<"$(tail -n 1 "$work/load.$place" 2>/dev/null)" || true
      counts+=${counts:+, }${n:-?}
      [[ ${e:-x} =~ ^[0-9]+$ ]] && errors=$((errors + e)) || errors='?'
    done
  fi
  # What a failure has left is no matter of the next service's.
  if [ -n "$problem" ]; then
    plume rm -f a b >/dev/null 2>&1 || true
    (remove_host) >/dev/null 2>&1 || true
  fi
  echo "| $title | ${problem:+failed: $problem; }host, 2 VMs | $client | $counts | $errors | $killed | $intact |" >"$row"
  [ -z "$problem" ]
}

run_bench() {
  local place
  rm -f "$work"/load.*
  step 'get it' get
  note_own
  [ -n "$problem" ] || step 'note all files and the registry of the host' host_state "$work/before" "${own[@]}"
  [ -n "$problem" ] || step 'make and start two VMs' make_vms
  # The VMs first: what the host has would be in them, too.
  for place in a b; do [ -n "$problem" ] || step "install and start it in $place" install_in "$place"; done
  [ -n "$problem" ] || step 'the host has nothing of it' not_on_the_host
  [ -n "$problem" ] || step 'install and start it on the host' install_in host
  [ -n "$problem" ] || step 'load on all three at once' all_loads
  [ -n "$problem" ] || step 'each has its own data' check_all
  [ -z "$problem" ] || return
  step 'killed in a: started again, nothing else is' kill_one a b
  step 'killed in b: started again, nothing else is' kill_one b a
  [ -n "$problem" ] || killed='yes, both VMs'
  step 'stopped and started in a, the others answer' stop_one
  step 'stop and remove the VMs' remove_vms
  step 'the host still answers; stop and remove it there' remove_host
  intact=yes
  local before=$problem
  problem=
  step 'the host is as it was' host_unchanged
  [ -z "$problem" ] || intact=no
  problem=${before:-$problem}
}

install_in() { install "$1"; start_and_fill "$1"; }

# ab_load URL REQUESTS: Apache's own client; an answer that is no success, or of another length, is an error.
ab_load() {
  local out
  out=$(ab -q -s 120 -n "$2" -c 8 "$1") || { echo "$out"; return 1; }
  echo "$out"
  awk '/^Complete requests:/ { n = $3 } /^Failed requests:|^Non-2xx responses:/ { e += $3 } END { print n, e + 0 }' <<<"$out"
}
