# The command line itself: help, options, listings; nothing here needs a VM that runs.

test_help_and_version() {
  expect 0 plume version; contains "$out" 'plume 0.'
  expect 0 plume --version; contains "$out" 'plume 0.'
  expect 0 plume; contains "$out" 'usage: plume VERB'
  expect 0 plume --help; contains "$out" 'usage: plume VERB'
  local verb
  for verb in create start stop rm ps top exec run service inspect logs port version help; do
    expect 0 plume help $verb
    contains "$out" "usage: plume $verb"
  done
  expect 0 plume stop --help; contains "$out" 'usage: plume stop [-t S] NAME'
}

test_wrong_calls() {
  refused plume frobnicate -- "plume: there is no verb 'frobnicate'; *"
  refused plume help frobnicate -- "*there is no verb 'frobnicate'*"
  refused plume create -- 'plume create: an operand is missing; *'
  refused plume create a b -- "plume create: this is one operand too many: 'b'; *"
  refused plume ps -x -- "plume ps: there is no option '-x'; *"
  refused plume ps --al -- "plume ps: there is no option '--al'; *"
  refused plume ps --all=yes -- '*has no value*'
  refused plume ps --format yaml -- "*not 'yaml'*"
  refused plume stop -t -- "*a value is missing after '-t'*"
  refused plume stop -t soon a -- "*number of seconds*'soon'*"
  refused plume stop -t -1 a -- '*number of seconds*'
  refused plume exec a -- '*an operand is missing*'
  refused plume run -- '*an operand is missing*'
  refused plume run -e =x cmd -- '*a variable needs a name*'
  refused plume service a frob -- '*the actions are ls, start, stop, restart, *'
  refused plume service a start -- '*the name of a service is missing*'
}

test_create_list_inspect_remove() {
  expect 0 plume ps -a; same 'an empty list' 'NAME  STATE  IP  CREATED  PORTS' "$out"
  expect 0 plume ps -a --format json; same 'an empty list' '[]' "$out"
  expect 0 plume create one; same 'prints the name' one "$out"
  expect 0 plume create Two.2_x-y
  expect 0 plume ps; same 'created VMs do not run' 'NAME  STATE  IP  CREATED  PORTS' "$out"
  expect 0 plume ps -a; contains "$out" 'one        created'; contains "$out" 'Two.2_x-y  created'
  expect 0 plume ps -a --format json
  same 'names' '"one" "Two.2_x-y" ' "$(sed -n 's/.*"name": \(.*\),/\1/p' <<<"$out" | tr '\n' ' ')"
  same 'state' created "$(member one state)"
  contains "$(member one store)" 'plume\\vms\\one'
  [[ $(member one ip) =~ ^127\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.[0-9]+\.[0-9]+$ ]] || die "ip: $(member one ip)"
  [ "$(member one ip)" != "$(member Two.2_x-y ip)" ] || die 'two VMs have one address'
  same 'names have no case' one "$(member ONE name)"
  expect 0 plume logs one; same 'no log yet' '' "$out"
  expect 0 plume stop one; same 'stopping what does not run is nothing' one "$out"
  expect 0 plume rm one Two.2_x-y
  expect 0 plume ps -a --format json; same 'an empty list' '[]' "$out"
}

test_standard_output_that_cannot_be_written() {
  [ -e /dev/full ] || skip 'there is no /dev/full'
  local status=0
  plume version >/dev/full 2>"$scratch/err" || status=$?
  same 'status' 125 $status
  contains "$(cat "$scratch/err")" 'cannot write to standard output'
}

test_output_ends_with_the_command() {
  # What reads a command's output must see its end, also where the command has left a VM running.
  plume create pipe >/dev/null
  local begin=$SECONDS
  plume start pipe 2>&1 | cat >/dev/null
  [ $((SECONDS - begin)) -lt 10 ] || die 'the output of start did not end'
  same 'state' running "$(member pipe state)"
}
