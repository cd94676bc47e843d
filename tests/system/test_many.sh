# Many VMs: each uses one of everything under the same names, and nothing is left of them.
#
#   PLUME_MANY=200 PLUME_MANY_AT_ONCE=25 PLUME_MANY_TIMES=FILE tests/system/run -k many
# makes so many, has so many of them run at the same time, and writes to FILE how many milliseconds each took for
# create, start, use and (of one that is as many before) remove.

ms() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", (b - a) * 1000 }'; }

# kernel: what is left of VMs outside of the store; $port: what is bound on the addresses of VMs.
kernel() {
  "$wine" "$guests/tool_many.exe" list 2>/dev/null | tr -d '\r' | LC_ALL=C sort
  awk -v port="$(printf %04X "$1")" '$4 == "0A" && $2 ~ "^....[4-7].7F:" port "$" { print "port " $2 }' /proc/net/tcp
}
# What an earlier test left running on the host may end meanwhile.
nothing_new() { kernel "$1" >"$scratch/after"; [ -z "$(LC_ALL=C comm -13 "$scratch/before" "$scratch/after")" ]; }

test_many_vms_leave_nothing() {
  local total=${PLUME_MANY:-20} at_once=${PLUME_MANY_AT_ONCE:-5} port=$((20000 + RANDOM % 20000)) i name begun create start use old
  kernel $port >"$scratch/before"
  for ((i = 1; i <= total; i++)); do
    name=many$i
    begun=$EPOCHREALTIME; plume create $name >/dev/null || die "no VM $i"; create=$(ms "$begun")
    begun=$EPOCHREALTIME; plume start $name >/dev/null || die "VM $i does not start"; start=$(ms "$begun")
    begun=$EPOCHREALTIME
    plume exec $name "$guests/tool_many.exe" use $port >"$scratch/$name" 2>&1 </dev/null &
    wait_for 60 grep -qsE '^(using|failed)' "$scratch/$name"; use=$(ms "$begun")
    contains "$(cat "$scratch/$name")" using
    begun=$EPOCHREALTIME; old=$((i - at_once + 1))
    if [ $old -ge 1 ]; then plume rm -f many$old >/dev/null || die "VM $old cannot be removed"; fi
    [ -z "${PLUME_MANY_TIMES:-}" ] || echo "$i $create $start $use $(ms "$begun")" >>"$PLUME_MANY_TIMES"
  done
  for ((i = old > 0 ? old + 1 : 1; i <= total; i++)); do plume rm -f many$i >/dev/null || die "VM $i cannot be removed"; done
  expect 0 plume ps -a --format json; same 'VMs' '[]' "$out"
  wait
  (wait_for 60 nothing_new $port) || { diff "$scratch/before" "$scratch/after" || true; die 'not all of it is gone'; }
  [ -z "$(find "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms -mindepth 1)" ] || die 'the store is not empty'
}
