// BITS: a job of the background transfer service that fetches a file from an HTTP server on the
// loopback address. The server's port is the same wherever this runs, and each server serves
// something else.
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <initguid.h>
#include <bits.h>
#include <stdio.h>
#include <string.h>
#include "common_net.h"
#include "common_service.h"
#include "common_step.h"

#define PORT 28471

static char body[200000];
static size_t body_size;

static void send_all(SOCKET s, const char *data, size_t size)
{
    while (size) {
        int sent = send(s, data, (int)size, 0);
        if (sent <= 0)
            return;
        data += sent;
        size -= (size_t)sent;
    }
}

// Answers each request of a connection, whatever it asks for, and closes it.
static DWORD WINAPI serve(void *context)
{
    SOCKET listener = (SOCKET)(ULONG_PTR)context, s;
    while ((s = accept(listener, NULL, NULL)) != INVALID_SOCKET) {
        char request[4096];
        int size = 0, got;
        while (size < (int)sizeof request - 1 &&
               (got = recv(s, request + size, (int)sizeof request - 1 - size, 0)) > 0) {
            size += got;
            request[size] = 0;
            if (strstr(request, "\r\n\r\n"))
                break;
        }
        char head[200];
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Length: %u\r\nConnection: close\r\n\r\n",
                 (unsigned)body_size);
        send_all(s, head, strlen(head));
        if (strncmp(request, "HEAD", 4) != 0)
            send_all(s, body, body_size);
        shutdown(s, SD_SEND);
        closesocket(s);
    }
    return 0;
}

static void say_result(const char *name, HRESULT result)
{
    say(name, "%08lx", (unsigned long)result);
}

// How many of the manager's jobs have the name.
static unsigned jobs_called(IBackgroundCopyManager *manager, const wchar_t *name)
{
    IEnumBackgroundCopyJobs *list;
    IBackgroundCopyJob *job;
    unsigned found = 0;
    if (FAILED(IBackgroundCopyManager_EnumJobs(manager, 0, &list)))
        return 0;
    while (IEnumBackgroundCopyJobs_Next(list, 1, &job, NULL) == S_OK) {
        wchar_t *its_name = NULL;
        if (SUCCEEDED(IBackgroundCopyJob_GetDisplayName(job, &its_name))) {
            found += !wcscmp(its_name, name);
            CoTaskMemFree(its_name);
        }
        IBackgroundCopyJob_Release(job);
    }
    IEnumBackgroundCopyJobs_Release(list);
    return found;
}

static BOOL file_is_body(const wchar_t *path)
{
    static char found[sizeof body + 1];
    DWORD size = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    ReadFile(file, found, sizeof found, &size, NULL);
    CloseHandle(file);
    return size == body_size && !memcmp(found, body, size);
}

static void transfer(IBackgroundCopyManager *manager, const wchar_t *url, const wchar_t *path,
                     const char *what)
{
    IBackgroundCopyJob *job;
    GUID id;
    printf("-- %s\n", what);
    HRESULT result = IBackgroundCopyManager_CreateJob(manager, L"plume transfer",
                                                      BG_JOB_TYPE_DOWNLOAD, &id, &job);
    say_result("create", result);
    if (FAILED(result))
        return;
    say("jobs of that name", "%u", jobs_called(manager, L"plume transfer"));
    say_result("add", IBackgroundCopyJob_AddFile(job, url, path));
    say_result("resume", IBackgroundCopyJob_Resume(job));
    BG_JOB_STATE state = BG_JOB_STATE_QUEUED;
    DWORD start = GetTickCount();
    while (SUCCEEDED(IBackgroundCopyJob_GetState(job, &state)) &&
           state != BG_JOB_STATE_TRANSFERRED && state != BG_JOB_STATE_ERROR &&
           state != BG_JOB_STATE_TRANSIENT_ERROR && GetTickCount() - start < 60000)
        Sleep(20);
    say("state", "%d", state);
    BG_JOB_PROGRESS progress = {0};
    say_result("progress", IBackgroundCopyJob_GetProgress(job, &progress));
    say("files", "%lu of %lu", progress.FilesTransferred, progress.FilesTotal);
    if (state == BG_JOB_STATE_TRANSFERRED) {
        say("there before it is complete", "%d", GetFileAttributesW(path) != ~0u);
        say_result("complete", IBackgroundCopyJob_Complete(job));
        say("what the server has", "%d", file_is_body(path));
    } else {
        say_result("cancel", IBackgroundCopyJob_Cancel(job));
    }
    IBackgroundCopyJob_GetState(job, &state);
    say("state", "%d", state);
    IBackgroundCopyJob_Release(job);
}

int main(void)
{
    struct sockaddr_storage address;
    wchar_t url[100], path[MAX_PATH];
    start_winsock();
    while (body_size < sizeof body - 100)
        body_size +=
            (size_t)snprintf(body + body_size, sizeof body - body_size, "line %u of process %lu\n",
                             (unsigned)body_size, GetCurrentProcessId());
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int len = make_address(&address, "127.0.0.1", PORT);
    step("bind", !bind(listener, (struct sockaddr *)&address, len));
    step("listen", !listen(listener, 5));
    CloseHandle(CreateThread(NULL, 0, serve, (void *)(ULONG_PTR)listener, 0, NULL));

    service_running(L"BITS");
    say_result("COM", CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
    IBackgroundCopyManager *manager = NULL;
    HRESULT result = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                                      &IID_IBackgroundCopyManager, (void **)&manager);
    say_result("manager", result);
    if (SUCCEEDED(result)) {
        GetFullPathNameW(L"fetched.txt", MAX_PATH, path, NULL);
        swprintf(url, 100, L"http://127.0.0.1:%u/some/file.txt", PORT);
        transfer(manager, url, path, "a file from the server");
        DeleteFileW(path);
        swprintf(url, 100, L"http://127.0.0.1:%u/some/file.txt", PORT + 1);
        transfer(manager, url, path, "a port where nobody listens");
        IBackgroundCopyManager_Release(manager);
    }
    CoUninitialize();
    closesocket(listener);
    service_stopped(L"BITS");
    return 0;
}
