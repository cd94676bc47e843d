// Sections of a file that a process has not made: that it has from its parent, that another process
// put into it, that it took from another, and that it opened by name. It maps each before the file
// is written for the first time, or after, and sees what is written; in pages that it wrote
// privately, its own.
//
//   file_section prepare      makes the files: run natively before, they are the host's for a VM
//   file_section              works on them; makes those that are not there
//   file_section check        shows their contents
//   file_section child WAY READY GO PIPE     the other process
#include "common_step.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ALL  (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define NAME L"plume test section"
enum { PAGE = 4096, PAGES = 20, PATIENCE = 60000 };

enum way { INHERITED, PUT, TAKEN, NAMED, WAYS };
static const char *const ways[WAYS] = {"inherited", "put", "taken", "named"};

/* What the child is told: a process and a handle's value in it, or in the child itself. */
struct message {
    DWORD process;
    ULONG handle;
};

static void path_of(WCHAR path[MAX_PATH], enum way way, bool late)
{
    _snwprintf(path, MAX_PATH, L"sections\\%hs%ls", ways[way], late ? L" late" : L"");
}

static void prepare(void)
{
    static char content[PAGES * PAGE];
    WCHAR path[MAX_PATH];
    DWORD size;
    CreateDirectoryW(L"sections", NULL);
    for (unsigned i = 0; i < PAGES; i++)
        memset(content + (size_t)i * PAGE, 'a' + (int)i, PAGE);
    for (enum way way = 0; way < WAYS; way++)
        for (int late = 0; late < 2; late++) {
            path_of(path, way, late);
            HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
            if (file == INVALID_HANDLE_VALUE)
                continue;
            WriteFile(file, content, sizeof content, &size, NULL);
            CloseHandle(file);
        }
}

static HANDLE section_of(enum way way, const struct message *message)
{
    HANDLE section = NULL;
    if (way == NAMED)
        return OpenFileMappingW(FILE_MAP_READ | FILE_MAP_COPY, FALSE, NAME);
    if (way != TAKEN)
        return (HANDLE)(ULONG_PTR)message->handle;
    HANDLE process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, message->process);
    step("take", DuplicateHandle(process, (HANDLE)(ULONG_PTR)message->handle, GetCurrentProcess(),
                                 &section, 0, FALSE, DUPLICATE_SAME_ACCESS));
    CloseHandle(process);
    return section;
}

static void show(const char *what, const char *view)
{
    say(what, "%.3s %c %c", view, view[2 * PAGE], view[5 * PAGE]);
}

static int child(enum way way, bool late, HANDLE ready, HANDLE go, HANDLE pipe)
{
    struct message message;
    DWORD size;
    char *view = NULL, *private = NULL;
    if (!step("told", ReadFile(pipe, &message, sizeof message, &size, NULL)))
        return 1;
    HANDLE section = section_of(way, &message);
    if (!late) {
        view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
        private = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
        if (!step("map", view && private))
            return 1;
        private[5 * PAGE] = 'P';
        show("before", view);
    }
    SetEvent(ready);
    WaitForSingleObject(go, PATIENCE);
    if (late) {
        view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
        private = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
        if (!step("map", view && private))
            return 1;
    }
    show("after", view);
    show("private", private);
    step("close", CloseHandle(section));
    step("unmap", UnmapViewOfFile(view) && UnmapViewOfFile(private));
    return 0;
}

static void parent(const WCHAR *program, enum way way, bool late)
{
    WCHAR path[MAX_PATH], command[2 * MAX_PATH];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    HANDLE pipe, ours, ready = CreateEventW(&inherited, TRUE, FALSE, NULL),
                       go = CreateEventW(&inherited, TRUE, FALSE, NULL);
    DWORD size;
    printf("%s%s\n", ways[way], late ? ", mapped late" : "");
    path_of(path, way, late);
    HANDLE file = CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE section = CreateFileMappingW(file, way == INHERITED ? &inherited : NULL, PAGE_WRITECOPY,
                                        0, 0, way == NAMED ? NAME : NULL);
    CloseHandle(file);
    step("section", section != NULL);
    CreatePipe(&pipe, &ours, &inherited, 0);
    SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
    _snwprintf(command, 2 * MAX_PATH, L"\"%ls\" child %d%ls %u %u %u", program, way,
               late ? L"late" : L"", (unsigned)(ULONG_PTR)ready, (unsigned)(ULONG_PTR)go,
               (unsigned)(ULONG_PTR)pipe);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return;
    HANDLE theirs = section;
    if (way == PUT)
        step("put", DuplicateHandle(GetCurrentProcess(), section, made.hProcess, &theirs, 0, FALSE,
                                    DUPLICATE_SAME_ACCESS));
    fflush(stdout);
    const struct message message = {GetCurrentProcessId(), (ULONG)(ULONG_PTR)theirs};
    WriteFile(ours, &message, sizeof message, &size, NULL);
    HANDLE either[] = {ready, made.hProcess};
    DWORD which = WaitForMultipleObjects(2, either, FALSE, PATIENCE);
    file = CreateFileW(path, GENERIC_WRITE, ALL, NULL, OPEN_EXISTING, 0, NULL);
    step("write", WriteFile(file, "NEW", 3, &size, NULL));
    SetFilePointer(file, 2 * PAGE, NULL, FILE_BEGIN);
    step("write", WriteFile(file, "N", 1, &size, NULL));
    CloseHandle(file);
    fflush(stdout);
    SetEvent(go);
    say("ready, ended", "%lu %lu", which, WaitForSingleObject(made.hProcess, PATIENCE));
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    CloseHandle(section);
    CloseHandle(pipe);
    CloseHandle(ours);
    CloseHandle(ready);
    CloseHandle(go);
    step("delete", DeleteFileW(path));
}

static void check(void)
{
    WCHAR path[MAX_PATH];
    for (enum way way = 0; way < WAYS; way++)
        for (int late = 0; late < 2; late++) {
            char text[2 * PAGE + 1] = "";
            DWORD size = 0;
            path_of(path, way, late);
            HANDLE file = CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
            ReadFile(file, text, sizeof text, &size, NULL);
            printf("%ls: %lu bytes, %.3s %c\n", path, GetFileSize(file, NULL), text,
                   size ? text[2 * PAGE] : '-');
            CloseHandle(file);
        }
}

static HANDLE handle_of(const WCHAR *text)
{
    return (HANDLE)(ULONG_PTR)wcstoul(text, NULL, 10);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    WCHAR program[MAX_PATH];
    if (argc == 6)
        return child((enum way)_wtoi(argv[2]), wcsstr(argv[2], L"late") != NULL, handle_of(argv[3]),
                     handle_of(argv[4]), handle_of(argv[5]));
    if (argc > 1 && !wcscmp(argv[1], L"check")) {
        check();
        return 0;
    }
    prepare();
    if (argc > 1)
        return 0;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    for (enum way way = 0; way < WAYS; way++)
        for (int late = 0; late < 2; late++)
            parent(program, way, late);
    step("remove", RemoveDirectoryW(L"sections"));
    return 0;
}
