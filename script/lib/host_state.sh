# Sourced: what a prefix's files and registry are, as text that can be compared.
# shellcheck shell=bash
# Needs $WINEPREFIX, $WINEDEBUG and $wine in the environment.

# host_files [EXCLUDED-PATH...]: a line for every file and folder of drive C (type, mode, size and path) and
# one with the digest of every file. Left out: the store, which is Plume's; and what is given, relative to drive C.
host_files() {
  local excluded=(./users/*/AppData/Local/plume "${@/#/./}") path prune=()
  for path in "${excluded[@]}"; do
    [ ${#prune[@]} -eq 0 ] || prune+=(-o)
    prune+=(-path "$path")
  done
  (
    cd "$WINEPREFIX/drive_c" || exit 1
    find . \( "${prune[@]}" \) -prune -o -type f -printf 'f %m %s %p\n' -o -printf '%y %m %l %p\n'
    find . \( "${prune[@]}" \) -prune -o -type f -print0 | xargs -0r sha256sum
  ) | LC_ALL=C sort
}

# host_registry: every key and value. Left out, because Wine itself writes them: the keys of the display and its
# monitors (whenever its first desktop comes up), its own explorer's and debugger's, and the number of the last
# service that the host's service control manager has started; and Plume's own key.
host_registry() {
  local file
  file=$(mktemp) || return 1
  "$wine" regedit.exe /E "Z:$file" >/dev/null 2>&1 </dev/null || { rm -f "$file"; return 1; }
  iconv -f UTF-16 -t UTF-8 "$file" | tr -d '\r' | awk '
    /^\[/ {
      key = tolower($0)
      skip = key ~ /\\software\\plume(\\|\])/ || key ~ /\\control\\video\\/ || key ~ /\\control\\class\\\{4d36e968-/ ||
             key ~ /\\enum\\(display|pci)\\/ || key ~ /\\control\\deviceclasses\\/ || key ~ /\\hardware\\devicemap\\video/ ||
             key ~ /\\volatile environment/ || key ~ /\\software\\wine\\(explorer|winedbg)/ ||
             key ~ /\\control\\servicecurrent\]/
    }
    !skip && NF'
  rm -f "$file"
}

# host_state FILE [EXCLUDED-PATH...]: both, into FILE.files and FILE.registry.
host_state() {
  local file=$1
  shift
  host_files "$@" >"$file.files" && host_registry >"$file.registry"
}

# host_differs BEFORE AFTER: prints what is different, and succeeds if anything is.
host_differs() {
  local same=0
  diff "$1.files" "$2.files" | grep '^[<>]' | head -n 40
  cmp -s "$1.files" "$2.files" || same=1
  # The section that a changed value stands in makes the difference readable.
  diff --show-function-line='^\[' -U0 "$1.registry" "$2.registry" | grep -v '^\(---\|+++\)' | head -n 40
  cmp -s "$1.registry" "$2.registry" || same=1
  [ $same -eq 1 ]
}
