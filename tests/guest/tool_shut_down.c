// Shuts the machine down, which is a VM: by the function that the first argument names. Says what
// it answered and waits for its end, up to a minute.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wait_for_end(const char *answer, DWORD code)
{
    printf("%s %lu\n", answer, (unsigned long)code);
    fflush(stdout);
    Sleep(60000);
    return 5;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    if (!strcmp(how, "exit"))
        return wait_for_end(how, ExitWindowsEx((UINT)atoi(argv[2]), 0) ? 0 : GetLastError());
    if (!strcmp(how, "initiate"))
        return wait_for_end(
            how, InitiateSystemShutdownA(NULL, argv[2], 0, TRUE, FALSE) ? 0 : GetLastError());
    if (!strcmp(how, "system")) {
        LONG(NTAPI * stop)
        (ULONG) = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtShutdownSystem");
        return wait_for_end(how, (DWORD)stop(1));
    }
    if (!strcmp(how, "abort")) { // in an hour, and then not
        BOOL set = InitiateSystemShutdownA(NULL, NULL, 3600, TRUE, FALSE);
        printf("set %d\n", set);
        printf("again %d", InitiateSystemShutdownA(NULL, NULL, 3600, TRUE, FALSE));
        printf(" %lu\n", GetLastError());
        printf("other %d", InitiateSystemShutdownA("\\\\plume-no-machine", NULL, 0, TRUE, FALSE));
        printf(" %lu\n", GetLastError());
        printf("abort %d\n", AbortSystemShutdownA(NULL));
        printf("again %d", AbortSystemShutdownA(NULL));
        printf(" %lu\n", GetLastError());
        return 0;
    }
    return 2;
}
