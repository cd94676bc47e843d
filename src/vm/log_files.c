#include "vm/log_files.h"

#include <stdio.h>
#include <string.h>
#include "core/log_entry.h"

static bool open_files(const struct vm *vm, HANDLE files[LOG_FILES], bool writing,
                       struct plume_error *error)
{
    const size_t cap = VM_PATH_MAX + 64;
    wchar_t path[VM_PATH_MAX + 64];
    for (int i = 0; i < LOG_FILES; i++)
        files[i] = NULL;
    if (!vm_path(path, cap, vm->path, L"log", error))
        return false;
    if (writing && !CreateDirectoryW(path, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        return error_win32(error, L"cannot make the folder", path, NULL);
    for (int i = 0; i < LOG_FILES; i++) {
        wchar_t leaf[] = L"log\\vm.0.log";
        leaf[7] = (wchar_t)(L'0' + i);
        if (!vm_path(path, cap, vm->path, leaf, error))
            return false;
        HANDLE file =
            CreateFileW(path, writing ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                        writing ? OPEN_ALWAYS : OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            files[i] = file;
        } else if (writing || (GetLastError() != ERROR_FILE_NOT_FOUND &&
                               GetLastError() != ERROR_PATH_NOT_FOUND)) {
            error_win32(error, L"cannot open the log of the VM", path, NULL);
            log_files_close(files);
            return false;
        }
    }
    return true;
}

bool log_files_create(const struct vm *vm, HANDLE files[LOG_FILES], struct plume_error *error)
{
    return open_files(vm, files, true, error);
}

bool log_files_open(const struct vm *vm, HANDLE files[LOG_FILES], struct plume_error *error)
{
    return open_files(vm, files, false, error);
}

void log_files_close(HANDLE files[LOG_FILES])
{
    for (int i = 0; i < LOG_FILES; i++) {
        if (files[i])
            CloseHandle(files[i]);
        files[i] = NULL;
    }
}

DWORD log_file_read(HANDLE file, uint64_t offset, void *out, DWORD len)
{
    OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD got = 0;
    return ReadFile(file, out, len, &got, &at) ? got : 0;
}

uint32_t log_file_number(HANDLE file, uint64_t *begin)
{
    char line[LOG_HEADER_MAX];
    DWORD got = log_file_read(file, 0, line, sizeof line);
    const char *end = memchr(line, '\n', got);
    if (begin)
        *begin = end ? (uint64_t)(end - line) + 1 : 0;
    return end ? log_header_read(line, (size_t)(end - line)) : 0;
}
