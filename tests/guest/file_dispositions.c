// Every create disposition on every kind of thing that may be at a name, with the options and
// access that matter: the status, what was done, and what is there after.
//
//   file_dispositions prepare    makes the files: run natively before, they are the host's for a VM
//   file_dispositions            works on them; makes those that are not there
//   file_dispositions check      shows them; ends with 77
#include "common_step.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "layer/nt.h"

enum { KINDS = 9, DISPOSITIONS = 6, ACCESSES = 4, OPTIONS = 5 };
static const char *const kinds[KINDS] = {"file",      "folder", "nothing", "deleted", "changed",
                                         "read-only", "hidden", "system",  "full"};
static const ACCESS_MASK accesses[ACCESSES] = {FILE_READ_DATA, FILE_WRITE_DATA,
                                               FILE_WRITE_ATTRIBUTES, MAXIMUM_ALLOWED};
static const ULONG options[OPTIONS] = {0, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE,
                                       FILE_DELETE_ON_CLOSE,
                                       FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE};

static void path_of(WCHAR path[MAX_PATH], unsigned kind, unsigned disposition, unsigned access,
                    unsigned option)
{
    _snwprintf(path, MAX_PATH, L"made\\%u%u%u%u", kind, disposition, access, option);
}

static void make_file(const WCHAR *path, DWORD attributes)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, attributes, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, "content", 7, &size, NULL);
    CloseHandle(file);
}

static void make(const WCHAR *path, unsigned kind)
{
    WCHAR inside[MAX_PATH];
    switch (kind) {
    case 1:
        CreateDirectoryW(path, NULL);
        return;
    case 2:
        return;
    case 5:
        make_file(path, FILE_ATTRIBUTE_READONLY);
        return;
    case 6:
        make_file(path, FILE_ATTRIBUTE_HIDDEN);
        return;
    case 7:
        make_file(path, FILE_ATTRIBUTE_SYSTEM);
        return;
    case 8:
        CreateDirectoryW(path, NULL);
        _snwprintf(inside, MAX_PATH, L"%ls\\x", path);
        make_file(inside, FILE_ATTRIBUTE_NORMAL);
        return;
    default:
        make_file(path, FILE_ATTRIBUTE_NORMAL);
    }
}

static void each(void (*call)(const WCHAR *path, unsigned kind, unsigned disposition,
                              unsigned access, unsigned option))
{
    WCHAR path[MAX_PATH];
    for (unsigned i = 0; i < KINDS; i++)
        for (unsigned j = 0; j < DISPOSITIONS; j++)
            for (unsigned k = 0; k < ACCESSES; k++)
                for (unsigned l = 0; l < OPTIONS; l++) {
                    path_of(path, i, j, k, l);
                    call(path, i, j, k, l);
                }
}

static void prepare_one(const WCHAR *path, unsigned kind, unsigned disposition, unsigned access,
                        unsigned option)
{
    (void)disposition, (void)access, (void)option;
    make(path, kind);
}

/* What the guest itself does before: some are the VM's own by then. */
static void before(const WCHAR *path, unsigned kind)
{
    DWORD size;
    if (kind == 3)
        DeleteFileW(path);
    if (kind == 4) {
        HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        WriteFile(file, "CHANGED", 7, &size, NULL);
        CloseHandle(file);
    }
}

static NTSTATUS nt_create(HANDLE *handle, const WCHAR *name, ACCESS_MASK access, ULONG attributes,
                          ULONG disposition, ULONG option, ULONG_PTR *information)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES object = nt_named(&text);
    IO_STATUS_BLOCK io = {.Information = 99};
    WCHAR whole[MAX_PATH] = L"\\??\\";
    GetFullPathNameW(name, MAX_PATH - 4, whole + 4, NULL);
    RtlInitUnicodeString(&text, whole);
    NTSTATUS status = NtCreateFile(handle, access | SYNCHRONIZE, &object, &io, NULL, attributes,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                   disposition, option | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    *information = status ? 99 : io.Information;
    return status;
}

static void show_state(const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    char text[16] = "";
    DWORD size = 0;
    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data)) {
        printf(" e%lu", GetLastError());
        return;
    }
    if (!(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        HANDLE file =
            CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        NULL, OPEN_EXISTING, 0, NULL);
        ReadFile(file, text, sizeof text - 1, &size, NULL);
        CloseHandle(file);
    }
    printf(" %lx:%s", data.dwFileAttributes & 0x17, text);
}

static void run_one(const WCHAR *path, unsigned kind, unsigned disposition, unsigned access,
                    unsigned option)
{
    HANDLE handle = NULL;
    ULONG_PTR information;
    bool unsettled = (kind == 1 || kind == 8) && options[option] & FILE_DELETE_ON_CLOSE &&
                     disposition != FILE_OPEN && disposition != FILE_CREATE &&
                     disposition != FILE_OPEN_IF;
    if (!access && !option)
        printf("%s, disposition %u:", kinds[kind], disposition);
    before(path, kind);
    ACCESS_MASK mask = accesses[access];
    if (options[option] & FILE_DELETE_ON_CLOSE && access != 2)
        mask |= DELETE; // once without it
    // Overwriting a folder fails, and Wine 8 deletes it nevertheless if it was to be on close.
    NTSTATUS status = unsettled ? 1
                                : nt_create(&handle, path, mask, FILE_ATTRIBUTE_NORMAL, disposition,
                                            options[option], &information);
    if (unsettled)
        information = 99;
    printf(" %lx/%lu", status, (unsigned long)information);
    show_state(path);
    if (!status) {
        NtClose(handle);
        if (options[option] & FILE_DELETE_ON_CLOSE) {
            printf(" >");
            show_state(path);
        }
    }
    printf(",");
    if (access == ACCESSES - 1 && option == OPTIONS - 1)
        putchar('\n');
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (!DeleteFileW(path) && !RemoveDirectoryW(path)) {
        WCHAR inside[MAX_PATH];
        _snwprintf(inside, MAX_PATH, L"%ls\\x", path);
        DeleteFileW(inside);
        RemoveDirectoryW(path);
    }
}

/* What overwriting asks of attributes, and does with them. */
static void overwriting(void)
{
    static const ULONG given[] = {
        FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_SYSTEM,
        FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM, FILE_ATTRIBUTE_READONLY};
    static const ULONG dispositions[] = {FILE_SUPERSEDE, FILE_OVERWRITE, FILE_OVERWRITE_IF};
    WCHAR path[MAX_PATH];
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned k = 0; k < 5; k++) {
                HANDLE handle = NULL;
                ULONG_PTR information;
                _snwprintf(path, MAX_PATH, L"made\\o%u%u%u", i, j, k);
                NTSTATUS status = nt_create(&handle, path, FILE_WRITE_DATA, given[k],
                                            dispositions[j], 0, &information);
                printf("%s overwritten, %lx, %lu: %lx/%lu", kinds[4 + i], given[k], dispositions[j],
                       status, (unsigned long)information);
                if (!status)
                    NtClose(handle);
                show_state(path);
                putchar('\n');
                SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
                DeleteFileW(path);
            }
}

static void prepare(void)
{
    WCHAR path[MAX_PATH];
    CreateDirectoryW(L"made", NULL);
    each(prepare_one);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned k = 0; k < 5; k++) {
                _snwprintf(path, MAX_PATH, L"made\\o%u%u%u", i, j, k);
                make(path, i ? 4 + i : 0);
            }
}

static void check(void)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(L"made\\*", &found);
    unsigned count = 0;
    if (find == INVALID_HANDLE_VALUE) {
        printf("error %lu\n", GetLastError());
        return;
    }
    do {
        if (found.cFileName[0] == '.')
            continue;
        printf("%ls %lx %lx%08lx %lu\n", found.cFileName, found.dwFileAttributes,
               found.ftLastWriteTime.dwHighDateTime, found.ftLastWriteTime.dwLowDateTime,
               found.nFileSizeLow);
        count++;
    } while (FindNextFileW(find, &found));
    FindClose(find);
    printf("%u\n", count);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc > 1 && !wcscmp(argv[1], L"prepare")) {
        prepare();
        return 0;
    }
    if (argc > 1) {
        check();
        return 77;
    }
    prepare();
    each(run_one);
    overwriting();
    step("remove", RemoveDirectoryW(L"made"));
    return 0;
}
