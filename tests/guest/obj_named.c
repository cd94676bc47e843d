// Named kernel objects: made, opened, found, missing, of another type, in every name space that
// Win32 knows.
#include "common_step.h"
#include <stdio.h>

#define NAME(suffix) L"plume-guest-" suffix

static void made(const char *name, HANDLE handle)
{
    DWORD error = GetLastError();
    if (handle)
        say(name, "made, error %lu", error); // ERROR_ALREADY_EXISTS or none
    else
        say(name, "failed, error %lu", error);
}

static void opened(const char *name, HANDLE handle)
{
    step(name, handle != NULL);
    if (handle)
        CloseHandle(handle);
}

static HANDLE make_event(const WCHAR *name)
{
    SetLastError(0);
    return CreateEventW(NULL, TRUE, FALSE, name);
}

static void events(void)
{
    opened("open a missing event", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"event")));
    HANDLE event = make_event(NAME(L"event")), again;
    made("event", event);
    again = make_event(NAME(L"event"));
    made("event again", again);
    step("set by one handle", SetEvent(event));
    step_code("seen by the other", WaitForSingleObject(again, 0));
    opened("open it", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"event")));
    opened("open it by Local\\", OpenEventW(SYNCHRONIZE, FALSE, L"Local\\" NAME(L"event")));
    opened("open it by Global\\",
           OpenEventW(SYNCHRONIZE, FALSE, L"Global\\" NAME(L"event-global")));
    opened("open it in other case", OpenEventW(SYNCHRONIZE, FALSE, L"PLUME-GUEST-EVENT"));
    SetLastError(0);
    HANDLE mutex = CreateMutexW(NULL, FALSE, NAME(L"event"));
    made("mutex of the event's name", mutex);
    opened("open it as semaphore", OpenSemaphoreW(SYNCHRONIZE, FALSE, NAME(L"event")));
    CloseHandle(again);
    opened("open it while one handle is left", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"event")));
    CloseHandle(event);
    opened("open it when none is left", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"event")));

    HANDLE global = make_event(L"Global\\" NAME(L"global")), local;
    made("Global\\", global);
    again = make_event(L"Global\\" NAME(L"global"));
    made("Global\\ again", again);
    CloseHandle(again);
    CloseHandle(global);
    local = make_event(L"Local\\" NAME(L"local"));
    made("Local\\", local);
    again = make_event(NAME(L"local"));
    made("the same without Local\\", again);
    CloseHandle(again);
    CloseHandle(local);
    made("name with a backslash", make_event(L"plume-missing\\x"));
    made("empty name", make_event(L""));
    WCHAR longest[300];
    for (unsigned i = 0; i < 299; i++)
        longest[i] = L'n';
    longest[259] = 0;
    event = make_event(longest);
    made("name of 259 characters", event);
    if (event)
        CloseHandle(event);
    event = CreateEventA(NULL, FALSE, TRUE, "plume-guest-ansi");
    made("ANSI name", event);
    opened("ANSI name, opened as Unicode", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"ansi")));
    CloseHandle(event);
}

static DWORD WINAPI own_mutex(void *argument)
{
    (void)argument;
    HANDLE mutex = OpenMutexW(MUTEX_ALL_ACCESS, FALSE, NAME(L"mutex"));
    step_code("other thread: mutex taken?", WaitForSingleObject(mutex, 0));
    step("other thread: release what it has not", ReleaseMutex(mutex));
    CloseHandle(mutex);
    return 0;
}

static void mutexes(void)
{
    SetLastError(0);
    HANDLE mutex = CreateMutexW(NULL, TRUE, NAME(L"mutex"));
    made("mutex, owned", mutex);
    HANDLE thread = CreateThread(NULL, 0, own_mutex, NULL, 0, NULL);
    WaitForSingleObject(thread, 10000);
    CloseHandle(thread);
    step("release", ReleaseMutex(mutex));
    step("release again", ReleaseMutex(mutex));
    CloseHandle(mutex);
    opened("open a missing mutex", OpenMutexW(SYNCHRONIZE, FALSE, NAME(L"mutex")));
}

static void semaphores(void)
{
    SetLastError(0);
    HANDLE semaphore = CreateSemaphoreW(NULL, 1, 2, NAME(L"semaphore"));
    made("semaphore", semaphore);
    SetLastError(0);
    HANDLE again = CreateSemaphoreW(NULL, 0, 9, NAME(L"semaphore"));
    made("semaphore again", again);
    LONG previous = -1;
    step("release", ReleaseSemaphore(again, 1, &previous));
    say("before it was", "%ld", previous);
    step("release beyond the most", ReleaseSemaphore(semaphore, 1, &previous));
    CloseHandle(again);
    CloseHandle(semaphore);
    SetLastError(0);
    made("semaphore with more than its most", CreateSemaphoreW(NULL, 3, 2, NULL));
}

static void timers(void)
{
    SetLastError(0);
    HANDLE timer = CreateWaitableTimerW(NULL, TRUE, NAME(L"timer"));
    made("timer", timer);
    HANDLE again = OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, NAME(L"timer"));
    step("open it", again != NULL);
    LARGE_INTEGER soon = {.QuadPart = -10000};
    step("start it", SetWaitableTimer(again, &soon, 0, NULL, NULL, FALSE));
    step_code("it is signalled", WaitForSingleObject(timer, 5000));
    CloseHandle(again);
    CloseHandle(timer);
    opened("open a missing timer", OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, NAME(L"timer")));
}

static void sections(void)
{
    SetLastError(0);
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536, NAME(L"section"));
    made("section", section);
    char *view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    step("map it", view != NULL);
    lstrcpyA(view, "shared");
    SetLastError(0);
    HANDLE again =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NAME(L"section"));
    made("section again", again);
    HANDLE read = OpenFileMappingW(FILE_MAP_READ, FALSE, NAME(L"section"));
    step("open it to read", read != NULL);
    const char *seen = MapViewOfFile(read, FILE_MAP_READ, 0, 0, 0);
    step("map that", seen != NULL);
    if (seen)
        say("it holds", "%s", seen);
    step("map it to write", MapViewOfFile(read, FILE_MAP_WRITE, 0, 0, 0) != NULL);
    UnmapViewOfFile(seen);
    UnmapViewOfFile(view);
    CloseHandle(read);
    CloseHandle(again);
    CloseHandle(section);
    opened("open a missing section", OpenFileMappingW(FILE_MAP_READ, FALSE, NAME(L"section")));
    SetLastError(0);
    made("section of no size",
         CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0, NAME(L"none")));
}

static void jobs(void)
{
    SetLastError(0);
    HANDLE job = CreateJobObjectW(NULL, NAME(L"job"));
    made("job", job);
    SetLastError(0);
    HANDLE again = CreateJobObjectW(NULL, NAME(L"job"));
    made("job again", again);
    opened("open it", OpenJobObjectW(JOB_OBJECT_QUERY, FALSE, NAME(L"job")));
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION told = {0};
    step("ask it", QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &told,
                                             sizeof told, NULL));
    say("processes in it", "%lu", told.ActiveProcesses);
    CloseHandle(again);
    CloseHandle(job);
    opened("open a missing job", OpenJobObjectW(JOB_OBJECT_QUERY, FALSE, NAME(L"job")));
}

static void duplicates(void)
{
    HANDLE event = make_event(NAME(L"duplicate")), copy = NULL;
    step("duplicate", DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0,
                                      FALSE, DUPLICATE_SAME_ACCESS));
    CloseHandle(event);
    opened("the name lives with the duplicate", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"duplicate")));
    CloseHandle(copy);
    opened("and ends with it", OpenEventW(SYNCHRONIZE, FALSE, NAME(L"duplicate")));
}

int main(void)
{
    events();
    mutexes();
    semaphores();
    timers();
    sections();
    jobs();
    duplicates();
    return 0;
}
