# Folders of the host: listed, watched and named in a VM that changes them, each guest says what it says
# natively, and the host keeps its own.

# same_over_the_host GUEST: it prepares what the host has, runs natively, and runs in a VM over the same.
same_over_the_host() {
  local guest=$guests/$1.exe failed=0
  "$wine" "$guest" prepare 2>/dev/null
  "$wine" "$guest" 2>/dev/null | tr -d '\r' | grep -v '^differs:' >"$scratch/../native"
  "$wine" "$guest" prepare 2>/dev/null
  find . | sort >"$scratch/../before"
  find . -type f -exec md5sum {} + | sort >>"$scratch/../before"
  plume run --rm "$guest" 2>&1 | tr -d '\r' | grep -v '^differs:' >"$scratch/../vm"
  find . | sort >"$scratch/../after"
  find . -type f -exec md5sum {} + | sort >>"$scratch/../after"
  diff -u --label before --label after "$scratch/../before" "$scratch/../after" || { echo 'the host is not as it was'; failed=1; }
  diff -u --label native --label vm "$scratch/../native" "$scratch/../vm" || { echo 'the VM answers otherwise'; failed=1; }
  [ "$(wc -l <"$scratch/../native")" -gt 20 ] && [ "$(wc -l <"$scratch/../before")" -gt 2 ] ||
    { echo 'nothing was prepared, or nothing said'; failed=1; }
  rm -f "$scratch/../"{native,vm,before,after}
  return $failed
}

test_listing_over_the_host() { same_over_the_host dir_list; }
test_names_over_the_host() { same_over_the_host name_back; }
test_watching_over_the_host() { same_over_the_host dir_watch; }

# A folder that a VM has made has in it what the VM puts there, and stays so when the host makes one of the same
# name; one that the host has shows what the host puts into it later.
test_folder_of_its_own() {
  mkdir -p "$scratch/hosts"
  plume create making >/dev/null && plume start making >/dev/null || die 'there is no VM'
  plume exec making cmd /c 'md C:\test\own\deep & echo vm > C:\test\own\both.txt & echo vm > C:\test\hosts\vm.txt'
  mkdir -p "$scratch/own/deep"
  for name in own/both own/host own/deep/host hosts/host; do echo host >"$scratch/$name.txt"; done
  plume exec making cmd /c 'cd C:\test & dir /b own & dir /b own\deep & dir /b hosts & type own\both.txt & md own\deep\host.txt && echo made' |
    tr -d '\r' >"$scratch/found"
  plume rm -f making >/dev/null
  grep -q made "$scratch/found" || die "what the host has is in the way: $(cat "$scratch/found")"
  [ "$(grep -c '^host.txt$' "$scratch/found")" = 1 ] || die "the host's are seen: $(cat "$scratch/found")"
  [ "$(cat "$scratch/own/both.txt")" = host ] && [ -f "$scratch/own/deep/host.txt" ] || die 'the host was changed'
}

# What marks such a folder goes with it, so that folders which come and go leave nothing, and hide nothing later.
test_folders_that_come_and_go() {
  local marks
  plume create going >/dev/null && plume start going >/dev/null || die 'there is no VM'
  plume exec going cmd /c 'md C:\test\first & rd C:\test\first'
  marks=$(find "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms/going/hidden -type f | wc -l)
  plume exec going cmd /c 'for /L %i in (1,1,20) do @(md C:\test\folder%i\in & rd /s /q C:\test\folder%i)'
  same 'marks that are left' "$marks" "$(find "$WINEPREFIX"/drive_c/users/*/AppData/Local/plume/vms/going/hidden -type f | wc -l)"
  mkdir "$scratch/folder7"
  contains "$(plume exec going cmd /c 'dir /b C:\test')" folder7
  plume rm -f going >/dev/null
}

# What the host changes is told of in a VM where the VM has not changed it itself; what another process of
# the VM changes is; nothing of the store's is.
test_watching_the_host() {
  local folder=$scratch/watched
  mkdir -p "$folder/sub"
  for name in own hidden theirs late; do echo host >"$folder/$name.txt"; done
  plume create watching >/dev/null && plume start watching >/dev/null || die 'there is no VM'
  plume exec watching cmd /c 'echo own > C:\test\watched\own.txt & del C:\test\watched\hidden.txt' || die 'nothing was changed'
  plume exec watching "$guests/tool_watch.exe" 'C:\test\watched' 12 >"$scratch/events" 2>&1 &
  local watcher=$!
  wait_for 10 grep -q watching "$scratch/events"
  echo new >"$folder/host-new.txt"
  echo more >>"$folder/theirs.txt"
  echo more >>"$folder/own.txt" # the VM has its own
  rm "$folder/hidden.txt"       # the VM sees none
  echo again >"$folder/hidden.txt"
  mv "$folder/late.txt" "$folder/later.txt"
  rm "$folder/host-new.txt"
  sleep 0.5
  plume exec watching cmd /c 'echo vm > C:\test\watched\vm.txt & del C:\test\watched\theirs.txt & echo x >> C:\test\watched\own.txt'
  sleep 0.5
  rm "$folder/theirs.txt" # the VM has deleted it already
  touch "$folder/end"
  wait $watcher
  plume rm -f watching >/dev/null
  tr -d '\r' <"$scratch/events" | sort -u >"$scratch/found"
  # `modified vm.txt` depends on how far a file is written when it is told of.
  grep -v '^modified vm.txt$\|^modified host-new.txt$\|^modified end$' "$scratch/found" | diff -u --label expected --label found - <(sort <<'END'
watching
added host-new.txt
removed host-new.txt
modified theirs.txt
old late.txt
new later.txt
added vm.txt
removed theirs.txt
modified own.txt
added end
END
  )
}

# A watch of the whole drive says nothing of the store, which lies on it.
test_watching_the_drive() {
  plume create watching >/dev/null && plume start watching >/dev/null || die 'there is no VM'
  plume exec watching "$guests/tool_watch.exe" 'C:\' 8 subtree >"$scratch/events" 2>&1 &
  local watcher=$!
  wait_for 10 grep -q watching "$scratch/events"
  plume exec watching cmd /c 'md C:\made & echo x > C:\made\x.txt & del C:\made\x.txt & rd C:\made'
  plume exec watching cmd /c 'echo x > C:\made.txt'
  wait $watcher
  plume rm -f watching >/dev/null
  contains "$(cat "$scratch/events")" 'added made.txt'
  contains "$(cat "$scratch/events")" 'removed made'
  if grep -i 'plume\|\\files\\\|h\.\|d\.C' "$scratch/events"; then die 'the store shows'; fi
}
