// A stand-in for the indexing service (CiSvc): a service that watches a folder and hands what is
// written there to child processes over named pipes, which read the files for it. As hard as that
// one: the pipes and the event have fixed names, the children are processes of the service's own,
// and the watching has to see the files where the service's clients write them.
//
//   tool_index FOLDER           as the service PlumeIndex
//   tool_index worker           what the service starts
//   tool_index ask WORD         the client: which files have the word, in order of names
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common_service.h"

#define WORK  L"\\\\.\\pipe\\plume-index-work"
#define QUERY L"\\\\.\\pipe\\plume-index-query"
#define READY L"Global\\plume-index-ready"

#define WORKERS 2
#define FILES   64

static char folder[MAX_PATH];

static struct {
    char name[MAX_PATH];
    char words[2048]; // as the worker has answered: with a blank before and behind each
} catalog[FILES];
static unsigned catalog_size;
static CRITICAL_SECTION lock;
static HANDLE workers[WORKERS];

static HANDLE pipe_made(const wchar_t *name)
{
    return CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
                            PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, NULL);
}

static HANDLE pipe_opened(const wchar_t *name)
{
    HANDLE pipe;
    DWORD mode = PIPE_READMODE_MESSAGE;
    for (;;) {
        pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            break;
        WaitNamedPipeW(name, 1000);
    }
    SetNamedPipeHandleState(pipe, &mode, NULL, NULL);
    return pipe;
}

/* One message there, one back; the answer's text. False if the other side is gone. */
static BOOL asked(HANDLE pipe, const char *question, char *answer, DWORD size)
{
    DWORD done;
    if (!WriteFile(pipe, question, (DWORD)strlen(question), &done, NULL) ||
        !ReadFile(pipe, answer, size - 1, &done, NULL))
        return FALSE;
    answer[done] = 0;
    return TRUE;
}

// The child: reads a file whose name it is told and answers with its words.
static int work(void)
{
    char name[MAX_PATH], text[1024], words[2048];
    DWORD got, done;
    HANDLE pipe = pipe_opened(WORK), ready = OpenEventW(EVENT_MODIFY_STATE, FALSE, READY);
    if (pipe == INVALID_HANDLE_VALUE || !ready)
        return 1;
    SetEvent(ready);
    while (ReadFile(pipe, name, sizeof name - 1, &got, NULL)) {
        name[got] = 0;
        strcpy(words, " ");
        // Who has written it may have it open still.
        for (unsigned tries = 0; tries < 600; ++tries) {
            HANDLE file =
                CreateFileA(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
            if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION) {
                Sleep(50);
                continue;
            }
            if (file != INVALID_HANDLE_VALUE && ReadFile(file, text, sizeof text - 1, &got, NULL)) {
                text[got] = 0;
                for (char *word = strtok(text, " \r\n\t"); word; word = strtok(NULL, " \r\n\t")) {
                    strcat(words, word);
                    strcat(words, " ");
                }
            }
            CloseHandle(file);
            break;
        }
        WriteFile(pipe, words, (DWORD)strlen(words), &done, NULL);
    }
    return 0;
}

static void read_again(const char *name)
{
    static unsigned next;
    char path[2 * MAX_PATH], words[2048];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    if (!asked(workers[next++ % WORKERS], path, words, sizeof words))
        return;
    EnterCriticalSection(&lock);
    unsigned i = 0;
    while (i < catalog_size && strcmp(catalog[i].name, name) != 0)
        ++i;
    if (i < FILES) {
        snprintf(catalog[i].name, sizeof catalog[i].name, "%s", name);
        strcpy(catalog[i].words, words);
        catalog_size += i == catalog_size;
    }
    LeaveCriticalSection(&lock);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

// The clients, one after the other.
static DWORD WINAPI answer_queries(void *context)
{
    HANDLE pipe = context;
    char question[128], word[140], answer[4096];
    DWORD got;
    for (;;) {
        if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
            return 0;
        if (ReadFile(pipe, question, sizeof question - 1, &got, NULL)) {
            question[got] = 0;
            snprintf(word, sizeof word, " %s ", question);
            strcpy(answer, "found:");
            EnterCriticalSection(&lock);
            qsort(catalog, catalog_size, sizeof *catalog, by_name);
            for (unsigned i = 0; i < catalog_size; ++i) {
                if (strstr(catalog[i].words, word)) {
                    strcat(answer, " ");
                    strcat(answer, catalog[i].name);
                }
            }
            LeaveCriticalSection(&lock);
            WriteFile(pipe, answer, (DWORD)strlen(answer), &got, NULL);
            FlushFileBuffers(pipe);
        }
        DisconnectNamedPipe(pipe);
    }
}

static BOOL start_workers(void)
{
    wchar_t path[MAX_PATH], line[MAX_PATH + 20];
    HANDLE ready = CreateEventW(NULL, FALSE, FALSE, READY);
    GetModuleFileNameW(NULL, path, MAX_PATH);
    swprintf(line, MAX_PATH + 20, L"\"%ls\" worker", path);
    for (unsigned i = 0; i < WORKERS; ++i) {
        STARTUPINFOW start = {.cb = sizeof start};
        PROCESS_INFORMATION process;
        workers[i] = pipe_made(WORK);
        if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process))
            return FALSE;
        CloseHandle(process.hThread);
        if (!ConnectNamedPipe(workers[i], NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
            return FALSE;
        HANDLE either[] = {ready, process.hProcess};
        DWORD which = WaitForMultipleObjects(2, either, FALSE, 60000);
        CloseHandle(process.hProcess);
        if (which != WAIT_OBJECT_0)
            return FALSE;
    }
    return TRUE;
}

static void watch(HANDLE directory, HANDLE stop)
{
    static DWORD buffer[4096];
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, FALSE, FALSE, NULL)};
    HANDLE either[] = {stop, overlapped.hEvent};
    DWORD size;
    for (;;) {
        if (!ReadDirectoryChangesW(directory, buffer, sizeof buffer, FALSE,
                                   FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE,
                                   NULL, &overlapped, NULL) ||
            WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0 + 1)
            break;
        if (!GetOverlappedResult(directory, &overlapped, &size, TRUE) || !size)
            continue;
        for (const char *at = (const char *)buffer;;) {
            const FILE_NOTIFY_INFORMATION *change = (const void *)at;
            char name[MAX_PATH];
            int len =
                WideCharToMultiByte(CP_ACP, 0, change->FileName, (int)(change->FileNameLength / 2),
                                    name, MAX_PATH - 1, NULL, NULL);
            name[len] = 0;
            read_again(name);
            if (!change->NextEntryOffset)
                break;
            at += change->NextEntryOffset;
        }
    }
    CancelIo(directory);
}

static void run(HANDLE stop)
{
    InitializeCriticalSection(&lock);
    HANDLE directory = CreateFileA(
        folder, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    HANDLE query = pipe_made(QUERY);
    if (directory == INVALID_HANDLE_VALUE || query == INVALID_HANDLE_VALUE || !start_workers())
        return;
    CloseHandle(CreateThread(NULL, 0, answer_queries, query, 0, NULL));
    service_reports_running();
    watch(directory, stop);
}

static int ask(const char *word)
{
    char answer[4096];
    HANDLE pipe = pipe_opened(QUERY);
    if (pipe == INVALID_HANDLE_VALUE || !asked(pipe, word, answer, sizeof answer)) {
        printf("error %lu\n", GetLastError());
        return 1;
    }
    printf("%s\n", answer);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "worker"))
        return work();
    if (argc > 2 && !strcmp(argv[1], "ask"))
        return ask(argv[2]);
    if (argc > 1)
        snprintf(folder, sizeof folder, "%s", argv[1]);
    return run_as_service(L"PlumeIndex", run);
}
