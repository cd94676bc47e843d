# Processes that are killed at any moment while they change files: each file is old or new, nothing of a half-done
# rename shows, the VM starts again, and the host is as it was.

workers=15

kill_tool() { "$wine" "$guests/tool_kill_files.exe" "$@" 2>&1 </dev/null | tr -d '\r'; }

# unix_processes PATTERN: the ids of this prefix's processes whose command line has it, but for our command's.
unix_processes() {
  local id
  for id in $(pgrep -f "$1"); do
    if tr '\0' ' ' <"/proc/$id/cmdline" | grep -q 'plume\.exe\|bash'; then continue; fi
    if grep -qzFx "WINEPREFIX=$WINEPREFIX" "/proc/$id/environ"; then echo "$id"; fi
  done 2>/dev/null
}

host_files_of() { (cd "$scratch/kill" && find . -printf '%p %y %m %s %T@\n' && find . -type f -print0 | xargs -0 sha256sum) | LC_ALL=C sort; }

# batch NUMBER: starts the workers, kills each of them at some moment.
batch() {
  local ids id
  : >"$scratch/said" # of the batch before: it would say at once that all are ready
  plume exec kill "$guests/tool_kill_files.exe" start "$scratch_win\\kill" $workers $((4 * $1)) "$scratch_win\\go$1" \
    >"$scratch/said" 2>&1 </dev/null &
  all_ready() { [ "$(grep -c ready "$scratch/said")" -eq $workers ]; }
  wait_for 60 all_ready
  mapfile -t ids < <(unix_processes 'tool_kill_files.exe.? work ')
  same 'workers' $workers ${#ids[@]}
  touch "$scratch/go$1"
  for id in "${ids[@]}"; do
    sleep "0.0$(printf %02d $((RANDOM % 15)))"
    kill -KILL "$id" || die "a worker had ended: $(cat "$scratch/said")"
    killed=$((killed + 1))
  done
}

check_all() {
  local j folders=()
  for ((j = 0; j < workers; j++)); do folders+=("$scratch_win\\kill\\$j"); done
  expect 0 plume exec kill "$guests/tool_kill_files.exe" check "${folders[@]}"
}

test_killed_while_files_change() {
  local round number killed=0 j work
  mkdir "$scratch/kill"
  for ((j = 0; j < workers; j++)); do kill_tool prepare "$scratch_win\\kill\\$j"; done
  host_files_of >"$scratch/before"
  for ((round = 0; round < 6; round++)); do
    plume create kill >/dev/null; plume start kill >/dev/null
    for number in 0 1 2; do
      batch $number
      # With the last of them the monitor is killed as well.
      [ $number -lt 2 ] || kill -KILL $(unix_processes plume-monitor.exe)
      wait
      rm -f "$scratch/go$number"
      if [ $number -eq 2 ]; then
        work=$(echo "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms/kill/work)
        [ -d "$work" ] || die "there is no $work"
        expect 0 plume start kill
        [ -z "$(ls -A "$work")" ] || die "left in work: $(ls -A "$work")"
      fi
      check_all
    done
    plume rm -f kill >/dev/null
  done
  host_files_of >"$scratch/after"
  diff "$scratch/before" "$scratch/after" || die 'the host is not as it was'
  echo "$killed killed"
  [ $killed -ge 250 ] || die "only $killed were killed"
}
