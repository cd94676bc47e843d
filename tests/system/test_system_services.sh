# The system's own services: each is started by the VM's service control manager, used by a client in the VM and
# stopped, in two VMs and on the host at the same time. docs/services.md has the table.

test_system_services_with_files() {
  start_two
  keep_console
  trap console_as_before EXIT
  at_once sys_bits host a b
  at_once sys_task host a b
}

test_system_services_with_settings() {
  start_two
  at_once sys_printer a b
  at_once sys_eventlog host a b
  at_once sys_services host a b
}

# Not on the host at the same time: a VM would see what is made there meanwhile. Alone it is a parity test.
test_system_services_with_tasks_and_packages() {
  start_two
  at_once sys_tasks a b
  at_once sys_msi a b
  contains "$(cat "$scratch/sys_msi.a")" 'msiexec, repair: 0'
}

test_system_services_over_com() {
  start_two
  at_once sys_wmi host a b
  at_once sys_wia host a b
}

# The kernel's web server is the host's. It runs, and a VM gets nothing from it.
test_system_services_without_http() {
  start_two
  contains "$(output host tool_http)" 'the client got it: 1'
  same 'a VM' 'library: ok
initialize: 50
queue: 3
url: 6
second queue: 3
the same url: 6
not a url: 6
remove: 87
remove again: 87
terminate: 0' "$(output a tool_http)"
}
