// Measures single operations: run natively and in a VM at once, in turns, by
// script/lib/bench/alternate.py.
//
//   probe FOLDER TAG         FOLDER holds the files f0 ... f999 and empty.exe, as the host has
//   them; what
//                            is made on the way has TAG in its name
//   probe FOLDER TAG serve   what it starts, to be called by COM
//
// Waits for a line on standard input before each batch of operations, and prints a line after it:
// the operation's name (script/lib/bench/report.py has it in words) and the nanoseconds that one
// took, or, where the name ends in "-rate", the MB/s.
#include <stdio.h>
#include <stdlib.h>
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <objbase.h>

enum { BATCHES = 9, BLOCK = 4096, STREAM_MB = 16, SERVICE_STARTS = 5, PATIENCE_MS = 60000 };

#define SERVICE L"PlumeBench" // script/bench has registered it on the host; it is idle.exe

static wchar_t folder[MAX_PATH], tag[32], key_name[64];

static void fail(const char *what)
{
    fprintf(stderr, "probe: %s: error %lu\n", what, GetLastError());
    exit(1);
}

static void path_of(wchar_t *path, const wchar_t *name)
{
    _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, name);
}

// What the probe itself makes.
static void own_path(wchar_t *path, const wchar_t *name)
{
    _snwprintf(path, MAX_PATH, L"%ls\\..\\%ls.%ls", folder, tag, name);
}

static LARGE_INTEGER begun;

static void begin(void)
{
    QueryPerformanceCounter(&begun);
}

// Until it is this probe's turn.
static void take_turn(void)
{
    int c;
    while ((c = getchar()) != '\n')
        if (c == EOF)
            exit(1);
}

static double nanoseconds(void)
{
    LARGE_INTEGER frequency, end;
    QueryPerformanceCounter(&end);
    QueryPerformanceFrequency(&frequency);
    return (double)(end.QuadPart - begun.QuadPart) * 1e9 / (double)frequency.QuadPart;
}

static void say(const char *name, double value)
{
    printf("%s %.0f\n", name, value);
    fflush(stdout);
}

static void measure(const char *name, unsigned count, void (*operation)(void))
{
    for (unsigned i = 0; i < BATCHES; i++) {
        take_turn();
        operation(); // what the first one alone does is not the question
        begin();
        for (unsigned j = 0; j < count; j++)
            operation();
        say(name, nanoseconds() / count);
    }
}

static HANDLE open_file(const wchar_t *name, DWORD access, DWORD disposition)
{
    wchar_t path[MAX_PATH];
    if (name[0] == L'f')
        path_of(path, name);
    else
        own_path(path, name);
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
    HANDLE file = open_file(L"new", GENERIC_WRITE, CREATE_ALWAYS);
    if (!WriteFile(file, "x", 1, &written, NULL))
        fail("write");
    CloseHandle(file);
    own_path(path, L"new");
    if (!DeleteFileW(path))
        fail("delete");
}

static void op_open_changed(void)
{
    CloseHandle(open_file(L"changed", GENERIC_READ, OPEN_EXISTING));
}

static HANDLE opened, opened_changed;

static void op_read(void)
{
    char block[BLOCK];
    DWORD read;
    SetFilePointer(opened, 0, NULL, FILE_BEGIN);
    if (!ReadFile(opened, block, sizeof block, &read, NULL))
        fail("read");
}

static void op_write(void)
{
    static const char block[BLOCK];
    DWORD written;
    SetFilePointer(opened_changed, 0, NULL, FILE_BEGIN);
    if (!WriteFile(opened_changed, block, sizeof block, &written, NULL))
        fail("write");
}

static void op_map(void)
{
    HANDLE section = CreateFileMappingW(opened, NULL, PAGE_READONLY, 0, 0, NULL);
    const volatile char *view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
    if (!view)
        fail("map");
    (void)*view;
    UnmapViewOfFile((const void *)view);
    CloseHandle(section);
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
    if (RegCreateKeyExW(HKEY_CURRENT_USER, key_name, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key,
                        NULL) ||
        RegSetValueExW(key, L"v", 0, REG_DWORD, (BYTE *)&value, sizeof value))
        fail("write a key");
    RegCloseKey(key);
    RegDeleteKeyW(HKEY_CURRENT_USER, key_name);
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
static char stream_block[65536];

// What begins with 0 comes back; 1 stands before STREAM_MB, which are answered when all are there.
static DWORD CALLBACK echo_socket(void *listener)
{
    char byte;
    SOCKET client = accept((SOCKET)listener, NULL, NULL);
    while (recv(client, &byte, 1, 0) == 1) {
        static char block[sizeof stream_block];
        for (ULONG left = byte ? STREAM_MB << 20 : 0; left;) {
            int got = recv(client, block, sizeof block, 0);
            if (got <= 0)
                return 1;
            left -= (ULONG)got;
        }
        if (send(client, &byte, 1, 0) != 1)
            return 1;
    }
    return 0;
}

static void measure_stream(const char *name)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        char byte = 1;
        take_turn();
        begin();
        if (send(socket_end, &byte, 1, 0) != 1)
            fail("begin a stream");
        for (ULONG left = STREAM_MB << 20; left;) {
            int sent = send(socket_end, stream_block, sizeof stream_block, 0);
            if (sent <= 0)
                fail("send a stream");
            left -= (ULONG)sent;
        }
        if (recv(socket_end, &byte, 1, 0) != 1)
            fail("end a stream");
        say(name, ((ULONG)STREAM_MB << 20) * 1e3 / nanoseconds());
    }
}

static void op_socket(void)
{
    char byte = 0;
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

#define HANDED L"marshalled"
#define SERVES L"PlumeProbeServes"
#define ENDS   L"PlumeProbeEnds"
enum { HANDED_MAX = 4000 };

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
    _snwprintf(line, 2 * MAX_PATH, L"\"%ls\" \"%ls\" %ls serve", own, folder, tag);
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
    own_path(path, HANDED);
    DeleteFileW(path);
}

// ---- services ----

static SC_HANDLE manager;

static void op_service(void)
{
    SERVICE_STATUS status;
    SC_HANDLE service = OpenServiceW(manager, SERVICE, SERVICE_QUERY_STATUS);
    if (!service || !QueryServiceStatus(service, &status))
        fail("query a service");
    CloseServiceHandle(service);
}

static void await(SC_HANDLE service, DWORD state)
{
    SERVICE_STATUS status;
    for (DWORD start = GetTickCount();; Sleep(1)) {
        if (!QueryServiceStatus(service, &status))
            fail("query a service");
        if (status.dwCurrentState == state)
            return;
        if (GetTickCount() - start > PATIENCE_MS)
            fail("wait for a service");
    }
}

static void measure_service(const char *name)
{
    SC_HANDLE service =
        OpenServiceW(manager, SERVICE, SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    if (!service)
        fail("open a service");
    for (unsigned i = 0; i <= SERVICE_STARTS; i++) {
        SERVICE_STATUS status;
        if (i)
            take_turn();
        begin();
        if (!StartServiceW(service, 0, NULL))
            fail("start a service");
        await(service, SERVICE_RUNNING);
        double took = nanoseconds();
        if (i) // the first one alone is not the question
            say(name, took);
        if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
            fail("stop a service");
        await(service, SERVICE_STOPPED);
    }
    CloseServiceHandle(service);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    wchar_t path[MAX_PATH];
    if (argc < 3) {
        fprintf(stderr, "probe: a folder or a tag is missing\n");
        return 2;
    }
    wcsncpy(folder, argv[1], MAX_PATH - 64);
    wcsncpy(tag, argv[2], 31);
    _snwprintf(key_name, 64, L"Software\\PlumeProbe.%ls", tag);
    if (argc > 3)
        return serve();
    opened_changed = open_file(L"changed", GENERIC_WRITE, CREATE_ALWAYS);
    opened = open_file(L"f3", GENERIC_READ, OPEN_EXISTING);
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!manager)
        fail("open the service control manager");
    CreateEventW(NULL, TRUE, FALSE, L"PlumeProbe");
    make_pipe();
    make_socket();

    measure("process", 5, op_process);
    measure("open", 200, op_open);
    measure("stat", 300, op_stat);
    measure("list", 5, op_list);
    measure("create-file", 50, op_create);
    measure("open-changed", 200, op_open_changed);
    measure("read", 1000, op_read);
    measure("write", 1000, op_write);
    measure("map", 100, op_map);
    measure("key", 200, op_key);
    measure("create-key", 50, op_key_create);
    measure("event", 200, op_event);
    measure("pipe", 300, op_pipe);
    measure("tcp", 300, op_socket);
    measure_stream("tcp-rate");
    make_remote();
    measure("com", 100, op_com);
    end_remote();
    measure("service-query", 25, op_service);
    measure_service("service-start");

    CloseHandle(opened_changed);
    own_path(path, L"changed");
    DeleteFileW(path);
    return 0;
}
