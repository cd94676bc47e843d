// What a file keeps when it is changed for the first time: times, attributes, security, extended
// attributes, named streams, holes.
//
//   file_copyup prepare    makes the files: run natively before, they are the host's for a VM
//   file_copyup            works on them; makes those that are not there
//   file_copyup check      shows them; ends with 77
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layer/nt.h"

#define ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
enum { LARGE = 3 * 1024 * 1024 + 5, HOLE = 8 * 1024 * 1024 };

static const WCHAR *const files[] = {L"plain",     L"read-only", L"hidden", L"large", L"empty",
                                     L"truncated", L"set",       L"sparse", L"stream"};
static const DWORD attributes[] = {
    FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NORMAL,   FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NORMAL,   FILE_ATTRIBUTE_NORMAL};
enum { FILES = sizeof files / sizeof *files };

static void path_of(WCHAR path[MAX_PATH], const WCHAR *name)
{
    _snwprintf(path, MAX_PATH, L"copies\\in\\%ls", name);
}

static HANDLE open_file(const WCHAR *name, DWORD access, DWORD disposition)
{
    WCHAR path[MAX_PATH];
    path_of(path, name);
    return CreateFileW(path, access, ALL, NULL, disposition, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

/* Wine 8 has no streams: what is named like one is a file of its own. */
static BOOL has_streams(void)
{
    static char buffer[1024];
    IO_STATUS_BLOCK io;
    HANDLE file = open_file(L"stream", GENERIC_READ, OPEN_EXISTING);
    NTSTATUS status =
        NtQueryInformationFile(file, &io, buffer, sizeof buffer, (FILE_INFORMATION_CLASS)22);
    CloseHandle(file);
    return !status;
}

/* Times that no file gets by itself. */
static void set_times(HANDLE file, unsigned number)
{
    FILETIME created = {0x10000000 * (number % 8), 0x01c00000}, accessed = created,
             written = created;
    accessed.dwHighDateTime += 1 << 16;
    written.dwHighDateTime += 2 << 16;
    SetFileTime(file, &created, &accessed, &written);
}

static void prepare(void)
{
    DWORD size;
    CreateDirectoryW(L"copies", NULL);
    CreateDirectoryW(L"copies\\in", NULL);
    char *large = malloc(LARGE);
    for (unsigned i = 0; i < LARGE; i++)
        large[i] = (char)(i * 7 + (i >> 12));
    for (unsigned i = 0; i < FILES; i++) {
        HANDLE file = open_file(files[i], GENERIC_WRITE, CREATE_NEW);
        if (file == INVALID_HANDLE_VALUE)
            continue;
        if (!wcscmp(files[i], L"large"))
            WriteFile(file, large, LARGE, &size, NULL);
        else if (wcscmp(files[i], L"empty"))
            WriteFile(file, "some content", 12, &size, NULL);
        if (!wcscmp(files[i], L"sparse")) {
            DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &size, NULL);
            SetFilePointer(file, HOLE, NULL, FILE_BEGIN);
            WriteFile(file, "the end", 7, &size, NULL);
        }
        set_times(file, i);
        CloseHandle(file);
        WCHAR path[MAX_PATH];
        path_of(path, files[i]);
        SetFileAttributesW(path, attributes[i]);
    }
    free(large);
    HANDLE stream = INVALID_HANDLE_VALUE;
    if (has_streams())
        stream = CreateFileW(L"copies\\in\\stream:second", GENERIC_WRITE, ALL, NULL, CREATE_NEW, 0,
                             NULL);
    if (stream != INVALID_HANDLE_VALUE) {
        WriteFile(stream, "in a stream", 11, &size, NULL);
        CloseHandle(stream);
    }
    static const WCHAR *const folders[] = {L"copies\\in", L"copies"};
    for (unsigned i = 0; i < 2; i++) {
        HANDLE folder = CreateFileW(folders[i], FILE_WRITE_ATTRIBUTES, ALL, NULL, OPEN_EXISTING,
                                    FILE_FLAG_BACKUP_SEMANTICS, NULL);
        set_times(folder, 5 + i);
        CloseHandle(folder);
    }
}

static void show_times(const char *name, const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data)) {
        step(name, FALSE);
        return;
    }
    say(name, "attributes %lx, written %lx%08lx, %lu bytes",
        data.dwFileAttributes & ~(DWORD)FILE_ATTRIBUTE_ARCHIVE, data.ftLastWriteTime.dwHighDateTime,
        data.ftLastWriteTime.dwLowDateTime, data.nFileSizeLow);
    // Wine 8 keeps no time of creation: it shows the earlier of two others, one of which a copy
    // cannot set (ntdll/unix/file.c, get_file_times).
    printf("differs: %s created %lx%08lx, accessed %lx%08lx\n", name,
           data.ftCreationTime.dwHighDateTime, data.ftCreationTime.dwLowDateTime,
           data.ftLastAccessTime.dwHighDateTime, data.ftLastAccessTime.dwLowDateTime);
}

static void show_content(const char *name, const WCHAR *file_name)
{
    unsigned long long sum = 0;
    DWORD size = 0, whole = 0;
    static unsigned char buffer[65536];
    HANDLE file = open_file(file_name, GENERIC_READ, OPEN_EXISTING);
    while (ReadFile(file, buffer, sizeof buffer, &size, NULL) && size) {
        for (DWORD i = 0; i < size; i++)
            sum = sum * 31 + buffer[i];
        whole += size;
    }
    say(name, "%lu bytes, %llx", whole, sum);
    CloseHandle(file);
}

static void show_security(const char *name, const WCHAR *path)
{
    static char buffer[4096];
    SECURITY_DESCRIPTOR *security = (SECURITY_DESCRIPTOR *)buffer;
    DWORD size = 0;
    BOOL present = FALSE, defaulted = FALSE;
    ACL *list = NULL;
    PSID owner = NULL;
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    DWORD revision;
    if (!step(name, GetFileSecurityW(path,
                                     OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                                         DACL_SECURITY_INFORMATION,
                                     security, sizeof buffer, &size)))
        return;
    GetSecurityDescriptorDacl(security, &present, &list, &defaulted);
    GetSecurityDescriptorOwner(security, &owner, &defaulted);
    GetSecurityDescriptorControl(security, &control, &revision);
    unsigned sum = 0;
    for (DWORD i = 0; i < size; i++)
        sum = sum * 31 + (unsigned char)buffer[i];
    say(name, "%lu bytes, %x, %u entries, control %x", size, sum, list ? list->AceCount : 0,
        control);
}

static void touch(const WCHAR *name, DWORD access)
{
    HANDLE file = open_file(name, access, OPEN_EXISTING);
    char what[64];
    snprintf(what, sizeof what, "touch %ls", name);
    step(what, file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
}

static void work(void)
{
    WCHAR path[MAX_PATH];
    char name[64];
    DWORD size;
    for (unsigned i = 0; i < FILES; i++) {
        path_of(path, files[i]);
        snprintf(name, sizeof name, "%ls before", files[i]);
        show_times(name, path);
        show_security(name, path);
    }
    // Opened to write, and not written: nothing has changed.
    for (unsigned i = 0; i < FILES; i++)
        if (attributes[i] != FILE_ATTRIBUTE_READONLY && wcscmp(files[i], L"truncated"))
            touch(files[i], GENERIC_WRITE);
    touch(L"read-only", FILE_WRITE_ATTRIBUTES);
    touch(L"hidden", WRITE_DAC);
    touch(L"set", FILE_WRITE_EA);
    for (unsigned i = 0; i < FILES; i++) {
        path_of(path, files[i]);
        snprintf(name, sizeof name, "%ls after", files[i]);
        show_times(name, path);
        show_security(name, path);
        show_content(name, files[i]);
    }
    // Nor were the folders.
    show_times("folder", L"copies\\in");
    show_times("folder above", L"copies");

    HANDLE file = open_file(L"truncated", GENERIC_WRITE, TRUNCATE_EXISTING);
    step("truncate", file != INVALID_HANDLE_VALUE);
    say("truncated", "%lu bytes", GetFileSize(file, &size));
    CloseHandle(file);
    path_of(path, L"truncated");
    show_security("truncated", path);
    step("read-only: set", SetFileAttributesW(L"copies\\in\\read-only", FILE_ATTRIBUTE_NORMAL));
    show_times("read-only set", L"copies\\in\\read-only");

    file =
        CreateFileW(L"copies\\in\\stream:second", GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
    char text[32] = "";
    if (step("stream", file != INVALID_HANDLE_VALUE)) {
        ReadFile(file, text, sizeof text - 1, &size, NULL);
        say("stream", "%s", text);
        CloseHandle(file);
    }
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    WCHAR path[MAX_PATH];
    char name[64];
    if (argc > 1 && !wcscmp(argv[1], L"prepare")) {
        prepare();
        return 0;
    }
    if (argc > 1) {
        for (unsigned i = 0; i < FILES; i++) {
            path_of(path, files[i]);
            snprintf(name, sizeof name, "%ls", files[i]);
            show_times(name, path);
            show_content(name, files[i]);
        }
        show_times("folder", L"copies\\in");
        return 77;
    }
    prepare();
    work();
    for (unsigned i = 0; i < FILES; i++) {
        path_of(path, files[i]);
        SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
        DeleteFileW(path);
    }
    step("remove", RemoveDirectoryW(L"copies\\in"));
    step("remove above", RemoveDirectoryW(L"copies"));
    return 0;
}
