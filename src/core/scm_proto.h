// What the layer and the monitor say to each other about services, over the pipe PIPES\scm in
// message mode, encoded with core/wire.h. One connection is one handle of the service API: it
// starts as nothing and its first request makes it a manager, a service, a dispatcher's or a status
// handle. Each request is answered by one reply, in order.
//
// The monitor believes nothing that a message says: a request that is malformed, or not of the
// connection's kind, closes the connection or fails with ERROR_INVALID_HANDLE.
#ifndef PLUME_CORE_SCM_PROTO_H
#define PLUME_CORE_SCM_PROTO_H

#include "core/service.h"
#include "core/wire.h"

enum {
    SCM_VERSION = 1,
    SCM_MESSAGE_MAX = 65536, // bytes of any message
};

/* Every request is u32 op and then what stands beside the op here; str is a str16, str? one that
 * may be absent. Every reply is u32 Win32 error and then what stands behind "->", which follows
 * only a success unless something else is said. STATUS is the seven u32 of struct service_status;
 * PSTATUS is STATUS, u32 process id, u32 flags. */
enum scm_op {
    /* On a new connection. */
    SCM_OPEN_MANAGER = 1, // u32 SCM_VERSION, str? database, u32 access
    SCM_ADOPT,            // u32 SCM_VERSION, u64 ticket: becomes what the ticket is for
    SCM_DISPATCHER,       // u32 SCM_VERSION, u32 own process id
    SCM_STATUS_HANDLE,    // u32 SCM_VERSION, u32 own process id, str service
    SCM_SHUT_DOWN, // u32 SCM_VERSION, u32 seconds until then: the VM, as a machine. Answered at
                   // once.
    SCM_ABORT_SHUT_DOWN, // u32 SCM_VERSION: while those seconds last
    SCM_STATION,         // u32 SCM_VERSION: has the VM's window station and desktop be there
                         // -> str station, str desktop: their names on the host
    SCM_EVENT_SOURCE, // u32 SCM_VERSION, u32 own process id, str source: becomes one that reports

    SCM_GIVE_LAYER, // u32 SCM_VERSION, u32 own process id, u64 own handle of a process that this
                    // one has made and that is of the other bitness, u32 enum layer_child
                    // -> u32 NTSTATUS

    SCM_PIPE_OPENED, // u32 SCM_VERSION, str name below \pipe\, u32 asked before: somebody opens a
                     // pipe that there is not. Success: a service that has it for a trigger is
                     // starting or, asked again, runs. ERROR_SERVICE_ALREADY_RUNNING: it ran
                     // before.

    /* On any but a dispatcher's: what the handle held is let go before the reply, so that who
     * closes a handle finds what follows from it done, e.g. a service deleted. Then the pipe is
     * closed. */
    SCM_CLOSE = 16,

    /* On a manager or a service. One that is told once is one a handle; what is told each time may
     * be asked for several times. The reply's ticket is good for one SCM_ADOPT, and the watch ends
     * with the handle. */
    SCM_WATCH, // u32 mask of enum scm_change, u32 flags of enum scm_watch_flag -> u64 ticket

    /* On a manager. A service and a lock get a connection of their own: the reply's ticket is good
     * for one SCM_ADOPT. A lock is given back by closing it. */
    SCM_OPEN_SERVICE = 32, // str name, u32 access -> u64 ticket
    SCM_CREATE_SERVICE,    // str name, u32 access, CONFIG, u32 flags (1: by a 32-bit program on 64
                           // bit)
                           // -> u64 ticket, u32 tag
    SCM_ENUM_SERVICES,     // u32 types, u32 states, str? group, u32 first
                       // -> u32 next (0: that was all), u32 n, n * (str name, str display, PSTATUS)
    SCM_DISPLAY_NAME, // str name -> str
    SCM_KEY_NAME,     // str display name -> str
    SCM_LOCK,         // -> u64 ticket
    SCM_LOCK_STATUS,  // -> u32 locked, u32 seconds, str owner
    SCM_BOOT_CONFIG,  // u32 accepted

    /* On a service. */
    SCM_DELETE = 64,
    SCM_START,           // u32 n, n * str
    SCM_CONTROL,         // u32 control, u32 reason (0: none), str? comment
                         // -> PSTATUS, also after an error when the service exists
    SCM_QUERY_STATUS,    // -> PSTATUS
    SCM_QUERY_CONFIG,    // -> CONFIG
    SCM_CHANGE_CONFIG,   // CONFIG, where SCM_NO_CHANGE or an absent str leaves things as they are
                         // -> u32 tag
    SCM_QUERY_CONFIG2,   // u32 level -> INFO of that level
    SCM_CHANGE_CONFIG2,  // u32 level, INFO of that level
    SCM_QUERY_SECURITY,  // u32 SECURITY_INFORMATION -> blob self-relative descriptor
    SCM_SET_SECURITY,    // u32 SECURITY_INFORMATION, blob
    SCM_ENUM_DEPENDENTS, // u32 states, u32 first -> as SCM_ENUM_SERVICES

    /* On a dispatcher's connection. */
    SCM_NEXT = 96, // u32 sequence, u32 error: how the last event ended (0, 0 at first) -> EVENT

    /* On a status handle. */
    SCM_SET_STATUS = 112, // STATUS
    SCM_SET_BITS,         // u32 bits, u32 set, u32 immediately
    SCM_OWN_NAME,         // -> str: the service's name, as the database spells it
    SCM_START_REASON,     // -> u32 enum service_start_reason

    /* On what a watch's ticket gave. Answered when there is a change to tell. */
    SCM_NEXT_CHANGE = 128, // -> u32 error, PSTATUS, u32 changes (0 with an error), str names: a
                           // list of services made ('/' before the name) and deleted

    /* On an event source. */
    SCM_QUERY_SOURCE = 144, // -> str source
    SCM_REPORT_EVENT,       // u32 type, u32 category, u32 id, str message
};

/* What a watch tells: the values of SERVICE_NOTIFY_*, and one for a changed configuration. The
 * states are those of a service, 1 << (state - 1). */
enum scm_change {
    SCM_CHANGE_STATES = 0x7f,
    SCM_CHANGE_CREATED = 0x80, // these two on a manager only, the others on a service only
    SCM_CHANGE_DELETED = 0x100,
    SCM_CHANGE_DELETE_PENDING = 0x200,
    SCM_CHANGE_OF_CONFIG = 0x10000,
};

enum scm_watch_flag {
    SCM_WATCH_EACH = 1,    // each change from now on is told, not only the first
    SCM_WATCH_CURRENT = 2, // with EACH: begin with the state as it is, if that is asked for
};

/* CONFIG: u32 type, u32 start, u32 error control, str? image path, str? group, u32 tag wanted (in a
 * reply: the tag), str? dependencies (a list, '+' before groups), str? account, str? password
 * (never in a reply), str? display name. */
enum { SCM_NO_CHANGE = 0xffffffff };

/* INFO, by level as in QueryServiceConfig2:
 *   description: str?
 *   failure actions: u32 reset period, str? message, str? command, u32 n (SCM_NO_CHANGE: none are
 *     given, what there was stays), n * (u32 type, u32 delay)
 *   required privileges: str? a list
 *   triggers: u32 n, n * (u32 type, u32 action, blob GUID of 16 bytes or none, u32 items,
 *     items * (u32 type, blob))
 *   preferred node: u32 node or SCM_NO_NODE; to set it: SCM_NO_NODE deletes it
 *   delayed start, failure actions flag, SID type, preshutdown timeout, launch protected: u32 */
enum scm_info_level {
    SCM_INFO_DESCRIPTION = 1,
    SCM_INFO_FAILURE_ACTIONS = 2,
    SCM_INFO_DELAYED_AUTO_START = 3,
    SCM_INFO_FAILURE_ACTIONS_FLAG = 4,
    SCM_INFO_SID = 5,
    SCM_INFO_REQUIRED_PRIVILEGES = 6,
    SCM_INFO_PRESHUTDOWN = 7,
    SCM_INFO_TRIGGERS = 8,
    SCM_INFO_PREFERRED_NODE = 9,
    SCM_INFO_LAUNCH_PROTECTED = 12,
};
enum { SCM_FAILURE_ACTIONS_MAX = 64 };
enum {
    SCM_TRIGGERS_MAX = 64,
    SCM_TRIGGER_ITEMS_MAX = 64,  // of each
    SCM_TRIGGER_DATA_MAX = 1024, // bytes of each, as documented
    SCM_GUID_SIZE = 16,
    SCM_NO_NODE = 0xffffffff,
};

/* Whether there is such a level. */
bool scm_info_level_known(uint32_t level);

/* EVENT: u32 sequence, u32 kind, and for
 *   SCM_EVENT_START: str service, u32 type, u32 n, n * str: the arguments after the name
 *   SCM_EVENT_CONTROL: str service, u32 control, u32 event type, blob event data
 *   SCM_EVENT_EXIT: nothing; all services of the process have stopped, the dispatcher returns. */
enum scm_event {
    SCM_EVENT_START = 1,
    SCM_EVENT_CONTROL = 2,
    SCM_EVENT_EXIT = 3,
};

/* CONFIG as a struct; the texts are slices of the message. */
struct scm_config {
    struct service_config basic;
    uint32_t tag;
    struct str16 password;
};

struct scm_process_status {
    struct service_status status;
    uint32_t pid;
    uint32_t flags; // 1: SERVICE_RUNS_IN_SYSTEM_PROCESS
};

void scm_put_status(struct wire_writer *w, const struct service_status *status);
struct service_status scm_get_status(struct wire_reader *r);
void scm_put_process_status(struct wire_writer *w, const struct scm_process_status *status);
struct scm_process_status scm_get_process_status(struct wire_reader *r);
void scm_put_config(struct wire_writer *w, const struct scm_config *config);
struct scm_config scm_get_config(struct wire_reader *r);

#endif
