# What a VM's programs have on their desktop, and what they cannot do to the user's.

look() { # look WHERE TEXT
  if [ "$1" = host ]; then "$wine" "$guests/tool_windows.exe" look "$2" </dev/null
  else plume exec "$1" "$guests/tool_windows.exe" look "$2" </dev/null; fi 2>&1 | tr -d '\r'
}
is_shown() { grep -q shown "$scratch/$1"; }

test_each_sees_its_own_windows_clipboard_and_atoms() {
  local place in_a on_host
  plume create a >/dev/null; plume create b >/dev/null
  plume start a >/dev/null; plume start b >/dev/null
  plume exec a "$guests/tool_windows.exe" show "of a" >"$scratch/a" 2>&1 </dev/null &
  in_a=$!
  "$wine" "$guests/tool_windows.exe" show "of the host" >"$scratch/host" 2>&1 </dev/null &
  on_host=$!
  wait_for 60 is_shown a
  wait_for 60 is_shown host
  same "a" "window 1 clipboard 1 atom 1" "$(look a "of a")"
  same "the host" "window 1 clipboard 1 atom 1" "$(look host "of the host")"
  for place in b host; do same "of a, from $place" "window 0 clipboard 0 atom 0" "$(look $place "of a")"; done
  for place in a b; do same "of the host, from $place" "window 0 clipboard 0 atom 0" "$(look $place "of the host")"; done

  # Nothing runs in the VM but what was started there: no process that shows a desktop.
  run plume exec a "$guests/tool_processes.exe" list </dev/null
  [[ $out != *explorer.exe* ]] || { show; die "the VM has an explorer.exe"; }

  expect 0 plume exec a "$guests/tool_windows.exe" close "of a" </dev/null
  wait $in_a || die "it ended with $?"
  expect 0 "$wine" "$guests/tool_windows.exe" close "of the host" </dev/null
  wait $on_host || die "it ended with $?"
  # The programs have gone; clipboard and atoms are the VM's.
  same "a, later" "window 0 clipboard 1 atom 1" "$(look a "of a")"
}

test_on_the_users_desktop() {
  local shown
  plume create a >/dev/null; plume start a >/dev/null
  plume exec --interactive a "$guests/tool_windows.exe" show "shown" >"$scratch/a" 2>&1 </dev/null &
  shown=$!
  wait_for 60 is_shown a
  contains "$(look host shown)" "window 1 clipboard 1"
  contains "$(look a shown)" "window 0 clipboard 0"
  run plume exec a "$guests/tool_processes.exe" list </dev/null
  [[ $out != *explorer.exe* ]] || { show; die "the VM has an explorer.exe"; }
  expect 0 "$wine" "$guests/tool_windows.exe" close shown </dev/null
  wait $shown || die "it ended with $?"
  expect 0 plume run --rm --interactive "$guests/win_dde.exe" </dev/null
}

# The host's registry is compared after the tests.
test_the_users_settings_stay() {
  run plume run --rm "$guests/win_station.exe" change </dev/null
  contains "$out" "settings changed: 0"
}
