# Processes: two VMs and the host at once, each of which lists, opens and ends its own only.

wine_in() { "$wine" "$@" 2>/dev/null </dev/null | tr -d '\r'; }

win() { printf 'Z:%s' "${1//\//\\}"; }

# ids WHERE: of the processes that run the guest proc_open there, as the place itself lists them.
ids() {
  if [ "$1" = host ]; then wine_in "$guests/tool_processes.exe" list proc_open.exe
  else plume exec "$1" "$guests/tool_processes.exe" list proc_open.exe </dev/null 2>/dev/null | tr -d '\r'; fi
}
count() { ids "$1" | grep -c .; }
counts() { [ "$(count host) $(count a) $(count b)" = "$1" ]; }

start_in_all() {
  plume create a >/dev/null; plume create b >/dev/null
  plume start a >/dev/null; plume start b >/dev/null
  # Each waits without end, because it has an argument.
  "$wine" "$guests/proc_open.exe" wait >/dev/null 2>&1 </dev/null &
  on_host=$!
  plume exec a "$guests/proc_open.exe" wait >/dev/null 2>&1 </dev/null &
  in_a=$!
  plume exec b "$guests/proc_open.exe" wait >/dev/null 2>&1 </dev/null &
  in_b=$!
}

test_each_sees_and_ends_its_own() {
  start_in_all
  # The host sees all three, a VM its own.
  wait_for 60 counts "3 1 1"
  local host_ids a_id b_id
  host_ids=$(ids host) a_id=$(ids a) b_id=$(ids b)
  contains "$host_ids" "$a_id"
  contains "$host_ids" "$b_id"
  [ "$a_id" != "$b_id" ] || die "two VMs list the same process $a_id"

  # By its number: what is another's does not exist.
  for id in $host_ids; do
    for vm in a b; do
      if [ "$id" = "$(ids $vm)" ]; then expect 0 plume exec $vm "$guests/tool_processes.exe" open "$id" </dev/null
      else expect 87 plume exec $vm "$guests/tool_processes.exe" open "$id" </dev/null; fi
    done
  done

  # Of the host's processes a VM knows none; the monitor is not to be seen either.
  run plume exec a "$guests/tool_processes.exe" list </dev/null
  same "the names in a" "$(printf 'proc_open.exe\ntool_processes.exe')" "$(sort <<<"$out")"

  # By name, what runs everywhere under the same: its own ends, the others' go on.
  expect 0 plume exec a taskkill /f /im proc_open.exe </dev/null
  wait_for 60 counts "2 0 1"
  wait "$in_a" || true
  kill -0 "$on_host" 2>/dev/null || die "the host's was ended, too"
  expect 0 plume exec b "$guests/tool_processes.exe" end "$b_id" </dev/null
  wait_for 60 counts "1 0 0"
  wait "$in_b" || true
  local rest
  rest=$(ids host)
  wine_in "$guests/tool_processes.exe" end "$rest" >/dev/null
  wait "$on_host" || true
}

state() { plume inspect --format json "$1" | tr -d '\r' | sed -n 's/^  "state": "\(.*\)",*$/\1/p'; }
is_stopped() { [ "$(state "$1")" = stopped ]; }

test_shutting_down_stops_the_vm_alone() {
  start_in_all
  wait_for 60 counts "3 1 1"
  run plume exec a "$guests/tool_shut_down.exe" abort </dev/null
  same "called off" "$(printf 'set 1\nagain 0 1115\nother 0 53\nabort 1\nagain 0 1116')" "$out"
  for how in "exit 1" "initiate x" "system"; do
    # shellcheck disable=SC2086
    run plume exec a "$guests/tool_shut_down.exe" $how </dev/null
    same "the answer" "${how%% *} 0" "$out"
    wait_for 60 is_stopped a
    expect 0 plume start a
  done
  wait "$in_a" || true
  same "what runs on" "2 0 1" "$(count host) $(count a) $(count b)"
  plume stop -t 0 b >/dev/null
  wait "$in_b" || true
  wine_in "$guests/tool_processes.exe" end "$(ids host)" >/dev/null
  wait "$on_host" || true
}

# What whoever calls `plume` would hand on to its children does not reach the program in the VM.
test_handles_from_outside_stay_outside() {
  plume create a >/dev/null
  plume start a >/dev/null
  local tool=$guests/tool_processes.exe
  same "handed on to a program of the host" set "$(wine_in "$tool" hand "$(win "$tool")" set)"
  same "handed on to a program of a VM" "not set" \
    "$(wine_in "$tool" hand "$(win "$root/build/x86_64/plume.exe")" exec a "$(win "$tool")" set)"
}
