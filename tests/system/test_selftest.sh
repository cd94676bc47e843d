# `plume selftest`: that it compares, that it sees what is different, and that it leaves nothing.
# shellcheck shell=bash

no_vms_left() { same 'VMs that are left' '' "$(plume ps -a -q | tr -d '\r')"; }
nothing_left() {
  no_vms_left
  same 'folders that are left' '' "$(find "$WINEPREFIX"/drive_c/users/*/Temp -name 'plume-selftest*')"
}

# programs GUEST...: a folder with these to run.
programs() {
  local name
  mkdir -p "$scratch/programs"
  for name in "$@"; do cp "$guests/$name.exe" "$scratch/programs/"; done
}

test_selftest_of_what_is_right() {
  programs obj_named pipe_named file_names
  printf '%s\n' '# a remark' 'at-once obj_named' 'at-once-in-vms pipe_named' 'service Spool*' >"$scratch/programs/selftest.txt"
  expect 0 plume selftest --guests "$scratch_win\\programs" --list
  same 'the tests' "$(printf '%s\n' parity/file_names parity/obj_named parity/pipe_named host-intact at-once/obj_named \
    at-once/pipe_named service/Spooler)" "$out"
  expect 0 plume selftest --guests "$scratch_win\\programs" --report "$scratch_win\\report.md"
  contains "$out" '7 ok, 0 failed, 0 skipped'
  contains "$out" 'Spooler: runs in several VMs at once; nothing interferes'
  contains "$(cat "$scratch/report.md")" '| at-once/pipe\_named | ok |'
  python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["architecture"] == "x86_64" and "Wine" in report["system"], report
assert len(report["tests"]) == 7 and all(t["result"] == "ok" and not t["more"] for t in report["tests"]), report
' "$scratch/report.md.json" || die 'it is not what it has to be'
  nothing_left
}

test_selftest_sees_what_is_different() {
  programs obj_link
  cp "$guests/tool_differs.exe" "$scratch/programs/other.exe"
  echo 'at-once other' >"$scratch/programs/selftest.txt"
  # It ends with 3 in each place alike; what is different is one line.
  expect 1 plume selftest --guests "$scratch_win\\programs" --report "$scratch_win\\report.md"
  contains "$out" '2 ok, 2 failed, 0 skipped'
  [[ $out =~ parity/other\ +FAILED\ +[0-9.]+\ +2\ lines\ differ ]] || { show; die 'parity/other'; }
  contains "$out" 'VM 1: 2 lines differ; VM 2: 2 lines differ; host: 2 lines differ'
  contains "$(cat "$scratch/report.md")" '## parity/other'
  grep -q '^      the same$' "$scratch/report.md" || die 'the line before is not told'
  same 'lines that differ' 4 "$(grep -c '^    [-+] the time: [0-9]*$' <(sed '/^## at-once/,$d' "$scratch/report.md"; sed -n '/^VM 2/,/^host/p' "$scratch/report.md"))"
  expect 1 plume selftest --guests "$scratch_win\\programs" -k parity/other --format json
  python3 -c '
import json, sys
test, = json.load(open(sys.argv[1]))["tests"]
assert test["name"] == "parity/other" and test["result"] == "failed" and "- the time: " in test["more"], test
' "$scratch/out" || die 'it is not what it has to be'
  nothing_left
}

test_selftest_bad_input() {
  mkdir "$scratch/empty"
  refused plume selftest --guests "$scratch_win\\empty" -- "*there are no programs to run; *"
  refused plume selftest -k 'no such test' --list -- "*no test has this in its name: 'no such test'; *"
  refused plume selftest x -- 'plume selftest: *'
  programs obj_link
  echo 'at-noon obj_link' >"$scratch/programs/selftest.txt"
  refused plume selftest --guests "$scratch_win\\programs" -- "*'at-noon obj_link': the line is not known"
}
