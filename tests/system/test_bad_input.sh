# Wrong names, damaged stores, full disks, killed processes: a clear error, the right exit status, nothing
# half made, and the next command works.

store() { (cd "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume && pwd); }

nothing_made() { [ -z "$(ls -A "$(store)/vms" 2>/dev/null)" ] || die "left: $(ls -A "$(store)/vms")"; }

test_bad_names() {
  local name
  for name in 'a/b' 'a\b' 'a:b' 'a*' 'a?' 'a"b' 'a<b' 'a>b' 'a|b' 'a b' '.a' '_a' '..' 'a.' 'con' 'NUL.x' 'com1' 'ä' ''; do
    refused plume create "$name" -- 'plume: no VM can have the name*'
    refused plume run --rm --name "$name" cmd -- 'plume: no VM can have the name*'
  done
  refused plume create -- -x -- "plume: no VM can have the name '-x'*"
  refused plume create "$(printf 'a%.0s' {1..64})" -- '*at most 63*'
  expect 0 plume create "$(printf 'a%.0s' {1..63})"
  expect 0 plume ps -a --format json
  same 'one VM' 1 "$(grep -c '"name"' <<<"$out")"
}

test_unknown_vm() {
  local verb
  for verb in start stop rm 'rm -f' top inspect logs; do
    # shellcheck disable=SC2086
    refused plume $verb nobody -- "plume: there is no VM 'nobody'; *"
  done
  refused plume exec nobody cmd /c exit -- "plume: there is no VM 'nobody'; *"
  refused plume service nobody ls -- "plume: there is no VM 'nobody'; *"
}

test_created_twice() {
  expect 0 plume create twin
  local ip; ip=$(member twin ip)
  refused plume create twin -- "plume: cannot create the VM 'twin': there is one of this name already; *"
  refused plume create TWIN -- '*there is one of this name already*'
  refused plume run --name twin cmd -- '*there is one of this name already*'
  same 'the first is as it was' "$ip" "$(member twin ip)"
}

test_not_running() {
  expect 0 plume create idle
  refused plume exec idle cmd /c exit -- "plume: the VM is not running: 'idle'; 'plume start' starts it"
  refused plume top idle -- "*the VM is not running: 'idle'*"
  refused plume service idle ls -- "*the VM is not running: 'idle'*"
  same 'state' created "$(member idle state)"
}

test_started_twice() {
  expect 0 plume create twice
  expect 0 plume start twice
  local monitor; monitor=$(member twice monitor)
  refused plume start twice -- "plume: cannot start the VM 'twice': it is running already"
  same 'the monitor' "$monitor" "$(member twice monitor)"
  expect 0 plume exec twice cmd /c exit 0
}

test_removed_while_running() {
  expect 0 plume create busy
  expect 0 plume start busy
  refused plume rm busy -- "plume: cannot remove the VM 'busy': it is running; *"
  expect 0 plume exec busy cmd /c exit 0
  expect 0 plume rm -f busy
  expect 0 plume ps -a --format json; same 'none is left' '[]' "$out"
  nothing_made
}

test_no_such_program() {
  expect 0 plume create prog
  expect 0 plume start prog
  expect 127 plume exec prog no-such-program; contains "$err" "there is no program 'no-such-program'"
  expect 127 plume exec prog 'C:\no\such.exe'; contains "$err" 'there is no program'
  expect 127 plume exec prog 'C:\windows'; contains "$err" 'there is no program'
  echo 'not a program' >text.exe
  expect 126 plume exec prog "$scratch_win\\text.exe"; contains "$err" "cannot run '$scratch_win"
  expect 126 plume exec prog text.exe
  expect 127 plume run --rm no-such-program
  expect 125 plume exec -w 'C:\no\such\folder' prog cmd /c exit; contains "$err" 'C:\no\such\folder'
}

test_store_that_cannot_be_written() {
  refused env PLUME_HOME=/proc/plume "$root/plume" create a -- 'plume: cannot make the folder*PLUME_HOME*'
  touch file
  refused env PLUME_HOME="$scratch/file" "$root/plume" create a -- 'plume: cannot *PLUME_HOME*'
  refused env PLUME_HOME='C:\' "$root/plume" create a -- '*root of a drive*'
  refused env PLUME_HOME="C:\\$(printf 'x%.0s' {1..600})" "$root/plume" create a -- '*too long*'
  expect 0 plume create a
}

test_damaged_store() {
  local vms text
  expect 0 plume create good
  for text in '' '{' '[]' '{"version":1}' '{"version":99}' '{"version":1,"name":"other","ip":"127.64.0.1"}' 'garbage'; do
    expect 0 plume create bad
    vms=$(store)/vms
    printf '%s' "$text" >"$vms/bad/vm.json"
    refused plume start bad -- "plume: cannot use the VM 'bad': vm.json *"
    refused plume inspect bad -- "plume: cannot use the VM 'bad': vm.json *"
    expect 125 plume ps -a; contains "$out" good; contains "$err" "'bad'"
    expect 0 plume rm bad
    expect 0 plume ps -a
  done
  expect 0 plume create bad
  rm "$vms/bad/vm.json"
  refused plume start bad -- "*'bad': its folder has no vm.json*"
  expect 0 plume rm bad
  expect 0 plume create bad
  head -c 100000 /dev/zero >"$vms/bad/vm.json"
  refused plume start bad -- '*vm.json is damaged*'
  expect 0 plume rm bad
  # What a killed command has left is no VM, and goes with the next change.
  mkdir -p "$vms/.new-1-2/files" "$vms/.rm-3-4/files/C"
  touch "$vms/.rm-3-4/files/C/x"
  expect 0 plume ps -a
  expect 0 plume create later
  same 'what is there' 'good later ' "$(ls -A "$vms" | tr '\n' ' ')"
}

test_read_only_files_can_be_removed() {
  expect 0 plume create ro
  expect 0 plume start ro
  expect 0 plume exec ro cmd /c 'echo x > C:\ro.txt & attrib +r C:\ro.txt & mkdir C:\deep\deeper & echo y > C:\deep\deeper\z'
  expect 0 plume rm -f ro
  nothing_made
}

test_full_disk() {
  mkdir small
  mount -t tmpfs -o size=2m plume-test "$scratch/small" 2>/dev/null || skip 'no file system can be mounted here'
  # shellcheck disable=SC2064
  trap "umount -l '$scratch/small'" EXIT
  export PLUME_HOME=$scratch/small/store
  head -c 4000000 /dev/urandom >"$WINEPREFIX/drive_c/big.bin"
  local digest; digest=$(sha256sum <"$WINEPREFIX/drive_c/big.bin")
  expect 0 plume create full
  expect 0 plume start full
  run plume exec full cmd /c 'echo more >> C:\big.bin'
  [ "$status" -ne 0 ] || [ -n "$err" ] || { show; die 'a copy that did not fit was no error'; }
  run plume exec full cmd /c 'for %f in (C:\big.bin) do @echo %~zf'
  same 'the VM still sees the whole file' 4000000 "$out"
  # The room is there again: nothing half copied has stayed.
  expect 0 plume exec full cmd /c 'echo small > C:\small.txt'
  expect 0 plume exec full cmd /c 'type C:\small.txt'; contains "$out" small
  # With no room at all no VM is made.
  dd if=/dev/zero of="$scratch/small/filler" bs=4096 >/dev/null 2>&1
  run plume create another
  same 'status' 125 "$status"; contains "$err" another
  rm "$scratch/small/filler"
  expect 0 plume create another
  expect 0 plume rm -f full another
  same 'the host' "$digest" "$(sha256sum <"$WINEPREFIX/drive_c/big.bin")"
  rm "$WINEPREFIX/drive_c/big.bin"
}

gone() { ! plume inspect --format json "$1" | grep -q '"running"'; }

test_killed_monitor() {
  expect 0 plume create victim
  expect 0 plume start victim
  expect 0 plume exec victim cmd /c 'echo kept > C:\kept.txt'
  plume exec victim ping -n 600 127.0.0.1 >/dev/null 2>&1 &
  local waiting=$!
  wait_for 20 bash -c "plume top victim | grep -qi ping"
  expect 0 "$wine" taskkill.exe /f /pid "$(member victim monitor)"
  wait_for 20 gone victim
  # All of the VM has gone with it: the program too, whose command ends.
  wait_for 20 bash -c "! kill -0 $waiting 2>/dev/null"
  same 'state' stopped "$(member victim state)"
  expect 0 plume start victim
  expect 0 plume exec victim cmd /c 'type C:\kept.txt'; contains "$out" kept
  expect 0 plume stop victim
}

test_monitor_that_does_not_answer() {
  expect 0 plume create mute
  expect 0 plume start mute
  local process found=no
  for process in $(pgrep -f 'plume-monitor.exe --vm .*vms.mute --ready'); do
    # Of this prefix only: somebody else may have a VM of this name.
    ! grep -qzxF "WINEPREFIX=$WINEPREFIX" "/proc/$process/environ" || { kill -STOP "$process" && found=yes; }
  done
  [ $found = yes ] || skip 'the monitor cannot be found'
  local begin=$SECONDS
  expect 0 plume rm -f mute
  [ $((SECONDS - begin)) -le 40 ] || die "it took $((SECONDS - begin)) s"
  expect 0 plume ps -a --format json; same 'none is left' '[]' "$out"
  nothing_made
  expect 0 plume create mute
  expect 0 plume start mute
  expect 0 plume exec mute cmd /c exit 0
}
