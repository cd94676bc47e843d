# Random file operations (tests/guest/random_files.c): the same statuses and the same final state in a VM, over
# what the host has, as natively in a fresh copy of that; and the host keeps its own.
#
#   PLUME_SEEDS='7 8 9' tests/system/run -k random     with other seeds than the fixed ones

random() { "$wine" "$guests/random_files.exe" "$@" 2>&1 </dev/null; }
random_in() { plume exec "$1" "$guests/random_files.exe" "${@:2}" 2>&1 </dev/null; }

# prepared FOLDER COUNT: what COUNT operations work on.
prepared() { mkdir -p "$scratch/$1"; random prepare "$scratch_win\\$1" $((($2 + 2499) / 2500)); }

# tree FOLDER: everything that is in it, with times, access bits and contents.
tree() {
  (cd "$scratch/$1" && find . -printf '%p %y %m %s %T@\n' && find . -type f -print0 | xargs -0r sha256sum) | LC_ALL=C sort
}

# alike NATIVE VM SEED COUNT OPTION...: fails when the two are different, and then says from which operation on.
alike() {
  local native=$1 vm=$2
  shift 2
  [ -s "$native" ] || die "natively nothing was said"
  cmp -s "$native" "$vm" && return
  echo "differs: random_files FOLDER $*"
  diff --label native --label vm -U 2 "$native" "$vm" | head -n 30
  return 1
}

stream() { # stream SEED COUNT OPTION...
  prepared tree "$2"
  random "$scratch_win\\tree" "$@" >"$scratch/native"
  prepared tree "$2"
  tree tree >"$scratch/before"
  plume create random >/dev/null; plume start random >/dev/null
  random_in random "$scratch_win\\tree" "$@" >"$scratch/vm"
  plume rm -f random >/dev/null
  tree tree >"$scratch/after"
  diff "$scratch/before" "$scratch/after" || die 'the host is not as it was'
  alike "$scratch/native" "$scratch/vm" "$@" && return
  # Once more, every operation shown.
  prepared tree "$2"
  random "$scratch_win\\tree" "$@" all >"$scratch/native"
  prepared tree "$2"
  plume create random >/dev/null; plume start random >/dev/null
  random_in random "$scratch_win\\tree" "$@" all >"$scratch/vm"
  alike "$scratch/native" "$scratch/vm" "$@" all || true
  exit 1
}

test_random_files() {
  local seed
  for seed in ${PLUME_SEEDS:-1 2}; do
    stream "$seed" 25000 shares
    stream "$seed" 25000 shares cases
    stream "$seed" 10000 shares cases single
  done
}

# In two VMs and on the host, which works on a copy of its own, at the same time.
test_random_files_at_once() {
  local place pids=() pid
  prepared host 10000; prepared tree 10000
  tree tree >"$scratch/before"
  plume create a >/dev/null; plume create b >/dev/null
  plume start a >/dev/null; plume start b >/dev/null
  random "$scratch_win\\host" 3 10000 >"$scratch/host.said" & pids+=($!)
  for place in a b; do
    random_in $place "$scratch_win\\tree" 3 10000 >"$scratch/$place.said" & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || die 'one did not end well'; done
  for place in a b; do alike "$scratch/host.said" "$scratch/$place.said" 3 10000 || exit 1; done
  tree tree >"$scratch/after"
  diff "$scratch/before" "$scratch/after" || die 'the host is not as it was'
}
