// Lists processes (all names, or the ids of those with the given name), opens one by its id, ends
// one; sets the event whose handle it is given; hands such a handle on to the command line that the
// arguments make, and says whether it was set. The exit code is the Win32 error.
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

static int hand(int argc, char **argv)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE event = CreateEventA(&inherited, TRUE, FALSE, NULL);
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    char line[2048] = "";
    for (int i = 2; i < argc; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "\"%s\" ", argv[i]);
    snprintf(line + strlen(line), sizeof line - strlen(line), "%lu",
             (unsigned long)(ULONG_PTR)event);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return (int)GetLastError();
    WaitForSingleObject(process.hProcess, INFINITE);
    printf("%s\n", WaitForSingleObject(event, 0) ? "not set" : "set");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "hand"))
        return hand(argc, argv);
    if (argc > 1 && !strcmp(argv[1], "list"))
        return list(argc > 2 ? argv[2] : NULL);
    if (argc < 3)
        return 2;
    if (!strcmp(argv[1], "set"))
        return SetEvent((HANDLE)(ULONG_PTR)strtoul(argv[2], NULL, 10)) ? 0 : (int)GetLastError();
    HANDLE process =
        OpenProcess(strcmp(argv[1], "end") ? PROCESS_QUERY_INFORMATION : PROCESS_TERMINATE, FALSE,
                    (DWORD)strtoul(argv[2], NULL, 10));
    if (!process)
        return (int)GetLastError();
    return strcmp(argv[1], "end") || TerminateProcess(process, 9) ? 0 : (int)GetLastError();
}
