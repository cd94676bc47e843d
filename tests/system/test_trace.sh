# `plume trace`: what names a VM's programs use, and what became of each; and what a failed start says.
# shellcheck shell=bash

# line KIND OUTCOME NAME: $traced has such a line, whose name ends so.
line() {
  kind=$1 outcome=$2 name=$3 awk '$5 == ENVIRON["kind"] && $6 == ENVIRON["outcome"] && substr($0, length($0) - length(ENVIRON["name"]) + 1) == ENVIRON["name"] { found = 1 } END { exit !found }' <<<"$traced" ||
    { echo "no line: $1 $2 $3"; sed 's/^/  /' <<<"$traced"; exit 1; }
}

test_trace_of_a_program() {
  plume create t >/dev/null || die 'no VM'
  printf old >"$scratch/file.txt"
  # Its exit status, its output, and the trace beside that.
  expect 7 plume trace t -- "$guests/tool_trace.exe" names "$scratch_win\\file.txt"
  same 'its output' 'names ok' "$out"
  traced=$err
  line object private '\PlumeTraceEvent'
  line pipe private '\\.\pipe\plume-trace-pipe'
  line mailslot private '\\.\mailslot\plume-trace-slot'
  line file copied 'C:\test\file.txt'
  line key own '\SOFTWARE\PlumeTrace'
  line socket private '127.0.0.1:4711'
  line service private 'Spooler'
  line machine denied '\PlumeTraceDriver'
  contains "$err" 'Device\NamedPipe\*'
  # The summary.
  contains "$err" 'Refused: 1'
  contains "$err" 'NtLoadDriver: machine \Registry\Machine\System\CurrentControlSet\Services\PlumeTraceDriver: C0000061 (the machine is not a VM'
  contains "$err" '\\.\pipe\plume-trace-pipe'
  same 'the file on the host' old "$(cat "$scratch/file.txt")"
  same 'the VM was stopped again' stopped "$(member t state)"
}

test_trace_as_json_and_to_a_file() {
  plume create t >/dev/null && plume start t >/dev/null || die 'no VM'
  printf old >"$scratch/file.txt"
  expect 7 plume trace --format json -o "$scratch_win\\trace" t -- "$guests/tool_trace.exe" names "$scratch_win\\file.txt"
  contains "$err" '{"summary":{'
  python3 - "$scratch/trace" "$scratch/err" <<'END' || die 'it is not what it has to be'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]
found = {(r['kind'], r['outcome'], r['name'].split('\\')[-1]): r for r in lines}
refused = found[('machine', 'denied', 'PlumeTraceDriver')]
assert refused['status'] == '0xC0000061' and refused['call'] == 'NtLoadDriver' and refused['rule'] is None, refused
event = found[('object', 'private', 'PlumeTraceEvent')]
assert event['rule']['verdict'] == 'private' and event['reason'] and event['pid'] and event['tid'], event
assert event['image'] == 'tool_trace.exe' and event['service'] is None, event
assert ('file', 'copied', 'file.txt') in found
assert any(r['kind'] == 'process' and r['outcome'] == 'started' and r['started'] == event['pid'] for r in lines)
summary = json.loads([l for l in open(sys.argv[2], encoding='utf-8') if l.startswith('{"summary"')][0])['summary']
assert summary['lost'] == 0 and summary['names'] == len(lines), summary
assert [r['by_plume'] for r in summary['refused']] == [True], summary
END
  # Some of it.
  expect 7 plume trace -k pipe -k socket t -- "$guests/tool_trace.exe" names "$scratch_win\\file.txt"
  contains "$err" plume-trace-pipe
  [[ $err != *PlumeTraceEvent* ]] || die 'there is another kind'
  expect 7 plume trace --denied --summary t -- "$guests/tool_trace.exe" names "$scratch_win\\file.txt"
  [[ $err != PROGRAM* && $err == *'Names used: 1' ]] || { show; die 'it is more than a summary of what was denied'; }
}

# None is lost, though there is more than the memory holds; in two traces at once.
test_trace_loses_nothing() {
  plume create t >/dev/null && plume start t >/dev/null || die 'no VM'
  plume trace --format json -o "$scratch_win\\other" t >"$scratch/other.out" 2>&1 </dev/null &
  local other=$!
  wait_for 60 test -e "$scratch/other"
  expect 0 plume trace -k object --format json -o "$scratch_win\\trace" t -- "$guests/tool_trace.exe" many 20000
  same 'records' 20000 "$(grep -c PlumeTraceMany "$scratch/trace")"
  contains "$err" '"lost":0'
  plume stop t >/dev/null
  wait "$other" || die 'the other one failed'
  contains "$(cat "$scratch/other.out")" '"lost":0'
  same 'records of the other' 20000 "$(grep -c PlumeTraceMany "$scratch/other")"
}

# The program goes on when nobody reads any more.
test_trace_that_is_killed() {
  plume create t >/dev/null && plume start t >/dev/null || die 'no VM'
  plume trace -o "$scratch_win\\trace" t >/dev/null 2>&1 </dev/null &
  local tracer=$!
  wait_for 60 test -e "$scratch/trace"
  expect 0 plume exec t cmd /c exit
  wait_for 60 test -s "$scratch/trace"
  kill -KILL "$tracer"
  wait "$tracer" 2>/dev/null
  expect 0 timeout 60 "$root/plume" exec t "$guests/tool_trace.exe" many 20000
  same 'its output' 'made 20000' "$out"
  # Its place is free again.
  expect 0 plume trace --summary t -- "$guests/tool_trace.exe" many 5
  contains "$err" PlumeTraceMany4
}

test_trace_of_a_service() {
  plume create t >/dev/null && plume start t >/dev/null || die 'no VM'
  cp "$guests/tool_trace.exe" "$scratch/"
  expect 0 plume exec t sc create Asks binPath= "$scratch_win\\tool_trace.exe service Asks refused"
  expect 0 plume trace --service Asks --format json -o "$scratch_win\\trace" t -- net start Asks
  wait_for 60 bash -c 'plume service t status Asks | grep -q running'
  grep '"service":"Asks"' "$scratch/trace" >/dev/null || die 'nothing of the service'
  # One that runs already.
  plume trace --service Asks --format json -o "$scratch_win\\later" t >"$scratch/later.out" 2>&1 </dev/null &
  local later=$!
  wait_for 60 test -e "$scratch/later"
  expect 0 plume service t restart Asks
  expect 0 plume exec t cmd /c exit
  plume stop t >/dev/null
  wait "$later" || die 'it failed'
  grep PlumeTraceDriver "$scratch/later" | grep '"service":"Asks"' >/dev/null || die 'nothing of the service that was started again'
  ! grep -v '"service":"Asks"' "$scratch/later" | grep -v '"kind":"service"' >/dev/null || die 'something of another'
}

# A start that fails says what was refused.
test_failed_start_shows_refusals() {
  plume create t >/dev/null && plume start t >/dev/null || die 'no VM'
  cp "$guests/tool_trace.exe" "$scratch/"
  expect 0 plume exec t sc create Fails binPath= "$scratch_win\\tool_trace.exe service Fails fails"
  expect 125 plume service t start Fails
  contains "$err" "the service ended while it started: 'Fails'"
  contains "$err" 'refused: NtLoadDriver: machine \Registry\Machine\System\CurrentControlSet\Services\PlumeTraceDriver: C0000061'
  # What it has started counts, too.
  expect 0 plume exec t sc create Parent binPath= "$scratch_win\tool_trace.exe service Parent child"
  expect 125 plume service t start Parent
  contains "$err" 'refused to tool_trace.exe: NtLoadDriver: machine \Registry\Machine\System\CurrentControlSet\Services\PlumeTraceDriver: C0000061'
}

test_trace_bad_input() {
  plume create t >/dev/null || die 'no VM'
  refused plume trace t -- "plume: the VM is not running: *"
  refused plume trace -- "plume trace: an operand is missing; *"
  refused plume trace --kind nothing t -- "plume trace: the kinds are *"
  refused plume trace nosuch -- "plume: *nosuch*"
  refused plume trace t -- -- "plume trace: an operand is missing after '--'; *"
  plume start t >/dev/null
  refused plume trace -o 'C:\no\such\folder' t -- cmd -- "plume: cannot write to *"
}
