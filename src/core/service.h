// The service model: what the documentation of the Windows service functions says about names,
// types, states, controls and access, as decisions without any system call. The constants have the
// documented values under names of their own, because this header is also read where <winsvc.h> is
// not.
#ifndef PLUME_CORE_SERVICE_H
#define PLUME_CORE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

enum {
    SERVICE_NAME_MAX = 256, // units, without a terminator; also of a display name
};

/* Win32 errors that the model answers with. */
enum service_error {
    SVC_OK = 0,
    SVC_E_ACCESS_DENIED = 5,
    SVC_E_INVALID_DATA = 13,
    SVC_E_NOT_SUPPORTED = 50,
    SVC_E_INVALID_PARAMETER = 87,
    SVC_E_INVALID_NAME = 123,
    SVC_E_INVALID_SERVICE_CONTROL = 1052,
    SVC_E_INVALID_SERVICE_ACCOUNT = 1057,
    SVC_E_CIRCULAR_DEPENDENCY = 1059,
    SVC_E_CANNOT_ACCEPT_CTRL = 1061,
    SVC_E_NOT_ACTIVE = 1062,
};

enum service_type {
    SVC_KERNEL_DRIVER = 0x1,
    SVC_FILE_SYSTEM_DRIVER = 0x2,
    SVC_ADAPTER = 0x4,
    SVC_RECOGNIZER_DRIVER = 0x8,
    SVC_DRIVER = 0xb, // any of the drivers
    SVC_WIN32_OWN_PROCESS = 0x10,
    SVC_WIN32_SHARE_PROCESS = 0x20,
    SVC_WIN32 = 0x30,
    SVC_USER_SERVICE = 0x40,
    SVC_USER_SERVICE_INSTANCE = 0x80,
    SVC_INTERACTIVE_PROCESS = 0x100,
    SVC_TYPE_ALL = 0x3ff, // and those of the app packages
};

enum service_start_type {
    SVC_BOOT_START = 0,
    SVC_SYSTEM_START = 1,
    SVC_AUTO_START = 2,
    SVC_DEMAND_START = 3,
    SVC_DISABLED = 4,
};

enum service_state {
    SVC_STOPPED = 1,
    SVC_START_PENDING = 2,
    SVC_STOP_PENDING = 3,
    SVC_RUNNING = 4,
    SVC_CONTINUE_PENDING = 5,
    SVC_PAUSE_PENDING = 6,
    SVC_PAUSED = 7,
};

enum service_control {
    SVC_CONTROL_STOP = 1,
    SVC_CONTROL_PAUSE = 2,
    SVC_CONTROL_CONTINUE = 3,
    SVC_CONTROL_INTERROGATE = 4,
    SVC_CONTROL_SHUTDOWN = 5,
    SVC_CONTROL_PARAMCHANGE = 6,
    SVC_CONTROL_NETBINDADD = 7,
    SVC_CONTROL_NETBINDDISABLE = 10,
    SVC_CONTROL_PRESHUTDOWN = 15,
    SVC_CONTROL_USER_FIRST = 128,
    SVC_CONTROL_USER_LAST = 255,
};

enum service_accept {
    SVC_ACCEPT_STOP = 0x1,
    SVC_ACCEPT_PAUSE_CONTINUE = 0x2,
    SVC_ACCEPT_SHUTDOWN = 0x4,
    SVC_ACCEPT_PARAMCHANGE = 0x8,
    SVC_ACCEPT_NETBINDCHANGE = 0x10,
    SVC_ACCEPT_PRESHUTDOWN = 0x100,
};

/* Access rights of the two kinds of handle. */
enum service_access {
    SC_RIGHT_CONNECT = 0x1,
    SC_RIGHT_CREATE_SERVICE = 0x2,
    SC_RIGHT_ENUMERATE_SERVICE = 0x4,
    SC_RIGHT_LOCK = 0x8,
    SC_RIGHT_QUERY_LOCK_STATUS = 0x10,
    SC_RIGHT_MODIFY_BOOT_CONFIG = 0x20,
    SC_RIGHT_ALL = 0xf003f,

    SVC_RIGHT_QUERY_CONFIG = 0x1,
    SVC_RIGHT_CHANGE_CONFIG = 0x2,
    SVC_RIGHT_QUERY_STATUS = 0x4,
    SVC_RIGHT_ENUMERATE_DEPENDENTS = 0x8,
    SVC_RIGHT_START = 0x10,
    SVC_RIGHT_STOP = 0x20,
    SVC_RIGHT_PAUSE_CONTINUE = 0x40,
    SVC_RIGHT_INTERROGATE = 0x80,
    SVC_RIGHT_USER_DEFINED_CONTROL = 0x100,
    SVC_RIGHT_DELETE = 0x10000,
    SVC_RIGHT_READ_CONTROL = 0x20000,
    SVC_RIGHT_WRITE_DAC = 0x40000,
    SVC_RIGHT_WRITE_OWNER = 0x80000,
    SVC_RIGHT_ALL = 0xf01ff,
};

/* Why a service was started: the values of SERVICE_START_REASON_*. */
enum service_start_reason {
    SVC_START_REASON_DEMAND = 1,
    SVC_START_REASON_AUTO = 2,
    SVC_START_REASON_TRIGGER = 4,
    SVC_START_REASON_RESTART_ON_FAILURE = 8,
    SVC_START_REASON_DELAYED_AUTO = 0x10,
};

/* What SERVICE_STATUS holds, in its order. */
struct service_status {
    uint32_t type;
    uint32_t state;
    uint32_t accepted;
    uint32_t exit_code;
    uint32_t specific_code;
    uint32_t check_point;
    uint32_t wait_hint; // milliseconds
};

/* What CreateService and ChangeServiceConfig can set, as far as rules apply to it. A text with
 * s == NULL is not given. */
struct service_config {
    uint32_t type;
    uint32_t start;
    uint32_t error_control;
    struct str16 image_path;
    struct str16 group;
    struct str16 account;      // not given: LocalSystem
    struct str16 dependencies; // names one after the other, each terminated; '+' before a group's
    struct str16 display_name;
};

/* 1 to 256 units, none of them '/', '\' or a terminator. */
bool service_name_valid(struct str16 name);
/* The same length; any units but a terminator. */
bool service_display_name_valid(struct str16 name);

/* SVC_OK or the error with which CreateService refuses this configuration of the service `name`:
 * types and start types that do not go together, interactive with another account than LocalSystem,
 * a dependency that is no name or is the service itself. */
uint32_t service_config_check(struct str16 name, const struct service_config *config);

/* Whether an account's name means the local system: none given, "LocalSystem", ".\LocalSystem". */
bool service_account_is_system(struct str16 account);

/* The rights that a caller is granted: generic ones mapped, MAXIMUM_ALLOWED made all. */
uint32_t service_manager_access(uint32_t wanted);
uint32_t service_access(uint32_t wanted);

/* Whether there are only such rights in a mask as there are for a manager (or a service), generic
 * ones and MAXIMUM_ALLOWED included. Others nobody can be granted: ERROR_ACCESS_DENIED (MS-SCMR
 * 3.1.4.15, 3.1.4.16). */
bool service_access_is_known(uint32_t wanted, bool manager);

/* The right that ControlService() needs for `control`; 0 where the control is not one that a
 * program may send (ControlService fails with ERROR_INVALID_PARAMETER). */
uint32_t service_control_right(uint32_t control);

/* Whether a service in `status` can be sent `control` now: the table in ControlService's
 * documentation. SVC_OK, or the error that the caller gets. */
uint32_t service_control_check(const struct service_status *status, uint32_t control);

/* Whether the reason of SERVICE_CONTROL_STATUS_REASON_PARAMS is one that its documentation allows:
 * a general code, a major and a minor one, those of the user's own in their ranges if the general
 * one says so, and only then. */
bool service_stop_reason_valid(uint32_t reason);

/* SVC_OK or ERROR_INVALID_DATA: the checks of SetServiceStatus on what a service reports. */
uint32_t service_status_check(const struct service_status *reported);

/* Takes over what a service reported: the type stays what it is configured to be, and in a state
 * that is not a pending one there is no progress to report. */
void service_status_apply(struct service_status *status, const struct service_status *reported);

/* Whether EnumServicesStatus shows a service of this type and state: `types` is a mask of
 * service_type, `states` 1 for active ones, 2 for inactive ones, or both. */
bool service_listed(uint32_t type, uint32_t state, uint32_t types, uint32_t states);

/* Walks over a list of terminated texts, as in REG_MULTI_SZ: sets *item to the next one and returns
 * true, or false at the end. Start with *at = 0. A last text may be unterminated. */
bool service_list_next(struct str16 list, size_t *at, struct str16 *item);
bool service_list_has(struct str16 list, struct str16 item); // without case

/* The order in which to start services so that each one's dependencies come before it. The services
 * are numbers below `count`; edge(context, service, n) is the number of the n-th that it depends
 * on, or SERVICE_NONE where there are no more. `first` is what is to be started; it comes last in
 * order[0 .. *ordered]. `order`, `stack`, `next` and `mark` are the caller's, `count` elements
 * each. Returns SVC_OK or ERROR_CIRCULAR_DEPENDENCY. */
#define SERVICE_NONE ((size_t)-1)
struct service_order {
    size_t *order;
    size_t *stack;
    size_t *next;
    uint8_t *mark;
};
uint32_t service_start_order(struct service_order *work, size_t count, size_t first,
                             size_t (*edge)(void *context, size_t service, size_t n), void *context,
                             size_t *ordered);

#endif
