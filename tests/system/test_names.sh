# One file, many names: links and other drives lead a VM to the same file as the host, to its own copy, and never
# into the store.

# Over a folder that the host has, every name reads what every other has written, as natively.
test_names_over_the_host() {
  local names=$guests/file_names.exe
  populate() { rm -rf "$scratch/low"; mkdir -p "$scratch/low/sub"; echo host >"$scratch/low/A file.txt"; echo deep >"$scratch/low/sub/inner.txt"; }
  populate
  "$wine" "$names" "$scratch_win\\low" 2>/dev/null | tr -d '\r' >"$scratch/native"
  populate
  plume run --rm "$names" "$scratch_win\\low" 2>&1 | tr -d '\r' >"$scratch/vm"
  diff -u --label native --label vm "$scratch/native" "$scratch/vm" || die 'the VM answers otherwise'
  [ "$(wc -l <"$scratch/vm")" -gt 200 ] || die 'the guest did not do its work'
  same 'the host is as it was' 'host deep' "$(cat "$scratch/low/A file.txt" "$scratch/low/sub/inner.txt" | tr '\n' ' ' | sed 's/ $//')"
}

# Unix links (and, on Windows, junctions): the VM changes the target by one name and sees it by the other.
test_names_links() {
  mkdir -p "$scratch/real/sub" "$scratch/far"
  echo host >"$scratch/real/a.txt"
  echo far >"$scratch/far/b.txt"
  ln -s real "$scratch/link"
  ln -s ../link/sub "$scratch/far/back"
  ln -s "$scratch/far" "$scratch/real/sub/far"
  ln -s loop "$scratch/loop"
  ln -s real/a.txt "$scratch/file-link"
  expect 0 plume create links
  expect 0 plume start links
  in_vm() { plume exec links cmd /c "$*" 2>&1 | tr -d '\r'; }
  same 'read by the link' host "$(in_vm type 'C:\test\link\a.txt')"
  in_vm 'echo changed>C:\test\link\a.txt'
  same 'changed by the link, read by the folder' changed "$(in_vm type 'C:\test\real\a.txt')"
  in_vm 'echo again>C:\test\real\a.txt'
  same 'and the other way' again "$(in_vm type 'C:\test\link\a.txt')"
  in_vm 'echo new>C:\test\link\new.txt'
  same 'made by the link' new "$(in_vm type 'C:\test\real\new.txt')"
  in_vm 'echo up>C:\test\far\back\far\back\up.txt'
  same 'three links in one name' up "$(in_vm type 'C:\test\real\sub\up.txt')"
  same 'listed by a link' 'a.txt new.txt sub ' "$(in_vm dir /b 'C:\test\link' | sort | tr '\n' ' ')"
  in_vm del 'C:\test\link\a.txt'
  contains "$(in_vm type 'C:\test\real\a.txt')" 'not found'
  same 'a link to itself' "$("$wine" cmd /c 'type C:\test\loop\x' 2>&1 | tr -d '\r')" "$(in_vm type 'C:\test\loop\x')"
  in_vm 'echo by the link>C:\test\file-link'
  same 'written through a link to a file that was deleted, read there' 'by the link' "$(in_vm type 'C:\test\real\a.txt')"
  local unix
  unix=$(readlink -f "$scratch")
  in_vm "echo z>Z:${unix//\//\\}\\z.txt"
  same 'made on the drive of the root, read on C:' z "$(in_vm type 'C:\test\z.txt')"
  same 'nothing of it on the host' 'far far/b.txt file-link link loop real real/a.txt real/sub ' \
    "$(cd "$scratch" && find . -mindepth 1 -not -name out -not -name err -not -path '*/back' -not -path '*sub/far' | sed 's|^\./||' | sort | tr '\n' ' ')"
  same 'the host has its own' host "$(cat "$scratch/real/a.txt")"
}

# The store is nowhere in a VM, by whatever name.
test_names_store_is_hidden() {
  expect 0 plume create hidden
  local folder store unix name
  folder=$(member hidden store | sed 's/\\\\/\\/g')
  [ -n "$folder" ] || die 'inspect does not tell the folder'
  unix=$(readlink -f "$WINEPREFIX/drive_c/$(sed 's/^[A-Za-z]:\\//; s/\\/\//g' <<<"$folder")")
  [ -e "$unix/vm.json" ] || die "there is no $unix/vm.json"
  ln -s "$unix" "$scratch/to-vm"
  ln -s "$(dirname "$(dirname "$unix")")" "$scratch/to-store"
  store=$(dirname "$(dirname "$unix")")
  for name in "$folder\\vm.json" "\\\\?\\$folder\\vm.json" "Z:${unix//\//\\}\\vm.json" "\\\\?\\unix${unix//\//\\}\\vm.json" \
    "C:\\test\\to-vm\\vm.json" "C:\\test\\to-store\\vms\\hidden\\vm.json" "$folder\\..\\hidden\\vm.json" "${folder^^}\\VM.JSON"; do
    run plume exec hidden cmd /c type "$name"
    [ "$status" -ne 0 ] || die "the VM can read $name"
  done
  for name in "$folder" "Z:${store//\//\\}" "C:\\test\\to-store" "C:\\test\\to-vm" "\\\\?\\unix${store//\//\\}"; do
    run plume exec hidden cmd /c dir /b "$name"
    [[ $out != *vms* && $out != *vm.json* && $out != *files* ]] || { show; die "the VM can list $name"; }
    run plume exec hidden cmd /c "echo x>$name\\mine.txt"
    [ ! -e "$store/mine.txt" ] && [ ! -e "$unix/mine.txt" ] || die "the VM wrote into the store by $name"
  done
  # What an attempt left must not stand in the way of the real thing.
  expect 0 plume rm -f hidden
}
