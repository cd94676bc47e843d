# VMs and the host are apart: what one has made, no other finds, by no listing and by no name. That the ways to look are
# ways to find something is shown by the maker's own side.

test_apart() {
  local tool=$guests/tool_apart.exe groups='objects pipes ports processes network windows' made who found
  expect 0 plume create a
  expect 0 plume create b
  expect 0 plume start a
  expect 0 plume start b
  "$wine" "$tool" make host >"$scratch/host.made" 2>/dev/null </dev/null &
  local host_maker=$!
  plume exec a "$tool" make guest >"$scratch/guest.made" 2>/dev/null </dev/null &
  made_all() { grep -q ready "$scratch/host.made" && grep -q ready "$scratch/guest.made"; }
  wait_for 60 made_all

  for who in host guest; do
    made=$(tr -d '\r' <"$scratch/$who.made" | sed -n 's/^ready //p')
    local own=$groups
    [ $who = host ] || own="$groups links files keys services" # what the host has of these, a VM sees
    # shellcheck disable=SC2086
    run plume exec b "$tool" try $who $made $own
    [ "$(grep -c '^none: ' <<<"$out")" -ge 60 ] || { show; die "too few ways were tried to find what $who has made"; }
    found=$(grep -v '^none: ' <<<"$out")
    [ -z "$found" ] && [ "$status" -eq 0 ] || die "VM b finds what $who has made: $found $err"
  done
  made=$(tr -d '\r' <"$scratch/guest.made" | sed -n 's/^ready //p')
  # shellcheck disable=SC2086
  run "$wine" "$tool" try guest $made objects pipes ports links files keys services
  found=$(grep -v '^none: ' <<<"$out")
  # A VM's directory with all that is in it is there for the host to see, as its processes are.
  found=$(grep -v '^FOUND: the whole tree of objects' <<<"$found")
  [ -z "$found" ] || die "the host finds what VM a has made: $found"

  # shellcheck disable=SC2086
  run plume exec a "$tool" try guest $made $groups links files keys services
  found=$(grep -c '^FOUND: ' <<<"$out")
  [ "$found" -ge 100 ] || { show; die "VM a itself finds only $found"; }
  made=$(tr -d '\r' <"$scratch/host.made" | sed -n 's/^ready //p')
  # shellcheck disable=SC2086
  run "$wine" "$tool" try host $made $groups
  found=$(grep -c '^FOUND: ' <<<"$out")
  [ "$found" -ge 100 ] || { show; die "the host itself finds only $found"; }
  kill $host_maker 2>/dev/null || true
  expect 0 plume rm -f a b
}
