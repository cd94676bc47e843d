// Measures single operations: run natively and in a VM, the two compared by script/bench.
//
//   probe FOLDER     FOLDER holds the files f0 ... f999 and empty.exe, as the host has them
//   probe FOLDER serve   what it starts, to be called by COM
//
// Prints a line an operation: its name and the nanoseconds that one took, the median of several
// batches.
#include <stdio.h>
#include <stdlib.h>
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <objbase.h>

enum { BATCHES = 9, FILES = 1000, BLOCK = 4096 };

static wchar_t folder[MAX_PATH];

static void fail(const char *what)
{
    fprintf(stderr, "probe: %s: error %lu\n", what, GetLastError());
    exit(1);
}

static void path_of(wchar_t *path, const wchar_t *name)
{
    _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, name);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const char *name, unsigned count, void (*operation)(void))
{
    double batches[BATCHES];
    LARGE_INTEGER frequency, begin, end;
    QueryPerformanceFrequency(&frequency);
    operation(); // what the first one alone does is not the question
    for (unsigned i = 0; i < BATCHES; i++) {
        QueryPerformanceCounter(&begin);
        for (unsigned j = 0; j < count; j++)
            operation();
        QueryPerformanceCounter(&end);
        batches[i] =
            (double)(end.QuadPart - begin.QuadPart) * 1e9 / (double)frequency.QuadPart / count;
    }
    qsort(batches, BATCHES, sizeof *batches, by_value);
    printf("%s %.0f\n", name, batches[BATCHES / 2]);
    fflush(stdout);
}

static HANDLE open_file(const wchar_t *name, DWORD access, DWORD disposition)
{
    wchar_t path[MAX_PATH];
    path_of(path, name);
    HANDLE file = CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, disposition, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        fail("open a file");
    return file;
}

static void op_process(void)
{
    wchar_t path[MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    path_of(path, L"empty.exe");
    if (!CreateProcessW(path, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        fail("start a process");
    WaitForSingleObject(process.hProcess, INFINITE);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

static void op_open(void)
{
    CloseHandle(open_file(L"f1", GENERIC_READ, OPEN_EXISTING));
}

static void op_stat(void)
{
    wchar_t path[MAX_PATH];
    path_of(path, L"f2");
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
        fail("query attributes");
}

static void op_list(void)
{
    wchar_t path[MAX_PATH];
    WIN32_FIND_DATAW data;
    path_of(path, L"*");
    HANDLE find = FindFirstFileW(path, &data);
    if (find == INVALID_HANDLE_VALUE)
        fail("list");
    while (FindNextFileW(find, &data))
        ;
    FindClose(find);
}

static void op_create(void)
{
    wchar_t path[MAX_PATH];
    DWORD written;
    HANDLE file = open_file(L"..\\probe.new", GENERIC_WRITE, CREATE_ALWAYS);
    if (!WriteFile(file, "x", 1, &written, NULL))
        fail("write");
    CloseHandle(file);
    path_of(path, L"..\\probe.new");
    if (!DeleteFileW(path))
        fail("delete");
}

static void op_open_changed(void)
{
    CloseHandle(open_file(L"..\\probe.changed", GENERIC_READ, OPEN_EXISTING));
}

static HANDLE opened;

static void op_read(void)
{
    char block[BLOCK];
    DWORD read;
    SetFilePointer(opened, 0, NULL, FILE_BEGIN);
    if (!ReadFile(opened, block, sizeof block, &read, NULL))
        fail("read");
}

static void op_key(void)
{
    HKEY key;
    DWORD size = 0;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows\\CurrentVersion", 0,
                      KEY_READ, &key))
        fail("open a key");
    RegQueryValueExW(key, L"ProgramFilesDir", NULL, NULL, NULL, &size);
    RegCloseKey(key);
}

static void op_key_create(void)
{
    HKEY key;
    DWORD value = 1;
    if (RegCreateKeyExW(HKEY_CURRENT_USER, L"Software\\PlumeProbe", 0, NULL, 0, KEY_ALL_ACCESS,
                        NULL, &key, NULL) ||
        RegSetValueExW(key, L"v", 0, REG_DWORD, (BYTE *)&value, sizeof value))
        fail("write a key");
    RegCloseKey(key);
    RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\PlumeProbe");
}

static void op_event(void)
{
    HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, L"PlumeProbe");
    if (!event)
        fail("open an event");
    CloseHandle(event);
}

static HANDLE pipe_end;

static DWORD CALLBACK echo_pipe(void *server)
{
    char byte;
    DWORD count;
    ConnectNamedPipe(server, NULL);
    while (ReadFile(server, &byte, 1, &count, NULL) && WriteFile(server, &byte, 1, &count, NULL))
        ;
    return 0;
}

static void op_pipe(void)
{
    char byte = 1;
    DWORD count;
    if (!WriteFile(pipe_end, &byte, 1, &count, NULL) || !ReadFile(pipe_end, &byte, 1, &count, NULL))
        fail("a pipe round trip");
}

static SOCKET socket_end;

static DWORD CALLBACK echo_socket(void *listener)
{
    char byte;
    SOCKET client = accept((SOCKET)listener, NULL, NULL);
    while (recv(client, &byte, 1, 0) == 1 && send(client, &byte, 1, 0) == 1)
        ;
    return 0;
}

static void op_socket(void)
{
    char byte = 1;
    if (send(socket_end, &byte, 1, 0) != 1 || recv(socket_end, &byte, 1, 0) != 1)
        fail("a socket round trip");
}

static void make_pipe(void)
{
    HANDLE server =
        CreateNamedPipeW(L"\\\\.\\pipe\\PlumeProbe", PIPE_ACCESS_DUPLEX, 0, 1, 512, 512, 0, NULL);
    if (server == INVALID_HANDLE_VALUE)
        fail("make a pipe");
    CloseHandle(CreateThread(NULL, 0, echo_pipe, server, 0, NULL));
    pipe_end = CreateFileW(L"\\\\.\\pipe\\PlumeProbe", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, 0, NULL);
    if (pipe_end == INVALID_HANDLE_VALUE)
        fail("connect to a pipe");
}

static void make_socket(void)
{
    WSADATA data;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int size = sizeof address;
    WSAStartup(MAKEWORD(2, 2), &data);
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        fail("listen");
    CloseHandle(CreateThread(NULL, 0, echo_socket, (void *)listener, 0, NULL));
    socket_end = socket(AF_INET, SOCK_STREAM, 0);
    BOOL on = TRUE;
    setsockopt(socket_end, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
    if (connect(socket_end, (struct sockaddr *)&address, sizeof address))
        fail("connect");
}

// ---- a COM object in another process: a stream, handed over in a file ----

#define HANDED L"..\\probe.marshalled"
#define SERVES L"PlumeProbeServes"
#define ENDS   L"PlumeProbeEnds"
enum { HANDED_MAX = 4000, PATIENCE_MS = 60000 };

static IStream *remote;

static void good(const char *what, HRESULT result)
{
    SetLastError((DWORD)result);
    if (result != S_OK)
        fail(what);
}

static int serve(void)
{
    IStream *object, *handed;
    HGLOBAL memory;
    STATSTG about;
    DWORD written;
    good("COM", CoInitializeEx(NULL, COINIT_MULTITHREADED));
    good("make an object", CreateStreamOnHGlobal(NULL, TRUE, &object));
    good("make a stream", CreateStreamOnHGlobal(NULL, TRUE, &handed));
    good("marshal", CoMarshalInterface(handed, &IID_IStream, (IUnknown *)object, MSHCTX_LOCAL, NULL,
                                       MSHLFLAGS_TABLESTRONG));
    good("size", IStream_Stat(handed, &about, STATFLAG_NONAME));
    good("memory", GetHGlobalFromStream(handed, &memory));
    HANDLE file = open_file(HANDED, GENERIC_WRITE, CREATE_ALWAYS);
    if (!WriteFile(file, GlobalLock(memory), about.cbSize.u.LowPart, &written, NULL))
        fail("hand over");
    CloseHandle(file);
    SetEvent(OpenEventW(EVENT_MODIFY_STATE, FALSE, SERVES));
    WaitForSingleObject(OpenEventW(SYNCHRONIZE, FALSE, ENDS), INFINITE);
    return 0;
}

static void make_remote(void)
{
    wchar_t own[MAX_PATH], line[2 * MAX_PATH];
    char bytes[HANDED_MAX];
    DWORD size = 0;
    IStream *handed;
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    HANDLE serves = CreateEventW(NULL, TRUE, FALSE, SERVES);
    CreateEventW(NULL, TRUE, FALSE, ENDS);
    GetModuleFileNameW(NULL, own, MAX_PATH);
    _snwprintf(line, 2 * MAX_PATH, L"\"%ls\" \"%ls\" serve", own, folder);
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        fail("start a server");
    if (WaitForSingleObject(serves, PATIENCE_MS))
        fail("wait for a server");
    HANDLE file = open_file(HANDED, GENERIC_READ, OPEN_EXISTING);
    if (!ReadFile(file, bytes, sizeof bytes, &size, NULL))
        fail("read what is handed over");
    CloseHandle(file);
    good("COM", CoInitializeEx(NULL, COINIT_MULTITHREADED));
    good("make a stream", CreateStreamOnHGlobal(NULL, TRUE, &handed));
    good("fill it", IStream_Write(handed, bytes, size, NULL));
    good("rewind it", IStream_Seek(handed, (LARGE_INTEGER){0}, STREAM_SEEK_SET, NULL));
    good("unmarshal", CoUnmarshalInterface(handed, &IID_IStream, (void **)&remote));
    IStream_Release(handed);
}

static void op_com(void)
{
    good("a COM call", IStream_Seek(remote, (LARGE_INTEGER){0}, STREAM_SEEK_SET, NULL));
}

static void end_remote(void)
{
    wchar_t path[MAX_PATH];
    IStream_Release(remote);
    CoUninitialize();
    SetEvent(OpenEventW(EVENT_MODIFY_STATE, FALSE, ENDS));
    path_of(path, HANDED);
    DeleteFileW(path);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    wchar_t path[MAX_PATH];
    if (argc < 2) {
        fprintf(stderr, "probe: a folder is missing\n");
        return 2;
    }
    wcsncpy(folder, argv[1], MAX_PATH - 32);
    if (argc > 2)
        return serve();
    CloseHandle(open_file(L"..\\probe.changed", GENERIC_WRITE, CREATE_ALWAYS));
    opened = open_file(L"f3", GENERIC_READ, OPEN_EXISTING);
    CreateEventW(NULL, TRUE, FALSE, L"PlumeProbe");
    make_pipe();
    make_socket();

    measure("process start and end", 10, op_process);
    measure("open and close an unchanged file", 300, op_open);
    measure("stat of an unchanged file", 300, op_stat);
    measure("list a folder of 1,000", 10, op_list);
    measure("create, write and delete a file", 100, op_create);
    measure("open and close a changed file", 300, op_open_changed);
    measure("read 4 KiB on an open handle", 1000, op_read);
    measure("open and query an unchanged key", 300, op_key);
    measure("create, set and delete a key", 100, op_key_create);
    measure("open a named event", 300, op_event);
    measure("pipe round trip", 500, op_pipe);
    measure("TCP round trip", 500, op_socket);
    make_remote();
    measure("COM call to another process", 300, op_com);
    end_remote();

    path_of(path, L"..\\probe.changed");
    DeleteFileW(path);
    return 0;
}
