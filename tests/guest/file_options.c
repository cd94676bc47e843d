// Files by their number, what is granted, and pointers that lead nowhere.
//
//   file_options prepare    makes the files: run natively before, they are the host's for a VM
//   file_options            works on them; makes those that are not there
//   file_options check      shows them; ends with 77
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include "layer/nt.h"

#define ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static void put(const WCHAR *path, const char *text, DWORD disposition)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, ALL, NULL, disposition, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, text, (DWORD)strlen(text), &size, NULL);
    CloseHandle(file);
}

static void show_handle(const char *name, HANDLE file)
{
    char text[64] = "";
    DWORD size = 0;
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    if (ReadFile(file, text, sizeof text - 1, &size, NULL))
        say(name, "%s", text);
    else
        step(name, FALSE);
}

static void show(const char *name, const WCHAR *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        step(name, FALSE);
        return;
    }
    show_handle(name, file);
    CloseHandle(file);
}

static NTSTATUS id_of(const WCHAR *path, LARGE_INTEGER *id)
{
    IO_STATUS_BLOCK io;
    HANDLE file = CreateFileW(path, 0, ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    NTSTATUS status = NtQueryInformationFile(file, &io, id, sizeof *id, FileInternalInformation);
    CloseHandle(file);
    return status;
}

static NTSTATUS open_id(HANDLE root, LARGE_INTEGER *id, ACCESS_MASK access, HANDLE *file)
{
    UNICODE_STRING text = {sizeof *id, sizeof *id, (WCHAR *)id};
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io;
    attributes.RootDirectory = root;
    return NtCreateFile(file, access | SYNCHRONIZE, &attributes, &io, NULL, 0, ALL, FILE_OPEN,
                        FILE_OPEN_BY_FILE_ID | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static void by_number(void)
{
    LARGE_INTEGER id, changed;
    HANDLE file = NULL, root;
    DWORD size;
    root = CreateFileW(L"numbers", GENERIC_READ, ALL, NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS, NULL);
    say("number: get", "%lx", id_of(L"numbers\\read", &id));
    say("number: open", "%lx", open_id(root, &id, FILE_READ_DATA, &file));
    show_handle("number: read", file);
    NtClose(file);
    say("number: get", "%lx", id_of(L"numbers\\write", &id));
    say("number: open to write", "%lx",
        open_id(root, &id, FILE_READ_DATA | FILE_WRITE_DATA, &file));
    step("number: write", WriteFile(file, "W", 1, &size, NULL));
    show_handle("number: read", file);
    NtClose(file);
    show("number: by name", L"numbers\\write");
    say("number: open as before", "%lx", open_id(root, &id, FILE_READ_DATA, &file));
    show_handle("number: read", file);
    NtClose(file);
    say("number: get anew", "%lx", id_of(L"numbers\\write", &changed));
    say("differs: number", "%s", id.QuadPart == changed.QuadPart ? "the same" : "another");
    id.QuadPart = 0x7fffffff12345678;
    say("number: of nothing", "%s", open_id(root, &id, FILE_READ_DATA, &file) ? "fails" : "opens");
    CloseHandle(root);
}

static void granted(void)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;
    WCHAR whole[MAX_PATH] = L"\\??\\";
    DWORD size;
    GetFullPathNameW(L"numbers\\most", MAX_PATH - 4, whole + 4, NULL);
    RtlInitUnicodeString(&text, whole);
    say("most: open", "%lx",
        NtCreateFile(&file, MAXIMUM_ALLOWED | SYNCHRONIZE, &attributes, &io, NULL, 0, ALL,
                     FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0));
    struct {
        ULONG attributes, granted, rest[12];
    } basic = {0};
    say("most: information", "%lx",
        NtQueryObject(file, (OBJECT_INFORMATION_CLASS)0, &basic, sizeof basic, NULL));
    say("most: granted", "%lx", basic.granted);
    step("most: write", WriteFile(file, "M", 1, &size, NULL));
    NtClose(file);
    show("most: written", L"numbers\\most");

    // A handle that may delete is granted just that.
    GetFullPathNameW(L"numbers\\delete", MAX_PATH - 4, whole + 4, NULL);
    RtlInitUnicodeString(&text, whole);
    say("delete: open", "%lx",
        NtOpenFile(&file, DELETE | FILE_READ_ATTRIBUTES | SYNCHRONIZE, &attributes, &io, ALL,
                   FILE_SYNCHRONOUS_IO_NONALERT));
    step("delete: write", WriteFile(file, "D", 1, &size, NULL));
    step("delete: read", ReadFile(file, whole, 1, &size, NULL));
    NtClose(file);
    show("delete: still there", L"numbers\\delete");
}

static void pointers(void)
{
    UNICODE_STRING text, *nowhere_name = (UNICODE_STRING *)16;
    OBJECT_ATTRIBUTES attributes = nt_named(&text), *nowhere = (OBJECT_ATTRIBUTES *)16;
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;
    struct nt_file_basic_information basic;
    struct nt_file_network_open_information network;
    ULONG options = FILE_SYNCHRONOUS_IO_NONALERT;
    WCHAR whole[MAX_PATH] = L"\\??\\";
    GetFullPathNameW(L"numbers\\read", MAX_PATH - 4, whole + 4, NULL);

    RtlInitUnicodeString(&text, whole);
    attributes.ObjectName = nowhere_name;
    say("name: nowhere", "%lx",
        NtOpenFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &io, ALL, options));
    say("name: nowhere, query", "%lx", NtQueryAttributesFile(&attributes, &basic));
    say("name: nowhere, query in full", "%lx", NtQueryFullAttributesFile(&attributes, &network));
    say("name: nowhere, event", "%lx",
        NtCreateEvent(&file, EVENT_ALL_ACCESS, &attributes, 0, FALSE));
    attributes.ObjectName = &text;
    text.Buffer = (WCHAR *)16;
    say("buffer: nowhere", "%lx",
        NtOpenFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &io, ALL, options));
    say("buffer: nowhere, by number", "%lx",
        NtOpenFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &io, ALL,
                   options | FILE_OPEN_BY_FILE_ID));
    say("buffer: nowhere, query", "%lx", NtQueryAttributesFile(&attributes, &basic));
    RtlInitUnicodeString(&text, whole);
    say("handle: nowhere", "%lx",
        NtOpenFile((HANDLE *)16, GENERIC_READ | SYNCHRONIZE, &attributes, &io, ALL, options));
    // Wine 8 takes NULL attributes apart before it looks (ntdll/unix/file.c, NtCreateFile).
    say("attributes: nowhere", "%lx",
        NtOpenFile(&file, GENERIC_READ | SYNCHRONIZE, nowhere, &io, ALL, options));
    say("attributes: nowhere, query", "%lx", NtQueryAttributesFile(nowhere, &basic));
    say("open", "%lx",
        NtOpenFile(&file, DELETE | GENERIC_READ | SYNCHRONIZE, &attributes, &io, ALL, options));
    say("information: nowhere", "%lx",
        NtSetInformationFile(file, &io, (void *)16, sizeof basic, FileBasicInformation));
    say("information: nowhere, rename", "%lx",
        NtSetInformationFile(file, &io, (void *)16, 100, FileRenameInformation));
    NtClose(file);
    show("after all", L"numbers\\read");
}

static void prepare(void)
{
    CreateDirectoryW(L"numbers", NULL);
    put(L"numbers\\read", "to read", CREATE_NEW);
    put(L"numbers\\write", "to write", CREATE_NEW);
    put(L"numbers\\most", "most", CREATE_NEW);
    put(L"numbers\\delete", "to delete", CREATE_NEW);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc > 1 && !wcscmp(argv[1], L"prepare")) {
        prepare();
        return 0;
    }
    if (argc > 1) {
        show("read", L"numbers\\read");
        show("write", L"numbers\\write");
        show("most", L"numbers\\most");
        show("delete", L"numbers\\delete");
        return 77;
    }
    prepare();
    by_number();
    granted();
    pointers();
    DeleteFileW(L"numbers\\read");
    DeleteFileW(L"numbers\\write");
    DeleteFileW(L"numbers\\most");
    DeleteFileW(L"numbers\\delete");
    step("remove", RemoveDirectoryW(L"numbers"));
    return 0;
}
