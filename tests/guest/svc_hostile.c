// In a VM the handles of the service functions are kernel handles, and nothing keeps a program from
// sending to them what it likes. The manager has to survive that and to serve others; elsewhere the
// calls simply fail. Prints only what follows from that.
#include <windows.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGES = 1000, HANDLES = 32, MESSAGE_MAX = 70000 };

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

static SC_HANDLE new_handle(SC_HANDLE manager)
{
    switch (any(3)) {
    case 0:
        return OpenSCManagerW(NULL, NULL, any(2) ? SC_MANAGER_ALL_ACCESS : SC_MANAGER_CONNECT);
    default:
        return OpenServiceW(manager, L"PlumeHostile",
                            any(2) ? SERVICE_ALL_ACCESS : SERVICE_QUERY_STATUS);
    }
}

static DWORD make_message(uint32_t *words)
{
    static const uint32_t requests[] = {
        0,  1,  2,  3,  4,  16, 32, 33,  34,  35,         36, 37, 38, 39,  65,  66,  67,  68,
        69, 70, 71, 72, 73, 74, 96, 112, 113, 0xffffffff, 7,  8,  17, 114, 115, 128, 144, 145};
    DWORD len = any(16) == 0 ? any(MESSAGE_MAX) : any(160);
    for (DWORD i = 0; i <= len / 4; i++) {
        static const uint32_t edges[] = {0,          1,          2,          3,         7,
                                         0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000};
        words[i] = any(4) ? edges[any(sizeof(edges) / sizeof(*edges))] : any(0xffffff) * 257;
    }
    words[0] = requests[any(sizeof(requests) / sizeof(*requests))];
    return len;
}

int main(void)
{
    static uint32_t message[MESSAGE_MAX / 4 + 1];
    static char reply[MESSAGE_MAX];
    SC_HANDLE handles[HANDLES] = {NULL};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE own =
        CreateServiceW(manager, L"PlumeHostile", NULL, SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_DISABLED, SERVICE_ERROR_NORMAL,
                       L"C:\\plume\\none.exe", NULL, NULL, NULL, NULL, NULL);
    printf("manager: %d, service: %d\n", manager != NULL, own != NULL);
    if (!own)
        return 1;
    for (int i = 0; i < MESSAGES; i++) {
        SC_HANDLE *handle = &handles[any(HANDLES)];
        DWORD got;
        if (!*handle)
            *handle = new_handle(manager);
        DWORD len = make_message(message);
        if (any(8) == 0) {
            CloseServiceHandle(*handle);
            *handle = NULL;
        } else if (any(64) == 0) {
            WriteFile(*handle, message, len, &got, NULL); // without waiting for an answer
            CloseServiceHandle(*handle);
            *handle = NULL;
        } else if (!TransactNamedPipe(*handle, message, len, reply, sizeof(reply), &got, NULL) &&
                   any(2)) {
            CloseServiceHandle(*handle);
            *handle = NULL;
        }
    }
    SERVICE_STATUS status;
    memset(&status, 0, sizeof(status));
    printf("the first handle still works: %d\n",
           QueryServiceStatus(own, &status) && status.dwCurrentState == 1);
    SC_HANDLE fresh = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE again = OpenServiceW(fresh, L"PlumeHostile", SERVICE_ALL_ACCESS);
    printf("new handles: %d, %d\n", fresh != NULL, again != NULL);
    printf("deleted: %d\n", DeleteService(again));
    return 0;
}
