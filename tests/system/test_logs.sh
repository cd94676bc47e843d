# `plume logs`: what services write and report, what is kept of it; and the rest of `plume service`.

# says VM [OPTION...]: a VM that runs, with the service Says that writes and reports.
says() {
  plume create "${@:2}" "$1" >/dev/null && plume start "$1" >/dev/null || die 'no VM'
  [ -e "$scratch/tool_svc_says.exe" ] || cp "$guests/tool_svc_says.exe" "$scratch/"
  plume exec "$1" sc create Says binPath= "$scratch_win\\tool_svc_says.exe service Says" >/dev/null || die 'no service'
}
lines() { wc -l <<<"$1"; }

test_logs_of_a_service() {
  says talk
  # A system's DLL has messages with a string in them: 193 is "... for %1."
  expect 0 plume exec talk reg add 'HKLM\System\CurrentControlSet\Services\EventLog\Application\Says' /v EventMessageFile /t REG_EXPAND_SZ /d '%SystemRoot%\system32\kernelbase.dll;nothing.dll'
  expect 0 plume service talk start Says
  expect 0 plume service talk stop Says
  expect 0 plume logs talk
  contains "$out" 'plume | service Says: running'; contains "$out" 'Says | hello from standard output'
  contains "$out" 'Says | without an endtold to stop'
  contains "$err" 'Says | hello from standard error'
  [[ $out == *'Says | information 193 from Says: '*'the first string'* ]] || die "no event: $out"
  [[ $out == *'information 193 from Says: the first string'* ]] && die 'the message was not formatted'

  expect 0 plume logs --service sAYS talk
  same 'all of it' 3 "$(lines "$out")"; same 'and its errors' 'hello from standard error' "$err"
  expect 0 plume logs --service Says -n 1 talk; same 'the last' 'without an endtold to stop' "$out"
  expect 0 plume logs --service Says --tail 0 talk; same 'none' '' "$out$err"
  expect 0 plume logs -t -n2 --service Says talk
  [[ $out =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{7}Z\ information ]] || die "no time: $out"
  expect 0 plume logs --format json --service Says talk
  same 'all in one' 4 "$(lines "$out")"
  contains "$out" '"stream":"stderr","service":"Says","pid":'; contains "$out" '"source":"Says","event_id":193,"event_type":4,"level":"information","category":0,"text":"'
  expect 0 plume logs --since 1h talk; contains "$out" 'hello'
  expect 0 plume logs --until 1h talk; same 'nothing so old' '' "$out$err"
  expect 0 plume logs --since 2999-01-01 talk; same 'nothing so new' '' "$out$err"
  local middle
  middle=$(plume logs -t --service Says -n 1 talk | cut -d' ' -f1)
  expect 0 plume logs --since "$middle" --service Says talk; same 'since then' 'without an endtold to stop' "$out"
  expect 0 plume logs --until "$middle" --service Says talk; same 'until then' 3 "$(lines "$out")"
}

test_logs_called_wrongly() {
  plume create bad >/dev/null
  refused plume logs -- 'plume logs: an operand is missing*'
  refused plume logs bad bad -- '*one operand too many*'
  refused plume logs nobody -- "plume: there is no VM 'nobody'; *"
  refused plume logs --since yesterday bad -- "plume logs: this is neither a time such as *: 'yesterday'; *"
  refused plume logs --until 2026-13-01 bad -- "plume logs: this is neither a time*"
  refused plume logs --tail -1 bad -- 'plume logs: this is not a number of entries*'
  refused plume logs -n x bad -- 'plume logs: this is not a number of entries*'
  refused plume logs --format xml bad -- "*the formats are 'table' and 'json'*"
  refused plume create --log-max-size 1k bad2 -- '*this is not a size such as 10m, of at least 128k*'
  expect 0 plume logs -f bad; same 'what does not run says no more' '' "$out"
}

# It goes on until the VM stops, and has told everything then.
test_logs_are_followed() {
  says live
  plume logs -f --service Says live >"$scratch/followed" 2>&1 </dev/null &
  local pid=$!
  expect 0 plume service live start Says
  wait_for 60 grep -q 'hello from standard output' "$scratch/followed"
  kill -0 $pid 2>/dev/null || die 'it has ended'
  expect 0 plume stop live
  wait $pid || die 'it failed'
  contains "$(cat "$scratch/followed")" 'without an endtold to stop'
}

# Three files, the oldest of which goes; and one whose writer was killed in the middle of a line.
test_logs_are_bounded() {
  local folder file before
  says full --log-max-size 128k
  folder=$(ls -d "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms/full/log)
  expect 0 plume exec full sc start Says flood 10000
  is_told() { plume logs --service Says -n 3 full 2>/dev/null | grep -q 'the first string' && plume logs --service Says -n 3 full 2>/dev/null | grep -q 'hello from standard output'; }
  wait_for 60 is_told
  [ "$(cat "$folder"/* | wc -c)" -le $((3 * 128 * 1024)) ] || die "$(ls -l "$folder")"
  expect 0 plume logs --service Says full
  contains "$out" 'line 9999 of the flood'; [[ $out != *'line 0 of'* ]] || die 'the first is there'
  before=$(grep -o 'line [0-9]*' <<<"$out" | cut -d' ' -f2)
  same 'in their order, without a gap' "$(seq "$(head -n 1 <<<"$before")" 9999)" "$before"
  expect 0 plume stop full
  for file in "$folder"/*; do printf '{"time":"2026-' >>"$file"; done
  expect 0 plume start full
  expect 0 plume logs -n 1 full; same 'it goes on' 'plume | the VM is ready' "$out"
  expect 0 plume logs --service Says -n 1 full; contains "$out" 'told to stop'
}

test_events_of_a_program() {
  plume create ev >/dev/null && plume start ev >/dev/null
  expect 0 plume exec ev "$guests/log_events.exe"
  expect 0 plume logs --service PlumeGuest ev
  contains "$out" 'warning 2 from PlumeGuest: one two'; contains "$out" 'error 3 from PlumeGuest: one'
  contains "$out" 'success 6 from PlumeGuest: one'
}

test_service_verbs() {
  says verbs
  plume exec verbs sc create Needs binPath= "$scratch_win\\tool_svc_says.exe service Needs" >/dev/null
  plume exec verbs reg add 'HKLM\System\CurrentControlSet\Services\Needs' /v DependOnService /t REG_MULTI_SZ /d Says >/dev/null
  expect 0 plume service verbs start Needs
  expect 0 plume service verbs status Says; contains "$out" running
  refused plume service verbs stop Says -- "plume: cannot stop the service 'Says': *Win32 error 1051); '--force' stops those, too"
  expect 0 plume service verbs restart --force Says
  expect 0 plume service verbs status Needs; contains "$out" running
  expect 0 plume service verbs stop -f Says
  expect 0 plume service verbs status Needs; contains "$out" stopped
  expect 0 plume service verbs restart Says
  expect 0 plume service verbs pause Says; same 'silent' '' "$out"
  expect 0 plume service verbs status Says; contains "$out" paused
  expect 0 plume service verbs continue Says
  expect 0 plume service verbs status --format json Says; contains "$out" '"state": "running"'
  expect 0 plume service verbs stop Says
}

test_service_is_configured() {
  says conf
  expect 0 plume service conf config Says --start delayed --display-name 'The Sayer' --description 'It says.'
  expect 0 plume service conf config Says
  contains "$out" 'start         delayed'; contains "$out" 'display name  The Sayer'; contains "$out" 'description   It says.'
  expect 0 plume service conf config --format json Says; contains "$out" '"depends_on": []'; contains "$out" '"start": "delayed"'
  expect 0 plume service conf disable Says
  refused plume service conf start Says -- '*Win32 error 1058)'
  expect 0 plume service conf enable Says
  expect 0 plume stop conf
  expect 0 plume start conf
  runs_by_itself() { plume service conf status Says | grep -q running; }
  wait_for 60 runs_by_itself
}

test_service_called_wrongly() {
  plume create conf >/dev/null
  refused plume service conf frob Says -- '*the actions are ls, start*, not *'
  refused plume service conf restart -- '*the name of a service is missing*'
  refused plume service conf stop Says more -- "*one operand too many: 'more'*"
  refused plume service conf start -f Says -- "*'--force' is for 'stop' and 'restart'*"
  refused plume service conf config Says --start later -- "*a service starts 'auto'*"
  refused plume service conf status --start auto Says -- "*'--start' is for 'config' and 'import'*"
  refused plume service conf start --description x Says -- '*are not for*'
}

# A start that fails says what the service has said.
test_service_that_fails_says_why() {
  says why
  run plume service why start Says fail
  same 'status' 125 "$status"
  same 'why' "plume: cannot start the service 'Says': it ended with its own error 7
  there is no configuration" "$err"
  expect 0 plume service why start -- Says mute
}

# What a VM has taken over stays as it was when the host's is changed, and starts with the VM.
test_services_are_taken_over() {
  local key='HKLM\System\CurrentControlSet\Services\Spooler'
  refused plume create --service Nope taken -- "plume: cannot take over the service 'Nope': *Win32 error 1060)"
  refused plume create --service MountMgr taken -- "*it is a driver, which a VM does not run"
  refused plume inspect taken -- '*there is no VM*'
  expect 0 plume create --service Spooler taken
  expect 0 plume start taken
  runs_by_itself() { plume service taken status Spooler | grep -q running; }
  wait_for 60 runs_by_itself

  plume create late >/dev/null && plume start late >/dev/null
  expect 0 plume service late import --start manual Spooler
  refused plume service late import MountMgr -- '*it is a driver*'
  refused plume service late import Nope -- '*Win32 error 1060)'
  expect 0 "$wine" reg add "$key" /v Description /d 'changed on the host' /f
  expect 0 plume service late config Spooler; local text=$out
  expect 0 plume service taken config Spooler; text+=$out
  expect 0 "$wine" reg add "$key" /v Description /d 'Loads files to memory for later printing' /f
  [[ $text != *'changed on the host'* ]] || die 'it is not their own'
  contains "$text" 'start         manual'; contains "$text" 'start         auto'
}
