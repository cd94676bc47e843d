# Named objects and device links: what a VM makes and removes is its own, and goes with it.

# objects: every name that the host has, as text that can be compared: without what comes and goes with processes.
objects() {
  "$wine" "$guests/tool_objects.exe" list 2>/dev/null | tr -d '\r' | LC_ALL=C sort | grep -v '__wine\|winedevice\|wineserver\|BaseNamedObjects\\[^p]' || true
}

# nothing_new WHAT BEFORE AFTER: fails, and says which, when there are names that were not there before. (What the host's
# own programs of an earlier test have left may go meanwhile.)
nothing_new() {
  local new
  new=$(LC_ALL=C comm -13 <(echo "$2") <(echo "$3"))
  [ -z "$new" ] || { echo "$1: $new"; die 'the host has what it did not have'; }
}

test_objects_stay_off_the_host() {
  local tool=$guests/tool_objects.exe before
  expect 0 "$wine" "$tool" define M: '\??\C:\windows'
  before=$(objects)
  contains "$before" 'SymbolicLink \??\M:'
  expect 0 plume create objects
  expect 0 plume start objects
  in_vm() { plume exec objects "$@" 2>/dev/null | tr -d '\r'; }
  expect 0 plume exec objects "$tool" define N: '\??\C:\windows'
  expect 0 plume exec objects "$tool" stay '\BaseNamedObjects\pstays'
  expect 0 plume exec objects "$tool" stay '\KernelObjects\pstays'
  expect 0 plume exec objects "$tool" stay '\Device\pstays'
  expect 0 plume exec objects "$tool" remove M:
  # Other processes of the VM see all of it.
  seen=$(in_vm "$tool" list)
  contains "$seen" 'SymbolicLink \??\N:'
  contains "$seen" 'Event \BaseNamedObjects\pstays'
  contains "$seen" 'Event \KernelObjects\pstays'
  contains "$seen" 'Event \Device\pstays'
  contains "$seen" 'SymbolicLink \??\C:'
  [[ $seen != *'\M:'* ]] || die 'a letter that the VM has removed is still there'
  [[ $seen != *plume-objects* && $seen != *'.removed'* ]] || { grep 'plume-objects\|removed' <<<"$seen"; die "the VM sees the layer's own"; }
  contains "$(in_vm cmd /c 'if exist N:\system32\kernel32.dll echo found')" found
  same 'and not the letter' '' "$(in_vm cmd /c 'if exist M:\system32\kernel32.dll echo found')"
  expect 0 plume exec objects "$tool" define M: '\??\C:\windows'
  contains "$(in_vm "$tool" list)" 'SymbolicLink \??\M:'
  # The host has none of it, neither while the VM runs nor after, but for the VM's own directory.
  nothing_new 'the host, meanwhile' "$before" "$(objects | grep -v '\\plume-')"
  contains "$(objects)" 'SymbolicLink \??\M:'
  expect 0 plume stop objects
  gone() { ! objects | grep -q "plume-"; }
  wait_for 60 gone
  nothing_new 'the host, after' "$before" "$(objects)"
  contains "$(objects)" 'SymbolicLink \??\M:'
  expect 0 plume rm -f objects
  expect 0 "$wine" "$tool" remove M:
}

# Files through drive letters that a VM has defined: as on Windows (Wine itself does not follow them).
test_objects_through_links() {
  local lines
  cd "$scratch" || die 'no scratch'
  run plume run --rm "$guests/obj_link.exe"
  lines=$(sed -n 's/^differs: //p' <<<"$out" | LC_ALL=C sort)
  same 'what goes through drives that the VM defined' 'and the folder: 1
attributes of R:\: 10
delete on it: 1
go there: 1
list R:\*: 2
make a folder on it: 1
move to it: 1
read R:\low.txt: changed
read R:\low.txt: low
read S:\low.txt: changed
read T:\folder\low.txt: changed
read \\.\R:\low.txt: changed
read \\?\GLOBALROOT\??\R:\low.txt: changed
read \\?\R:\low.txt: changed
read folder\new.txt: new
read folder\sub\moved.txt: new
read moved.txt: new
write R:\new.txt
write folder\low.txt' "$lines"
}
