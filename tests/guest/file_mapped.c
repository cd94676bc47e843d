// Files that are mapped, as an image or to be read, and what can then be done with them: natively
// they are neither written nor deleted nor replaced. And again when they are not mapped any more.
//
//   file_mapped [prepare|run] [FOLDER]     default: both, in the folder "mapped"
//   file_mapped wait                       runs until its standard input ends
#include "common_step.h"
#include <stdio.h>
#include <winternl.h>

static const WCHAR *const images[] = {L"run.exe", L"read.exe", L"write.exe", L"data"};

static void prepare(void)
{
    WCHAR self[MAX_PATH];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    for (size_t i = 0; i < sizeof images / sizeof *images; i++)
        CopyFileW(self, images[i], TRUE);
}

static HANDLE open_file(const WCHAR *name, DWORD access, DWORD disposition, DWORD flags)
{
    return CreateFileW(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       disposition, flags, NULL);
}

static void try_open(const char *what, const WCHAR *name, DWORD access, DWORD disposition,
                     DWORD flags)
{
    HANDLE file = open_file(name, access, disposition, flags);
    step(what, file != INVALID_HANDLE_VALUE);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
}

/* What changes nothing when it succeeds. (What may be written to a mapped file natively, its
 * attributes, makes the VM's copy, which nobody has mapped.) */
static void try_all(const WCHAR *name)
{
    try_open("  open to read", name, GENERIC_READ, OPEN_EXISTING, 0);
    try_open("  open to write", name, GENERIC_WRITE, OPEN_EXISTING, 0);
    try_open("  open to write data", name, FILE_WRITE_DATA, OPEN_EXISTING, 0);
    try_open("  open to delete", name, DELETE, OPEN_EXISTING, 0);
}

/* As DeleteFile() does it on Windows; Wine's deletes on close. */
static void delete_by_handle(const WCHAR *name)
{
    enum { DISPOSITION = 13 };
    IO_STATUS_BLOCK io;
    BOOLEAN yes = TRUE;
    HANDLE file = open_file(name, DELETE, OPEN_EXISTING, 0);
    if (file == INVALID_HANDLE_VALUE) {
        step("  delete by handle, open", FALSE);
        return;
    }
    printf("  delete by handle: %08lx\n",
           (unsigned long)NtSetInformationFile(file, &io, &yes, sizeof yes,
                                               (FILE_INFORMATION_CLASS)DISPOSITION));
    CloseHandle(file);
}

/* What does not succeed as long as the file is mapped. */
static void try_to_destroy(const WCHAR *name)
{
    try_open("  create always", name, GENERIC_WRITE, CREATE_ALWAYS, 0);
    try_open("  truncate", name, GENERIC_WRITE, TRUNCATE_EXISTING, 0);
    delete_by_handle(name);
    try_open("  delete on close", name, DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE);
    step("  delete", DeleteFileW(name));
    step("  replace", MoveFileExW(L"other", name, MOVEFILE_REPLACE_EXISTING));
    step("  is there", GetFileAttributesW(name) != INVALID_FILE_ATTRIBUTES);
}

static void as_image(const WCHAR *name, BOOL destroy)
{
    HANDLE file = open_file(name, GENERIC_READ | GENERIC_EXECUTE, OPEN_EXISTING, 0);
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);
    step("section of an image", section != NULL);
    CloseHandle(file);
    void *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    step("view", view != NULL);
    CloseHandle(section);
    try_all(name);
    if (destroy)
        try_to_destroy(name);
    UnmapViewOfFile(view);
    puts("unmapped");
    try_all(name);
    if (destroy)
        try_to_destroy(name);
}

static void as_data(const WCHAR *name)
{
    HANDLE file = open_file(name, GENERIC_READ, OPEN_EXISTING, 0);
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    step("section to read", section != NULL);
    CloseHandle(file);
    void *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    CloseHandle(section);
    delete_by_handle(name);
    step("  replace", MoveFileExW(L"other", name, MOVEFILE_REPLACE_EXISTING));
    UnmapViewOfFile(view);
    step("unmapped, delete", DeleteFileW(name));
}

static void as_process(const WCHAR *name)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    PROCESS_INFORMATION process;
    WCHAR line[MAX_PATH];
    HANDLE write;
    CreatePipe(&startup.hStdInput, &write, &inherited, 0);
    SetHandleInformation(write, HANDLE_FLAG_INHERIT, 0);
    _snwprintf(line, MAX_PATH, L"%ls wait", name);
    step("run", CreateProcessW(name, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    CloseHandle(startup.hStdInput);
    try_all(name);
    try_to_destroy(name);
    step("  rename", MoveFileW(name, L"moved.exe"));
    step("  rename back", MoveFileW(L"moved.exe", name));
    CloseHandle(write);
    WaitForSingleObject(process.hProcess, INFINITE);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    puts("it has ended");
    try_to_destroy(name);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    const WCHAR *what = argc > 1 ? argv[1] : L"", *folder = argc > 2 ? argv[2] : L"mapped";
    if (!wcscmp(what, L"wait"))
        return getchar() == EOF ? 0 : 1;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    CreateDirectoryW(folder, NULL);
    if (!SetCurrentDirectoryW(folder))
        return 1;
    if (wcscmp(what, L"run"))
        prepare();
    if (wcscmp(what, L"prepare")) {
        try_open("other", L"other", GENERIC_WRITE, CREATE_ALWAYS, 0);
        as_image(L"read.exe", FALSE);
        as_image(L"write.exe", TRUE);
        try_open("other", L"other", GENERIC_WRITE, CREATE_ALWAYS, 0);
        as_data(L"data");
        try_open("other", L"other", GENERIC_WRITE, CREATE_ALWAYS, 0);
        as_process(L"run.exe");
    }
    SetCurrentDirectoryW(L"\\");
    return 0;
}
