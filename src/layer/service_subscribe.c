// Subscriptions to a service's changes, each with a thread that calls back, and waiting for a
// state.
#include "layer/service_api.h"
#include "layer/service_watch.h"

typedef HANDLE WINAPI create_thread(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *,
                                    DWORD, DWORD *);

/* What a program gets as PSC_NOTIFICATION_REGISTRATION. */
struct subscription {
    struct service_watch *watch;
    HANDLE stop, thread;
    ULONG_PTR thread_id;
    void(CALLBACK *callback)(DWORD change, void *context);
    void *context;
    bool abandoned; // ended by its own callback: the thread frees it
};

static void free_subscription(struct subscription *s)
{
    if (s->watch)
        service_watch_close(s->watch);
    if (s->stop)
        real.NtClose(s->stop);
    if (s->thread)
        real.NtClose(s->thread);
    layer_free(s);
}

static ULONG_PTR own_thread_id(void)
{
    return (ULONG_PTR)((void **)NtCurrentTeb())[9]; // ClientId.UniqueThread
}

static DWORD WINAPI run(void *parameter)
{
    struct subscription *s = parameter;
    struct service_change change;
    s->thread_id = own_thread_id();
    while (!s->abandoned && service_watch_wait(s->watch, s->stop, NULL, &change) == ERROR_SUCCESS) {
        // Several changes may have come since; the program is told of each kind once.
        for (uint32_t bit = 1; bit && !s->abandoned; bit <<= 1) {
            if (change.changes & bit)
                s->callback(bit == SCM_CHANGE_OF_CONFIG ? 0 : bit, s->context);
        }
    }
    if (s->abandoned)
        free_subscription(s);
    return 0;
}

DWORD WINAPI service_SubscribeServiceChangeNotifications(SC_HANDLE handle, DWORD type,
                                                         void *callback, void *context,
                                                         void **subscription)
{
    static const uint32_t masks[] = {
        SCM_CHANGE_CREATED | SCM_CHANGE_DELETED,
        SCM_CHANGE_OF_CONFIG,
        SCM_CHANGE_STATES | SCM_CHANGE_DELETE_PENDING,
    };
    if (!handle)
        return ERROR_INVALID_HANDLE;
    if (!callback || !subscription || type >= sizeof(masks) / sizeof(*masks))
        return ERROR_INVALID_PARAMETER;
    create_thread *make_thread = (create_thread *)service_import(L"kernel32.dll", "CreateThread");
    struct subscription *s = layer_alloc(sizeof(*s));
    if (!s || !make_thread) {
        layer_free(s);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    s->callback = (void(CALLBACK *)(DWORD, void *))callback;
    s->context = context;
    DWORD error = service_watch_open(handle, masks[type], SCM_WATCH_EACH, &s->watch);
    if (error == ERROR_SUCCESS)
        error = service_error_of(
            real.NtCreateEvent(&s->stop, EVENT_ALL_ACCESS, NULL, 0 /* NotificationEvent */, FALSE));
    if (error == ERROR_SUCCESS) {
        // The program is given it before the first call back.
        *subscription = s;
        s->thread = make_thread(NULL, 0, run, s, 0, NULL);
        if (!s->thread)
            error = ERROR_NOT_ENOUGH_MEMORY;
    }
    if (error != ERROR_SUCCESS)
        free_subscription(s);
    return error;
}

void WINAPI service_UnsubscribeServiceChangeNotifications(void *subscription)
{
    struct subscription *s = subscription;
    if (!s)
        return;
    if (s->thread_id == own_thread_id()) { // from its own callback
        s->abandoned = true;
        return;
    }
    real.NtSetEvent(s->stop, NULL);
    real.NtWaitForSingleObject(s->thread, FALSE, NULL);
    free_subscription(s);
}

// Undocumented but declared: waits until the service is in one of the states of `mask`, up to
// `milliseconds`, or until `cancel` is set.
DWORD WINAPI service_WaitServiceState(SC_HANDLE handle, DWORD mask, DWORD milliseconds,
                                      HANDLE cancel)
{
    struct service_watch *watch;
    struct service_change change;
    if (!handle)
        return ERROR_INVALID_HANDLE;
    if (mask & ~(DWORD)(SCM_CHANGE_STATES | SCM_CHANGE_DELETE_PENDING))
        return ERROR_INVALID_PARAMETER;
    DWORD error = service_watch_open(handle, mask, SCM_WATCH_EACH | SCM_WATCH_CURRENT, &watch);
    if (error != ERROR_SUCCESS)
        return error;
    LARGE_INTEGER timeout = {.QuadPart = -10000 * (LONGLONG)milliseconds};
    error = service_watch_wait(watch, cancel, milliseconds == INFINITE ? NULL : &timeout, &change);
    service_watch_close(watch);
    return error;
}
