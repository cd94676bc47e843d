// tool_watch FOLDER SECONDS [subtree]: says what changes in a folder, a line each, and "watching"
// when it has begun.
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    static const char *const actions[] = {"?", "added", "removed", "modified", "old", "new"};
    static LONGLONG buffer[8192];
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE folder = argc < 3 ? INVALID_HANDLE_VALUE
                             : CreateFileW(argv[1], FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING,
                                           FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    DWORD end = GetTickCount() + (argc < 3 ? 0 : (DWORD)_wtoi(argv[2]) * 1000), size;
    for (BOOL first = TRUE;; first = FALSE) {
        if (!ReadDirectoryChangesW(folder, buffer, sizeof buffer, argc > 3,
                                   FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME |
                                       FILE_NOTIFY_CHANGE_LAST_WRITE,
                                   NULL, &overlapped, NULL)) {
            printf("error %lu\n", GetLastError());
            return 1;
        }
        if (first)
            printf("watching\n");
        fflush(stdout);
        DWORD left = end - GetTickCount();
        if ((LONG)left <= 0 || WaitForSingleObject(overlapped.hEvent, left) != WAIT_OBJECT_0)
            return 0;
        if (!GetOverlappedResult(folder, &overlapped, &size, FALSE) || !size)
            printf("too much\n");
        for (const BYTE *at = (const BYTE *)buffer; size;) {
            const FILE_NOTIFY_INFORMATION *info = (const void *)at;
            printf("%s %.*ls\n", actions[info->Action < 6 ? info->Action : 0],
                   (int)info->FileNameLength / 2, info->FileName);
            if (!info->NextEntryOffset)
                break;
            at += info->NextEntryOffset;
        }
    }
}
