// What the guests that use the system's own services share: each starts the service, uses it and
// stops it.
#ifndef PLUME_TEST_GUEST_SERVICE_H
#define PLUME_TEST_GUEST_SERVICE_H

#include <windows.h>

/* SERVICE_NOTIFY_2, which the headers for old Windows have not. */
struct service_notify {
    DWORD version;
    void(CALLBACK *callback)(void *);
    void *context;
    DWORD error;
    SERVICE_STATUS_PROCESS status;
    DWORD triggered;
    void *names; // as the function that was called has them: A or W
};

/* Starts the service, if it does not run, and waits until it does; says whether it runs in the end.
 */
BOOL service_running(const wchar_t *service);

/* Stops the service and waits until it has; says whether it did, or with which error it refused. */
void service_stopped(const wchar_t *service);

/* The program as the service of the name: `run` is called when it is to start, says that it has by
 * calling service_reports_running(), and returns when the event is set. Returns what main() is to
 * return. */
int run_as_service(const wchar_t *service, void (*run)(HANDLE stop));
void service_reports_running(void);

#endif
