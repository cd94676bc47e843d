# Several at once: what works in one VM works in two and on the host at the same time, under the same names.

# Names in the kernel: the host is one of three.
test_objects_and_pipes_on_the_host_and_in_two_vms() {
  start_two
  at_once obj_named host a b
  at_once pipe_named host a b
}

# Files, keys and services: a VM sees what the host is doing to its own, so the host does nothing here.
test_files_keys_and_services_in_two_vms() {
  start_two
  at_once file_ops a b
  at_once reg_win32 a b
  at_once proc_child a b
  at_once svc_own a b
  [ -z "$(ls -A "$scratch/work")" ] || die "left on the host: $(ls -A "$scratch/work")"
}

# Windows, messages, clipboard, atoms and DDE services: the host is one of four.
test_windows_on_the_host_and_in_three_vms() {
  local guest
  start_two
  plume create c >/dev/null; plume start c >/dev/null
  for guest in win_station win_messages win_clipboard win_atoms win_dde; do
    at_once "$guest" host a b c
  done
}
