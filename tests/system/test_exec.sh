# exec and run: what goes through to the program and back.

vm() { plume create "$1" >/dev/null && plume start "$1" >/dev/null || die 'no VM'; }

test_streams_and_status() {
  vm io
  expect 0 plume exec io cmd /c 'echo to out& echo to err>&2'
  same 'standard output' 'to out' "$out"; same 'standard error' 'to err' "$err"
  local code
  for code in 0 1 3 42 125 255; do expect $code plume exec io cmd /c exit $code; done
  # Standard input to its end, and as much output: more than a pipe holds, so that both sides have to wait.
  seq 1 30000 >in.txt
  "$wine" cmd /c more <in.txt 2>/dev/null | cksum >native.txt
  plume exec io cmd /c more <in.txt 2>/dev/null | cksum >vm.txt
  same 'what came through' "$(cat native.txt)" "$(cat vm.txt)"
  expect 0 bash -c 'plume exec io cmd /c "echo piped" | cat'; same 'to a pipe' piped "$out"
  expect 0 bash -c 'plume exec io cmd /c "echo x" </dev/null'
}

test_arguments() {
  vm args
  expect 0 plume exec args cmd /c echo plain; same 'plain' plain "$out"
  expect 0 plume exec args cmd /c echo -e K=V --rm -- x; same 'options behind NAME are the program'"'"'s' '-e K=V --rm -- x' "$out"
  expect 0 plume exec args cmd /c 'echo a b'; same 'a space' 'a b' "$out"
  expect 0 plume exec args cmd /c echo '*.nothing'; same 'no wildcard is expanded' '*.nothing' "$out"
  expect 0 plume exec -- args cmd /c echo x; same 'options end with --' x "$out"
}

test_environment_and_folder() {
  vm env
  expect 0 plume exec -e 'A=1 2' -e B= --env=C=x env cmd /c 'echo [%A%][%C%]'; same 'variables' '[1 2][x]' "$out"
  expect 0 plume exec -w 'C:\windows' env cmd /c cd; same 'the folder' 'C:\windows' "$(tr A-Z a-z <<<"$out" | sed 's/^c/C/')"
  expect 0 plume exec env cmd /c cd; same 'this folder' "$scratch_win" "$out"
  expect 0 env PLUME_HOME= "$root/plume" exec env cmd /c 'echo [%PLUME_HOME%]'; same 'the store is not told' '[%PLUME_HOME%]' "$out"
}

test_run() {
  expect 7 plume run --rm cmd /c exit 7
  expect 0 plume ps -a --format json; same 'nothing is left of run --rm' '[]' "$out"
  expect 0 plume run --name kept cmd /c 'echo made > C:\made.txt'
  same 'state' stopped "$(member kept state)"
  expect 0 plume start kept
  expect 0 plume exec kept cmd /c 'type C:\made.txt'; contains "$out" made
  expect 0 plume run cmd /c 'echo hi'; same 'output' hi "$out"
  expect 0 plume ps -a --format json
  same 'two are left' 2 "$(grep -c '"name"' <<<"$out")"
  expect 9 plume run --rm -e X=5 -w 'C:\windows' cmd /c 'if %X%==5 exit 9'
}

test_what_a_vm_writes_stays_in_it() {
  vm w1; vm w2
  expect 0 plume exec w1 cmd /c 'echo one > C:\same.txt'
  expect 0 plume exec w2 cmd /c 'echo two > C:\same.txt'
  expect 0 plume exec w1 cmd /c 'type C:\same.txt'; contains "$out" one
  expect 0 plume exec w2 cmd /c 'type C:\same.txt'; contains "$out" two
  [ ! -e "$WINEPREFIX/drive_c/same.txt" ] || die 'it is on the host'
  expect 0 plume exec w1 reg add 'HKLM\Software\PlumeTest' /v V /d one /f
  expect 0 plume exec w1 reg query 'HKLM\Software\PlumeTest' /v V; contains "$out" one
  expect 1 plume exec w2 reg query 'HKLM\Software\PlumeTest' /v V
  expect 1 "$wine" reg query 'HKLM\Software\PlumeTest' /v V
  expect 0 plume stop w1
  expect 0 plume start w1
  expect 0 plume exec w1 cmd /c 'type C:\same.txt'; contains "$out" one
  expect 0 plume exec w1 reg query 'HKLM\Software\PlumeTest' /v V; contains "$out" one
  # A VM made again is a new one, its registry too.
  expect 0 plume rm -f w1
  vm w1
  expect 1 plume exec w1 cmd /c 'type C:\same.txt'
  expect 1 plume exec w1 reg query 'HKLM\Software\PlumeTest' /v V
}

test_top_and_stop() {
  vm top
  plume exec top ping -n 600 127.0.0.1 >/dev/null 2>&1 &
  local waiting=$!
  wait_for 20 bash -c "plume top top | grep -qi ping"
  expect 0 plume top --format json top; contains "$out" '"pid": '
  expect 0 plume stop top
  wait_for 20 bash -c "! kill -0 $waiting 2>/dev/null"
  same 'state' stopped "$(member top state)"
  [ "$(member top stopped)" != null ] || die 'the time of the stop is not recorded'
  expect 0 plume logs top; [ -n "$out" ] || die 'the log is empty'
}

test_interrupted_run_leaves_nothing() {
  # As a terminal does it: to all processes of the foreground.
  setsid "$root/plume" run --rm ping -n 600 127.0.0.1 >/dev/null 2>&1 &
  local leader=$!
  wait_for 30 bash -c "plume ps | grep -q running"
  wait_for 30 pgrep -g "$leader" -f '^ping'
  kill -INT -- "-$leader"
  wait_for 30 bash -c '[ "$(plume ps -a --format json | tr -d "\r")" = "[]" ]'
}
