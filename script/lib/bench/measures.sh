# Sourced by script/bench: what it always measures. Needs $wine, $plume, $work, $samples and $WINEPREFIX.
# shellcheck shell=bash disable=SC2154

patience=120 # seconds; what takes longer than that hangs
within() { timeout --kill-after=5 "${limit:-$patience}" "$@"; }

note() { echo "$2" >>"$samples/$1"; } # note FILE VALUE
# sample FILE COMMAND...: the nanoseconds that it took.
sample() {
  local file=$1 begin=${EPOCHREALTIME/./}
  shift
  within "$@" >/dev/null 2>&1 </dev/null || die "this failed: $*"
  note "$file" "$(((${EPOCHREALTIME/./} - begin) * 1000))"
}

# of_prefix PREFIX PATTERN: the ids of the processes in there whose command line the pattern (extended) matches.
of_prefix() {
  local each
  for each in $(pgrep -f -- "$2"); do
    if tr '\0' '\n' <"/proc/$each/environ" | grep -qxF "WINEPREFIX=$1"; then echo "$each"; fi
  done 2>/dev/null
}
# memory PROCESS...: their proportional set size, bytes.
memory() {
  local each
  for each in "$@"; do cat "/proc/$each/smaps_rollup"; done 2>/dev/null | awk '/^Pss:/ { n += $2 } END { print n * 1024 }'
}
wait_until() { # wait_until COMMAND...
  local end=$((SECONDS + patience))
  until "$@"; do
    [ $SECONDS -lt $end ] || die "not in time: $*"
    sleep 0.02
  done
}
disk() { du -s --block-size=1 "$1" | cut -f1; }
folder_of() { echo "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms/"$1"; }
address_of() { "$plume" inspect --format json "$1" | tr -d '\r' | sed -n 's/^  "ip": "\(.*\)",$/\1/p'; }

# prepare: the host has files to work on and an idle service; there are the VMs bench, timed and rpc, the first runs.
prepare() {
  local i vm folder=$WINEPREFIX/drive_c/bench/files
  wineserver -k 2>/dev/null || true
  "$plume" version >/dev/null
  wineserver -k 2>/dev/null || true; wineserver -w
  wineserver -p # it stays up: each cold start of it would take seconds
  "$wine" "$root/build/x86_64/bench/empty.exe" </dev/null >/dev/null 2>&1 # the host's own services come up
  mkdir -p "$folder"
  for ((i = 0; i < 1000; i++)); do printf '%4096d' $i >"$folder/f$i"; done
  cp "$root"/build/x86_64/bench/*.exe "$folder/"
  for ((i = 1; i <= 2; i++)); do cp "$folder/idle.exe" "$folder/idle$i.exe"; done
  probe='C:\bench\files\probe.exe' files='C:\bench\files' empty='C:\bench\files\empty.exe' launcher='C:\bench\files\launcher.exe'
  "$wine" sc query PlumeBench >/dev/null 2>&1 </dev/null ||
    "$wine" sc create PlumeBench binPath= 'C:\bench\files\idle.exe' >/dev/null 2>&1 </dev/null
  for vm in $("$plume" ps -a --format json | tr -d '\r' | sed -n 's/.*"name": "\([^"]*\)".*/\1/p'); do "$plume" rm -f "$vm" >/dev/null; done
  "$plume" create timed >/dev/null
  "$plume" create --service RpcSs rpc >/dev/null
  "$plume" create -p 127.0.0.1::8080 bench >/dev/null
  "$plume" start bench >/dev/null

  # A server in the VM, until the script ends; what it is sent goes there directly and through `-p`.
  stream=$root/build/x86_64/tests/guest/tool_net_stream.exe streamed=256 # MB
  published=$("$plume" port bench 8080 | tr -d '\r')
  direct=$(address_of bench)
  rm -f "$work/hold"; mkfifo "$work/hold"
  "$plume" exec bench "$stream" serve 8080 <"$work/hold" >"$work/serving" 2>&1 &
  exec 9>"$work/hold"
  wait_until grep -q serving "$work/serving"
}

# Of a call to Wine's server, a wake-up of a sleeping processor takes several times as long as the call itself, and
# where the system places client and server is chance. So calls are measured on one processor: this tells the work.
measure_operations() {
  local all first
  all=$(taskset -c -p $$ | sed 's/.*: //') # as taskset writes them: 0-3,8
  first=${all%%[-,]*}
  keep_on "$first"
  limit=600 within taskset -c "$first" python3 -B "$root/script/lib/bench/alternate.py" "$samples" "$1" 590 \
    "$wine" "$probe" "$files" native -- "$plume" exec bench "$probe" "$files" vm 2>&1 || die 'the probe failed'
  keep_on "$all"
}
# keep_on PROCESSORS: whatever runs in the prefix, its server and the VM's monitor among it, runs on these.
keep_on() {
  local each
  for each in $(of_prefix "$WINEPREFIX" '\.exe|wineserver'); do
    taskset -a -c -p "$1" "$each" >/dev/null 2>&1 || true # it may have ended
  done
}

# stream_into FILE ADDRESS PORT: MB/s.
stream_into() {
  within "$wine" "$stream" client "$3" "$2" rate $streamed 2>/dev/null </dev/null | tr -d '\r' | sed -n 's/^rate: //p' >>"$samples/$1"
}
measure_published() {
  stream_into published-rate.native "$direct" 8080
  stream_into published-rate.vm "${published%:*}" "${published##*:}"
}

measure_starts() {
  local begin at
  sample run-rm.native "$wine" "$launcher" "$empty"
  sample run-rm.vm "$plume" run --rm "$empty"
  sample start-scm.native "$wine" "$empty"
  sample start-scm.vm "$plume" start timed
  "$plume" stop timed >/dev/null
  sample start-rpcss.native "$wine" "$empty"
  begin=$EPOCHREALTIME
  within "$plume" start rpc >/dev/null
  wait_until rpcss_ran "$begin"
  at=$(rpcss_ran_at)
  note start-rpcss.vm "$(awk -v a="$begin" -v b="$at" 'BEGIN { printf "%.0f", (b - a) * 1e9 }')"
  within "$plume" stop rpc >/dev/null
}
# rpcss_ran_at: the time of the last line of the log that says so, as $EPOCHREALTIME has it.
rpcss_ran_at() {
  local stamp
  stamp=$(within "$plume" logs -t rpc | tr -d '\r' | sed -n 's/^\([^ ]*\) .*service RpcSs: running$/\1/p' | tail -n 1)
  [ -z "$stamp" ] || date -d "$stamp" +%s.%N
}
rpcss_ran() {
  local at
  at=$(rpcss_ran_at)
  [ -n "$at" ] && awk -v a="$1" -v b="$at" 'BEGIN { exit !(b >= a) }'
}

# measure_sizes: a new VM; two idle programs on the host and two in it, its monitor, all at once.
measure_sizes() {
  local vm=sized each monitor clients=()
  "$plume" create $vm >/dev/null
  note disk.vm "$(disk "$(folder_of $vm)")"
  "$plume" start $vm >/dev/null
  monitor=$(of_prefix "$WINEPREFIX" "plume-monitor.exe --vm .*\\\\$vm --ready")
  "$wine" 'C:\bench\files\idle1.exe' wait </dev/null >/dev/null 2>&1 &
  clients+=($!)
  "$plume" exec $vm 'C:\bench\files\idle2.exe' wait </dev/null >/dev/null 2>&1 &
  clients+=($!)
  for each in 1 2; do wait_until settled $each; done
  note memory-monitor.native "$(memory "$(idle_program 1)")"
  note memory-monitor.vm "$(memory "$monitor")"
  note memory-layer.native "$(memory "$(idle_program 1)")"
  note memory-layer.vm "$(memory "$(idle_program 2)")"
  kill -KILL "$(idle_program 1)"
  "$plume" rm -f $vm >/dev/null
  wait "${clients[@]}" 2>/dev/null || true
  "$plume" create $vm >/dev/null; "$plume" start $vm >/dev/null; "$plume" stop $vm >/dev/null
  note disk-started.vm "$(disk "$(folder_of $vm)")"
  "$plume" rm $vm >/dev/null
}
idle_program() { of_prefix "$WINEPREFIX" "^C:.bench.files.idle$1.exe wait"; }
# settled N: it is there and sleeps, twice in turn with the same memory.
settled() {
  local process first
  process=$(idle_program "$1")
  [ -n "$process" ] || return 1
  first=$(awk '/^Rss:/ { print $2 }' "/proc/$process/smaps_rollup")
  sleep 0.3
  [ "$first" = "$(awk '/^Rss:/ { print $2 }' "/proc/$process/smaps_rollup")" ]
}

# measure_ways: what people do today to have software twice: a prefix more. Beside it, a VM more.
measure_ways() {
  local fresh=$work/fresh server before
  WINEPREFIX=$fresh wineserver -k 2>/dev/null || true
  rm -rf "$fresh"
  sample way-make.prefix env WINEPREFIX="$fresh" WINEDLLOVERRIDES='mscoree,mshtml=' "$wine" wineboot.exe --init
  WINEPREFIX=$fresh wineserver -k || true
  WINEPREFIX=$fresh wineserver -w
  note disk-way.prefix "$(disk "$fresh")"
  sample way-start.prefix env WINEPREFIX="$fresh" "$wine" "$root/build/x86_64/bench/empty.exe"
  WINEPREFIX=$fresh within "$wine" "$root/build/x86_64/bench/idle.exe" wait </dev/null >/dev/null 2>&1 &
  wait_until has_services "$fresh"
  sleep 2
  server=$(of_prefix "$fresh" wineserver)
  # shellcheck disable=SC2046,SC2086
  note memory-way.prefix "$(memory $(of_prefix "$fresh" '\.exe') $server)"
  WINEPREFIX=$fresh wineserver -k; WINEPREFIX=$fresh wineserver -w
  wait $! 2>/dev/null || true

  server=$(of_prefix "$WINEPREFIX" wineserver)
  before=$(memory "$server")
  sample way-make.vm sh -c '"$0" create way && "$0" start way' "$plume"
  note memory-way.vm "$(($(memory "$(of_prefix "$WINEPREFIX" 'plume-monitor.exe --vm .*\\way --ready')" "$server") - before))"
  "$plume" stop way >/dev/null
  note disk-way.vm "$(disk "$(folder_of way)")"
  sample way-start.vm "$plume" start way
  "$plume" rm -f way >/dev/null
}
has_services() { [ -n "$(of_prefix "$1" 'rpcss\.exe')" ]; }

# measure_many: $many VMs, all running, each with an idle service that the host has.
measure_many() {
  local i begin
  for ((i = 1; i <= many; i++)); do
    begin=${EPOCHREALTIME/./}
    "$plume" create many$i >/dev/null && "$plume" start many$i >/dev/null &&
      within "$plume" service many$i start PlumeBench >/dev/null 2>&1 </dev/null || die "no VM $i"
    note many.vm "$(((${EPOCHREALTIME/./} - begin) * 1000))"
    [ $((i % 50)) != 0 ] || say "  $i VMs" >&2
  done
  for ((i = 1; i <= many; i++)); do "$plume" rm -f many$i >/dev/null || die "VM $i cannot be removed"; done
}
