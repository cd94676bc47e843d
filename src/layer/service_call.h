// How the service functions reach the VM's own service control manager. A handle that a program
// gets (SC_HANDLE, SERVICE_STATUS_HANDLE) is the kernel's handle of a pipe to it: see
// core/scm_proto.h.
#ifndef PLUME_LAYER_SERVICE_CALL_H
#define PLUME_LAYER_SERVICE_CALL_H

#include "core/scm_proto.h"
#include "layer/layer.h"

enum {
    SERVICE_CALL_SMALL = 1024, // bytes of a request or reply without texts of any length
    // Bytes that cover a request with texts of a common length.
    SERVICE_CALL_LARGE = SCM_MESSAGE_MAX,
};

/* A request in the making and its reply. After service_call_begin(), the request's fields are put
 * to `w`; after service_call_send(), the reply's are got from `r`. */
struct service_call {
    struct wire_writer w;
    struct wire_reader r;
    uint8_t *memory;
    size_t reply_cap;
};

/* Room for a request and a reply of these sizes. Without memory the later calls return
 * ERROR_NOT_ENOUGH_MEMORY. */
void service_call_begin(struct service_call *call, uint32_t op, size_t request_cap,
                        size_t reply_cap);

/* Sends it and waits for the reply. Returns the Win32 error that the manager answered, or the one
 * that says why there is no answer: ERROR_INVALID_HANDLE for what is no handle of the VM's manager.
 */
DWORD service_call_send(struct service_call *call, HANDLE handle);

/* Frees the memory; texts got from the reply go with it. */
void service_call_end(struct service_call *call);

#define service_cleanup_call __attribute__((cleanup(service_call_end)))

/* Connects to the manager: a handle that is nothing yet. RPC_S_SERVER_UNAVAILABLE when there is
 * none. */
DWORD service_connect(HANDLE *handle);

/* A connection for a ticket that a manager's handle gave. */
DWORD service_adopt(uint64_t ticket, HANDLE *handle);

/* The same, of which several operations may be under way: for service_watch.h. */
DWORD service_adopt_overlapped(uint64_t ticket, HANDLE *handle);

/* The Win32 error of a status that an exchange with the manager ended with. */
DWORD service_error_of(NTSTATUS status);

/* Whether `handle` is a connection to the VM's manager. */
bool service_is_handle(HANDLE handle);

/* Closes a handle that is one, once the manager has let go what it held. */
void service_close(HANDLE handle);

/* Sets the last error unless it is ERROR_SUCCESS; returns whether it is. */
BOOL service_result(DWORD error);

/* A function of another DLL, found when it is needed; NULL where there is none. */
void *service_import(const WCHAR *dll, const char *name);

/* Text in the process's ANSI code page as UTF-16, in memory of layer_alloc(); NULL stays NULL.
 * `list`: texts one after the other up to an empty one. *ok is cleared where there is no memory. */
uint16_t *service_wide(const char *text, bool *ok);
uint16_t *service_wide_list(const char *list, bool *ok);

/* A program's text as the messages want it: NULL is "absent". */
struct str16 service_text(const uint16_t *text);
/* A list with the terminators of its texts, without the last one. */
struct str16 service_list(const uint16_t *list);

#endif
