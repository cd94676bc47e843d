# What a VM has not changed costs it no additional system call (invariant I5): the NT calls that reach the system
# of each operation of tool_calls are as many in a VM, which has changed other files and keys, as natively.

test_no_additional_system_call() {
  local times=1000 name
  mkdir -p "$scratch/calls" "$scratch/other"
  for name in file 1 2 3 4 5; do echo "$name" >"$scratch/calls/$name"; done
  echo before >"$scratch/other/changed"
  "$wine" "$guests/tool_calls.exe" "$scratch_win\\calls" $times >"$scratch/native" 2>&1 </dev/null || die "$(cat "$scratch/native")"
  plume create calls >/dev/null; plume start calls >/dev/null
  plume exec calls cmd /c "echo x>$scratch_win\\other\\new& echo y>$scratch_win\\other\\changed& del $scratch_win\\other\\new& md $scratch_win\\other\\d& reg add HKLM\\Software\\Changed /v a /d b /f" \
    >/dev/null 2>&1 </dev/null
  [ "$(cat "$scratch/other/changed")" = before ] || die 'the VM changes the host'
  plume exec calls "$guests/tool_calls.exe" "$scratch_win\\calls" $times >"$scratch/vm" 2>&1 </dev/null || die "$(cat "$scratch/vm")"
  printf '%-24s %8s %8s\n' 'calls each' native VM
  join <(tr -d '\r' <"$scratch/native" | sort) <(tr -d '\r' <"$scratch/vm" | sort) | awk -v times=$times '
    { printf "%-24s %8.2f %8.2f\n", $1, $2 / times, $3 / times
      # Memory that a heap asks for now and then may fall on either side.
      if ($3 - $2 > times / 100 || $2 == 0 && $1 != "file_map") bad = 1 }
    END { exit bad || NR < 20 }' || die 'the VM makes more system calls'
}
