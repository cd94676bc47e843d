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

test_system_services_with_tasks() {
  start_two
  keep_console
  trap console_as_before EXIT
  had_tasks=yes
  [ -e "$WINEPREFIX/drive_c/windows/system32/Tasks" ] || had_tasks=no
  at_once sys_tasks host a b
  [ $had_tasks = yes ] || rm -rf "$WINEPREFIX/drive_c/windows/system32/Tasks"
}

# What the installer keeps when its last product is gone: empty keys, and its folder.
installer_keys='Classes\Installer
Microsoft\Windows\CurrentVersion\Installer\UserData
Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
keep_installer() {
  local key
  kept=''
  while read -r key; do
    ! "$wine" reg query "HKLM\\Software\\$key" >/dev/null 2>&1 </dev/null || kept+="|$key|"
  done <<<"$installer_keys"
  [ ! -e "$WINEPREFIX/drive_c/windows/Installer" ] || kept+='|folder|'
}
installer_as_before() {
  local key
  while read -r key; do
    [[ $kept == *"|$key|"* ]] || "$wine" reg delete "HKLM\\Software\\$key" /f >/dev/null 2>&1 </dev/null || true
  done <<<"$installer_keys"
  [[ $kept == *'|folder|'* ]] || rm -rf "$WINEPREFIX/drive_c/windows/Installer"
}

test_system_services_with_packages() {
  start_two
  keep_installer
  trap installer_as_before EXIT
  at_once sys_msi host a b
  contains "$(cat "$scratch/sys_msi.alone")" 'msiexec /f: 0'
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
