// The service database: the VM's own view of HKLM\SYSTEM\CurrentControlSet\Services, read when it
// is asked for, so that a service which the host installs is seen in the VM too. To be called after
// the VM has been entered.
#ifndef PLUME_MONITOR_SCM_DATABASE_H
#define PLUME_MONITOR_SCM_DATABASE_H

#include <windows.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/scm_proto.h"

/* A service's configuration as the database has it; the texts are its own. Zero-initialised: empty.
 */
struct db_config {
    uint32_t type, start, error_control, tag;
    bool delete_flag; // DeleteService() was called and the service was in use
    bool wow64;       // installed by a 32-bit program on a 64-bit system
    wchar_t *image_path, *group, *account, *display_name;
    wchar_t *dependencies;   // terminated texts, '+' before groups, and a terminator after the last
    size_t dependencies_len; // units, without that last terminator
};

/* Every call returns a Win32 error. */

DWORD db_open(void);

/* ERROR_SERVICE_DOES_NOT_EXIST where there is no such key, or one without a type (a program's own
 * settings). */
DWORD db_load(const wchar_t *name, struct db_config *config);
/* The same, with no more than what a list of services shows: type, group, display name, whether it
 * is to be deleted. */
DWORD db_load_listed(const wchar_t *name, struct db_config *config);
void db_free(struct db_config *config);

/* The name as the database spells it, of SERVICE_NAME_MAX + 1 units. */
DWORD db_spelling(const wchar_t *name, wchar_t *spelling);

/* The index-th key, of SERVICE_NAME_MAX + 1 units; ERROR_NO_MORE_ITEMS after the last. Keys that
 * are no services come too. */
DWORD db_enumerate(DWORD index, wchar_t *name);
/* The same, and when the key was last written. */
DWORD db_enumerate_written(DWORD index, wchar_t *name, FILETIME *written);

/* Makes the key, or changes it: texts that are absent and numbers that are SCM_NO_CHANGE stay. */
DWORD db_store(const wchar_t *name, const struct scm_config *config, bool create, bool wow64);
DWORD db_set_delete_flag(const wchar_t *name);
DWORD db_delete(const wchar_t *name);

/* The additional configurations of ChangeServiceConfig2: `info` is the wire's INFO of `level`. */
DWORD db_put_info(const wchar_t *name, uint32_t level, struct wire_writer *info);
DWORD db_set_info(const wchar_t *name, uint32_t level, struct wire_reader *info);

/* SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO's list, to be free()d; NULL: nothing is said. */
wchar_t *db_required_privileges(const wchar_t *name, size_t *len);

/* What the service's triggers are, as far as it matters in a VM. */
struct db_triggers {
    bool any;      // it has some
    bool at_start; // one is there from the VM's start on
    bool pipe;     // one is a pipe that is opened; scm_pipe_triggers.c keeps the name from now on
};
struct db_triggers db_triggers(const wchar_t *name);

/* The security descriptor that was set, or the default one. `*descriptor` is to be LocalFree()d. */
DWORD db_security(const wchar_t *name, SECURITY_DESCRIPTOR **descriptor);
DWORD db_set_security(const wchar_t *name, SECURITY_DESCRIPTOR *descriptor);

/* Milliseconds that a started service may take to connect: Control\ServicesPipeTimeout, or 30000.
 */
DWORD db_pipe_timeout(void);

#endif
