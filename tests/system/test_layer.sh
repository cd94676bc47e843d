# The layer is in every process of a VM before any code but ntdll's, or the process does not run.

made='DllMain: file: 0
DllMain: key: 0
DllMain: mutex: 0'
found='DllMain: file: 80
DllMain: key: 183
DllMain: mutex: 183'

first_three() { tr -d '\r' | grep '^DllMain: \(file\|key\|mutex\)'; }

# A DLL that the program imports makes a file, a key and a mutex in its DllMain: all three land in the VM.
test_what_a_dll_makes_at_its_start_lands_in_the_vm() {
  local pid
  plume create a >/dev/null; plume create b >/dev/null
  plume start a >/dev/null; plume start b >/dev/null
  mkfifo "$scratch/hold"
  plume exec a "$guests/early_dll.exe" hold <"$scratch/hold" >"$scratch/held" 2>&1 &
  pid=$!
  exec {fd}>"$scratch/hold"
  wait_for 20 grep -q holding "$scratch/held"
  same 'it makes them' "$made" "$(first_three <"$scratch/held")"
  # There, and only there, they exist now; also for what another program of the VM starts.
  same 'the VM has them' "$found" "$(plume exec a cmd /c "$(wine_path "$guests/early_dll.exe")" </dev/null 2>&1 | first_three)"
  same 'the host has not' "$made" "$("$wine" "$guests/early_dll.exe" 2>/dev/null </dev/null | first_three)"
  same 'nor has another VM' "$made" "$(plume exec b "$guests/early_dll.exe" </dev/null 2>&1 | first_three)"
  exec {fd}>&-
  wait $pid
}

wine_path() { # Windows' name of a file of this machine
  local path=Z:$1
  printf '%s' "${path//\//\\}"
}

test_a_program_that_the_layer_cannot_enter_is_not_run() {
  local other=$root/build/i686/bench/empty.exe
  [ -e "$other" ] || die "there is no $other: script/build makes it"
  plume create a >/dev/null; plume start a >/dev/null
  expect 126 plume exec a "$other"
  contains "$err" "cannot run '$other'"
  contains "$err" 'no part for programs of its bitness'
  # Nor a program of the system below Wine, which would know nothing of the VM.
  expect 126 plume exec a /bin/true
  contains "$err" "cannot run '/bin/true'"
}
