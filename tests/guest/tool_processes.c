// Lists processes (all names, or the ids of those with the given name), opens one by its id, ends
// one. The exit code is the Win32 error.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

static int list(const char *name)
{
    PROCESSENTRY32 entry = {.dwSize = sizeof entry};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    char text[MAX_PATH];
    for (BOOL more = Process32First(snapshot, &entry); more;
         more = Process32Next(snapshot, &entry)) {
        snprintf(text, sizeof text, "%ls", entry.szExeFile);
        if (!name)
            printf("%s\n", text);
        else if (!strcmp(name, text))
            printf("%lu\n", entry.th32ProcessID);
    }
    CloseHandle(snapshot);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "list"))
        return list(argc > 2 ? argv[2] : NULL);
    if (argc < 3)
        return 2;
    HANDLE process =
        OpenProcess(strcmp(argv[1], "end") ? PROCESS_QUERY_INFORMATION : PROCESS_TERMINATE, FALSE,
                    (DWORD)strtoul(argv[2], NULL, 10));
    if (!process)
        return (int)GetLastError();
    return strcmp(argv[1], "end") || TerminateProcess(process, 9) ? 0 : (int)GetLastError();
}
