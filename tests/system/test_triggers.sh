# What starts a service besides a program that asks for it: a pipe that is opened. (The first network address is in test_scm.sh.)

is() { [[ $(plume service "$vm" status "$1") == *"$2"* ]]; }
ask() { expect 0 plume exec "$vm" "$guests/tool_svc_pipe.exe" ask "$@"; }
set_trigger() { expect 0 plume exec "$vm" "$guests/tool_svc_pipe.exe" set "$@"; same "set $*" 'set: ok 0' "$out"; }
pipe_service() { # NAME PIPE [fails]
  [ -e "$scratch/tool_svc_pipe.exe" ] || cp "$guests/tool_svc_pipe.exe" "$scratch/"
  expect 0 plume exec "$vm" sc create "$1" binPath= "$scratch_win\\tool_svc_pipe.exe service $*"
}

test_pipe_that_is_opened_starts_its_service() {
  local name
  vm=pipes
  plume create pipes >/dev/null && plume start pipes >/dev/null || die 'no VM'
  pipe_service Piped plume-trigger
  ask plume-trigger; same 'without a trigger' 'cannot be opened: error 2' "$out"
  set_trigger Piped plume-trigger
  ask plume-other; same 'another pipe' 'cannot be opened: error 2' "$out"
  is Piped stopped || die 'another pipe started it'
  ask Plume-Trigger; same 'the pipe' 'answered by the service' "$out"
  is Piped running || die 'the service does not run'
  contains "$(plume logs pipes)" 'service Piped: its pipe is opened, which triggers its start'
  expect 0 plume service pipes stop Piped

  # Many at once start it once, and all wait.
  ask plume-trigger 8
  same 'all of them' "$(for name in 1 2 3 4 5 6 7 8; do echo 'answered by the service'; done)" "$out"
  same 'starts' 2 "$(plume logs pipes | grep -c 'Piped: running')"

  # It is the same after the VM's next start.
  expect 0 plume stop pipes
  expect 0 plume start pipes
  ask plume-trigger; same 'after a start of the VM' 'answered by the service' "$out"
  expect 0 plume service pipes stop Piped

  # One that is switched off, that fails, or that is gone does not keep anybody waiting.
  expect 0 plume service pipes disable Piped
  ask plume-trigger; same 'switched off' 'cannot be opened: error 2' "$out"
  expect 0 plume exec pipes sc delete Piped
  ask plume-trigger; same 'deleted' 'cannot be opened: error 2' "$out"
  pipe_service Fails plume-trigger fails
  set_trigger Fails plume-trigger
  ask plume-trigger; same 'one that fails' 'cannot be opened: error 2' "$out"
  set_trigger Fails ''
  ask plume-trigger; same 'without a trigger again' 'cannot be opened: error 2' "$out"

  # An interface that is asked for: kept, and nothing comes of it.
  set_trigger Fails 338cd001-2244-31f1-aaaa-900038001003 interface
  expect 0 plume stop pipes
  expect 0 plume start pipes
  wait_for 60 bash -c 'plume logs pipes | grep -q "service Fails: what triggers its start does not happen in a VM"'
}
