// Views that were mapped before their file was changed for the first time: in the process that
// changes it and in another, with threads that read them meanwhile, with pages that were written
// privately.
//
//   file_view prepare      makes the files: run natively before, they are the host's for a VM
//   file_view              works on them; makes those that are not there
//   file_view check        shows their contents; ends with 77
//   file_view watch PATH EVENT EVENT   the second process
//   file_view write|hold PATH EVENT EVENT   the same, of those that are ended
#include "common_step.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layer/nt.h"

#define ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
enum {
    PAGE = 4096,
    PAGES = 40,
    GRAIN = 65536,
    MANY = 100,
    READERS = 4,
    PATIENCE = 60000,
    ENDED = 16,
    HELD = 32
};

static const WCHAR *const singles[] = {L"own",     L"handle",    L"part",   L"private",
                                       L"protect", L"other",     L"cut",    L"over",
                                       L"wait",    L"suspended", L"killed", L"churned"};
enum { SINGLES = sizeof singles / sizeof *singles };

static void path_of(WCHAR path[MAX_PATH], const WCHAR *name)
{
    _snwprintf(path, MAX_PATH, L"views\\%ls", name);
}

static void make(const WCHAR *path)
{
    static char page[PAGE];
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    for (unsigned i = 0; i < PAGES; i++) {
        memset(page, 'a' + (int)(i % 26), sizeof page);
        WriteFile(file, page, sizeof page, &size, NULL);
    }
    CloseHandle(file);
}

static void prepare(void)
{
    WCHAR path[MAX_PATH];
    CreateDirectoryW(L"views", NULL);
    for (unsigned i = 0; i < SINGLES; i++) {
        path_of(path, singles[i]);
        make(path);
    }
    for (unsigned i = 0; i < MANY; i++) {
        _snwprintf(path, MAX_PATH, L"views\\many%u", i);
        make(path);
    }
    for (unsigned i = 0; i < ENDED; i++) {
        _snwprintf(path, MAX_PATH, L"views\\reader%u", i);
        make(path);
        _snwprintf(path, MAX_PATH, L"views\\writer%u", i);
        make(path);
    }
}

static HANDLE open_file(const WCHAR *name, DWORD access)
{
    WCHAR path[MAX_PATH];
    path_of(path, name);
    return CreateFileW(path, access, ALL, NULL, OPEN_EXISTING, 0, NULL);
}

/* A view of a part (size 0: of the rest) of a file opened to be read; `keep` gets the section. */
static char *view_of(const WCHAR *name, DWORD protection, DWORD access, DWORD offset, SIZE_T size,
                     HANDLE *keep)
{
    HANDLE file = open_file(name, GENERIC_READ);
    HANDLE section = CreateFileMappingW(file, NULL, protection, 0, 0, NULL);
    char *view = MapViewOfFile(section, access, 0, offset, size);
    CloseHandle(file);
    if (keep)
        *keep = section;
    else
        CloseHandle(section);
    step("view", view != NULL);
    return view;
}

static void write_at(const WCHAR *name, LONG offset, const char *text)
{
    DWORD size;
    HANDLE file = open_file(name, GENERIC_READ | GENERIC_WRITE);
    if (!step("open to write", file != INVALID_HANDLE_VALUE))
        return;
    SetFilePointer(file, offset, NULL, FILE_BEGIN);
    step("write", WriteFile(file, text, (DWORD)strlen(text), &size, NULL));
    CloseHandle(file);
}

/* Of one character in each page. */
static void show(const char *what, const char *view, size_t pages)
{
    char text[PAGES + 1] = "";
    for (size_t i = 0; i < pages && i < PAGES; i++)
        text[i] = view[i * PAGE];
    say(what, "%s", text);
}

static void own(void)
{
    char *view = view_of(L"own", PAGE_READONLY, FILE_MAP_READ, 0, 0, NULL);
    show("own before", view, PAGES);
    write_at(L"own", 0, "WRITTEN");
    say("own after", "%.8s", view);
    HANDLE file = open_file(L"own", GENERIC_READ | GENERIC_WRITE);
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *writable = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    if (step("own writable", writable != NULL)) {
        writable[3 * PAGE] = '!';
        show("own through a view", view, PAGES);
        UnmapViewOfFile(writable);
    }
    CloseHandle(section);
    CloseHandle(file);
    step("own unmap", UnmapViewOfFile(view));
    step_code("own unmap again", UnmapViewOfFile(view) ? 0 : GetLastError());
}

/* The section alone is kept, and mapped when there is a copy. */
static void handle_only(void)
{
    HANDLE section, copy;
    char *view = view_of(L"handle", PAGE_READONLY, FILE_MAP_READ, 0, 0, &section);
    UnmapViewOfFile(view);
    write_at(L"handle", PAGE, "WRITTEN");
    step("duplicate", DuplicateHandle(GetCurrentProcess(), section, GetCurrentProcess(), &copy, 0,
                                      FALSE, DUPLICATE_SAME_ACCESS));
    CloseHandle(section);
    view = MapViewOfFile(copy, FILE_MAP_READ, 0, 0, 0);
    if (step("handle only", view != NULL))
        say("handle only", "%.8s", view + PAGE);
    write_at(L"handle", PAGE, "AGAIN");
    say("handle only again", "%.8s", view + PAGE);
    UnmapViewOfFile(view);
    CloseHandle(copy);
}

static void parts(void)
{
    HANDLE section;
    char *first = view_of(L"part", PAGE_READONLY, FILE_MAP_READ, 0, 3 * PAGE, &section);
    char *second = MapViewOfFile(section, FILE_MAP_READ, 0, GRAIN, 2 * PAGE + 1);
    char *third = MapViewOfFile(section, FILE_MAP_READ, 0, GRAIN, 0);
    CloseHandle(section);
    write_at(L"part", 0, "F");
    write_at(L"part", GRAIN, "S");
    write_at(L"part", GRAIN + PAGE, "T");
    show("first part", first, 3);
    show("second part", second, 3);
    show("third part", third, PAGES - GRAIN / PAGE);
    UnmapViewOfFile(first + 2 * PAGE);
    UnmapViewOfFile(third);
    show("second part still", second, 3);
    UnmapViewOfFile(second);
}

static void privately(void)
{
    DWORD before;
    char *view = view_of(L"private", PAGE_WRITECOPY, FILE_MAP_COPY, 0, 0, NULL);
    view[2 * PAGE] = '2';
    view[5 * PAGE + 100] = '5';
    view[7 * PAGE] = '7';
    step("protect", VirtualProtect(view + 7 * PAGE, PAGE, PAGE_READONLY, &before));
    for (unsigned i = 0; i < PAGES; i++)
        write_at(L"private", (LONG)(i * PAGE), "-");
    show("private", view, PAGES);
    say("private page", "%c%c", view[5 * PAGE], view[5 * PAGE + 100]);
    view[9 * PAGE] = '9';
    write_at(L"private", 9 * PAGE, "*");
    show("private after", view, PAGES);
    UnmapViewOfFile(view);
}

static void protections(void)
{
    DWORD before;
    MEMORY_BASIC_INFORMATION info;
    char *view = view_of(L"protect", PAGE_READONLY, FILE_MAP_READ, 0, 0, NULL);
    step("no access", VirtualProtect(view + PAGE, 2 * PAGE, PAGE_NOACCESS, &before));
    write_at(L"protect", 0, "W");
    for (unsigned i = 0; i < 4; i++) {
        VirtualQuery(view + i * PAGE, &info, sizeof info);
        say("protection", "%lx %lx", info.Protect, info.Type);
    }
    step("access", VirtualProtect(view + PAGE, 2 * PAGE, PAGE_READONLY, &before));
    show("protected", view, 4);
    UnmapViewOfFile(view);
}

/* What may not be done to a file of which there is a view. */
static void refused(void)
{
    WCHAR path[MAX_PATH];
    char *view = view_of(L"cut", PAGE_READONLY, FILE_MAP_READ, 0, 0, NULL);
    HANDLE file = open_file(L"cut", GENERIC_READ | GENERIC_WRITE);
    SetFilePointer(file, PAGE, NULL, FILE_BEGIN);
    step("cut", SetEndOfFile(file));
    say("cut", "%lu", GetFileSize(file, NULL));
    CloseHandle(file);
    UnmapViewOfFile(view);
    view = view_of(L"over", PAGE_READONLY, FILE_MAP_READ, 0, 0, NULL);
    path_of(path, L"over");
    file = CreateFileW(path, GENERIC_WRITE, ALL, NULL, TRUNCATE_EXISTING, 0, NULL);
    if (step("overwrite", file != INVALID_HANDLE_VALUE))
        CloseHandle(file);
    UnmapViewOfFile(view);
    file = open_file(L"over", GENERIC_READ);
    say("over", "%lu", GetFileSize(file, NULL));
    CloseHandle(file);
}

/* Several events and files that are waited for at once, one of them from before the copy. */
static void waits(void)
{
    char buffer[16];
    WCHAR path[MAX_PATH];
    OVERLAPPED overlapped = {0};
    DWORD size;
    path_of(path, L"wait");
    HANDLE file =
        CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), both[2] = {event, file};
    write_at(L"wait", 0, "WAITED");
    BOOL read = ReadFile(file, buffer, 6, NULL, &overlapped);
    step("overlapped", read || GetLastError() == ERROR_IO_PENDING);
    say("wait for any", "%lu", WaitForMultipleObjects(2, both, FALSE, PATIENCE));
    say("signal and wait", "%lu", SignalObjectAndWait(event, file, PATIENCE, FALSE));
    say("wait for all", "%lu", WaitForMultipleObjects(2, both, TRUE, PATIENCE));
    step("result", GetOverlappedResult(file, &overlapped, &size, FALSE));
    say("waited for", "%.6s", buffer);
    CloseHandle(event);
    CloseHandle(file);
}

static char *views[MANY];
static LONG stop, wrong;

static DWORD WINAPI read_on(void *parameter)
{
    (void)parameter;
    for (unsigned n = 0; !stop; n++) {
        const char *at = views[n % MANY];
        for (unsigned i = 1; at && i < PAGES; i++)
            if (at[i * PAGE + i] != 'a' + (char)(i % 26) ||
                (n % MANY % 2 == 0 && at[2 * PAGE + 7] != '7'))
                InterlockedIncrement(&wrong);
    }
    return 0;
}

/* Takes and gives back what the system and the runtime have locks for. */
static DWORD WINAPI churn(void *parameter)
{
    char text[8];
    DWORD size;
    (void)parameter;
    while (!stop) {
        void *memory = malloc(100000),
             *pages = VirtualAlloc(NULL, PAGE, MEM_COMMIT, PAGE_READWRITE);
        HANDLE file = open_file(L"churned", GENERIC_READ);
        HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
        const char *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
        if (!ReadFile(file, text, 1, &size, NULL) || !view || *view != 'a' || *text != 'a')
            InterlockedIncrement(&wrong);
        UnmapViewOfFile(view);
        CloseHandle(section);
        CloseHandle(file);
        VirtualFree(pages, 0, MEM_RELEASE);
        free(memory);
    }
    return 0;
}

/* Views that are read all the time by several threads while they are exchanged. */
static void threads(void)
{
    WCHAR name[32];
    HANDLE readers[READERS];
    unsigned stale = 0;
    for (unsigned i = 0; i < MANY; i++) {
        _snwprintf(name, 32, L"many%u", i);
        HANDLE file = open_file(name, GENERIC_READ);
        HANDLE section = CreateFileMappingW(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
        views[i] = MapViewOfFile(section, i % 2 ? FILE_MAP_READ : FILE_MAP_COPY, 0, 0, 0);
        CloseHandle(section);
        CloseHandle(file);
        if (views[i] && i % 2 == 0) // a page that is the process's own
            views[i][2 * PAGE + 7] = '7';
    }
    for (unsigned i = 0; i < READERS; i++)
        readers[i] = CreateThread(NULL, 0, i % 2 ? read_on : churn, NULL, 0, NULL);
    for (unsigned i = 0; i < MANY; i++) {
        DWORD size;
        _snwprintf(name, 32, L"many%u", i);
        HANDLE file = open_file(name, GENERIC_WRITE);
        if (!WriteFile(file, "NEW", 3, &size, NULL) || !views[i] || memcmp(views[i], "NEW", 3) != 0)
            stale++;
        if (views[i] && i % 2 == 0 && views[i][2 * PAGE + 7] != '7')
            stale++;
        CloseHandle(file);
    }
    stop = 1;
    WaitForMultipleObjects(READERS, readers, TRUE, INFINITE);
    for (unsigned i = 0; i < READERS; i++)
        CloseHandle(readers[i]);
    for (unsigned i = 0; i < MANY; i++)
        UnmapViewOfFile(views[i]);
    say("threads", "%u stale, %ld wrong", stale, wrong);
}

/* The second process: has a view, says so, and shows it when it is told to. */
static int watch(const WCHAR *name, HANDLE ready, HANDLE go)
{
    char *view = view_of(name, PAGE_READONLY, FILE_MAP_READ, 0, 0, NULL);
    SetEvent(ready);
    // Nothing that the layer could take for an occasion.
    if (WaitForSingleObject(go, PATIENCE))
        printf("the other process says nothing\n");
    // One that was suspended may be late.
    for (unsigned i = 0; i < PATIENCE / 10 && !wcscmp(name, L"suspended") && *view == 'a'; i++)
        Sleep(10);
    say("other process", "%.8s", view);
    fflush(stdout);
    return 0;
}

NTSTATUS NTAPI NtSuspendProcess(HANDLE process);
NTSTATUS NTAPI NtResumeProcess(HANDLE process);

struct partner {
    HANDLE process, ready, go;
};

static struct partner start_partner(const WCHAR *role, const WCHAR *name)
{
    WCHAR own_name[MAX_PATH], command[2 * MAX_PATH];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    struct partner made = {.ready = CreateEventW(&inherited, TRUE, FALSE, NULL),
                           .go = CreateEventW(&inherited, TRUE, FALSE, NULL)};
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process = {0};
    GetModuleFileNameW(NULL, own_name, MAX_PATH);
    _snwprintf(command, 2 * MAX_PATH, L"\"%ls\" %ls %ls %u %u", own_name, role, name,
               (unsigned)(ULONG_PTR)made.ready, (unsigned)(ULONG_PTR)made.go);
    fflush(stdout);
    if (!CreateProcessW(own_name, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process) ||
        WaitForSingleObject(made.ready, PATIENCE))
        puts("the second process is not ready");
    CloseHandle(process.hThread);
    made.process = process.hProcess;
    return made;
}

static void close_partner(struct partner *partner)
{
    CloseHandle(partner->process);
    CloseHandle(partner->ready);
    CloseHandle(partner->go);
}

/* `name`: "other", or what happens to the process before the file is written. */
static void other_process(const WCHAR *name)
{
    bool suspended = !wcscmp(name, L"suspended"), killed = !wcscmp(name, L"killed");
    printf("second process: %ls\n", name);
    struct partner partner = start_partner(L"watch", name);
    if (suspended)
        say("suspend", "%lx", NtSuspendProcess(partner.process));
    if (killed) {
        step("kill", TerminateProcess(partner.process, 1));
        WaitForSingleObject(partner.process, PATIENCE);
    }
    DWORD start = GetTickCount();
    write_at(name, 0, "WRITTEN");
    printf("differs: %ls: writing took %lu ms\n", name, GetTickCount() - start);
    say("in good time", "%d", GetTickCount() - start < PATIENCE / 2);
    if (suspended)
        say("resume", "%lx", NtResumeProcess(partner.process));
    fflush(stdout);
    SetEvent(partner.go);
    say("it has ended", "%lu", WaitForSingleObject(partner.process, PATIENCE));
    close_partner(&partner);
}

/* Views enough for an exchange to take its time. */
static void hold(const WCHAR *name, char *held[HELD])
{
    HANDLE file = open_file(name, GENERIC_READ);
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    for (unsigned i = 0; i < HELD; i++) {
        held[i] = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
        if (held[i])
            held[i][PAGE] = 'P'; // a page that is this process's own
    }
    CloseHandle(section);
    CloseHandle(file);
}

static int hold_until_killed(const WCHAR *name, HANDLE ready)
{
    char *held[HELD];
    hold(name, held);
    SetEvent(ready);
    Sleep(PATIENCE);
    return 0;
}

static int write_when_told(const WCHAR *name, HANDLE ready, HANDLE go)
{
    DWORD size;
    SetEvent(ready);
    WaitForSingleObject(go, PATIENCE);
    HANDLE file = open_file(name, GENERIC_WRITE);
    WriteFile(file, "NEW", 3, &size, NULL);
    CloseHandle(file);
    return 0;
}

struct kill {
    HANDLE process;
    LONGLONG delay; // of the performance counter
};

static DWORD WINAPI kill_after(void *parameter)
{
    const struct kill *kill = parameter;
    LARGE_INTEGER start, now;
    QueryPerformanceCounter(&start);
    do
        QueryPerformanceCounter(&now);
    while (now.QuadPart - start.QuadPart < kill->delay);
    TerminateProcess(kill->process, 1);
    return 0;
}

/* A process is ended at some moment of the exchange of views: the one that has them, or the one
 * that writes the file. */
static void ended(bool writer)
{
    unsigned wrong_content = 0, late = 0, lost = 0;
    LARGE_INTEGER second;
    QueryPerformanceFrequency(&second);
    for (unsigned n = 0; n < ENDED; n++) {
        WCHAR name[32];
        char *held[HELD], text[8] = "";
        DWORD size, start = GetTickCount();
        _snwprintf(name, 32, writer ? L"writer%u" : L"reader%u", n);
        struct partner partner = start_partner(writer ? L"write" : L"hold", name);
        if (writer)
            hold(name, held);
        struct kill kill = {partner.process, second.QuadPart / 5000 * n}; // 200 us and more
        HANDLE killer = CreateThread(NULL, 0, kill_after, &kill, 0, NULL);
        SetEvent(partner.go);
        if (!writer)
            write_at(name, 0, "FINALLY");
        WaitForSingleObject(killer, PATIENCE);
        WaitForSingleObject(partner.process, PATIENCE);
        CloseHandle(killer);
        close_partner(&partner);
        if (writer) {
            write_at(name, 0, "FINALLY");
            for (unsigned i = 0; i < HELD; i++) {
                lost += !held[i] || memcmp(held[i], "FINALLY", 7) != 0 || held[i][PAGE] != 'P' ||
                        held[i][2 * PAGE] != 'c';
                UnmapViewOfFile(held[i]);
            }
        }
        HANDLE file = open_file(name, GENERIC_READ);
        wrong_content += !ReadFile(file, text, 7, &size, NULL) || memcmp(text, "FINALLY", 7) != 0;
        CloseHandle(file);
        late += GetTickCount() - start > PATIENCE / 2;
    }
    printf("%s ended: %u wrong, %u late, %u views lost\n", writer ? "writer" : "reader",
           wrong_content, late, lost);
}

static void check(void)
{
    WCHAR path[MAX_PATH];
    static char content[PAGES * PAGE];
    for (unsigned i = 0; i < SINGLES + MANY; i++) {
        DWORD size = 0;
        unsigned long long sum = 0;
        if (i < SINGLES)
            path_of(path, singles[i]);
        else
            _snwprintf(path, MAX_PATH, L"views\\many%u", i - SINGLES);
        HANDLE file = CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
        ReadFile(file, content, sizeof content, &size, NULL);
        CloseHandle(file);
        for (DWORD j = 0; j < size; j++)
            sum = sum * 31 + (unsigned char)content[j];
        printf("%ls: %lu bytes, %llx\n", path, size, sum);
    }
}

static void clean(void)
{
    WCHAR path[MAX_PATH];
    unsigned left = 0;
    for (unsigned i = 0; i < SINGLES + MANY; i++) {
        if (i < SINGLES)
            path_of(path, singles[i]);
        else
            _snwprintf(path, MAX_PATH, L"views\\many%u", i - SINGLES);
        left += !DeleteFileW(path);
    }
    for (unsigned i = 0; i < ENDED; i++) {
        _snwprintf(path, MAX_PATH, L"views\\reader%u", i);
        left += !DeleteFileW(path);
        _snwprintf(path, MAX_PATH, L"views\\writer%u", i);
        left += !DeleteFileW(path);
    }
    say("left", "%u", left);
    step("remove", RemoveDirectoryW(L"views"));
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc == 5) {
        HANDLE ready = (HANDLE)(ULONG_PTR)wcstoul(argv[3], NULL, 10);
        HANDLE go = (HANDLE)(ULONG_PTR)wcstoul(argv[4], NULL, 10);
        if (!wcscmp(argv[1], L"write"))
            return write_when_told(argv[2], ready, go);
        if (!wcscmp(argv[1], L"hold"))
            return hold_until_killed(argv[2], ready);
        return watch(argv[2], ready, go);
    }
    if (argc > 1 && !wcscmp(argv[1], L"check")) {
        check();
        return 77;
    }
    prepare();
    if (argc > 1)
        return 0;
    own();
    handle_only();
    parts();
    privately();
    protections();
    refused();
    waits();
    threads();
    other_process(L"other");
    other_process(L"suspended");
    other_process(L"killed");
    ended(false);
    ended(true);
    clean();
    return 0;
}
