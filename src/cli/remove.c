#include <windows.h>
#include <winternl.h>
#include <stdlib.h>
#include "remove.h"

enum { PATH_UNITS = 32768 }; // the longest path that there can be

static bool is_dots(const wchar_t *name)
{
    return name[0] == L'.' && (!name[1] || (name[1] == L'.' && !name[2]));
}

static bool delete_entry(const wchar_t *path, DWORD attributes, struct plume_error *error)
{
    if (attributes & FILE_ATTRIBUTE_READONLY)
        SetFileAttributesW(path, attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY);
    bool ok = attributes & FILE_ATTRIBUTE_DIRECTORY ? RemoveDirectoryW(path) : DeleteFileW(path);
    return ok || error_win32(error, L"cannot delete", path, NULL);
}

/* Deletes the files of the folder at path[0..len) and stops at the first folder in it, whose name
 * it appends: *found. */
static bool delete_files(wchar_t *path, size_t len, bool *found, struct plume_error *error)
{
    WIN32_FIND_DATAW entry;
    *found = false;
    if (len + 3 > PATH_UNITS)
        return error_win32_code(error, ERROR_FILENAME_EXCED_RANGE, L"cannot delete", path, NULL);
    wcscpy(path + len, L"\\*");
    HANDLE search = FindFirstFileW(path, &entry);
    path[len] = 0;
    if (search == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND ||
               error_win32(error, L"cannot list the folder", path, NULL);
    bool ok = true;
    do {
        if (is_dots(entry.cFileName))
            continue;
        if (len + 1 + wcslen(entry.cFileName) + 1 > PATH_UNITS) {
            ok = error_win32_code(error, ERROR_FILENAME_EXCED_RANGE, L"cannot delete", path, NULL);
            break;
        }
        path[len] = L'\\';
        wcscpy(path + len + 1, entry.cFileName);
        bool folder = entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY &&
                      !(entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
        if (folder) {
            *found = true;
            break;
        }
        ok = delete_entry(path, entry.dwFileAttributes, error);
        if (ok)
            path[len] = 0;
    } while (ok && FindNextFileW(search, &entry));
    FindClose(search);
    return ok;
}

bool remove_folder(const wchar_t *folder, struct plume_error *error)
{
    DWORD attributes = GetFileAttributesW(folder);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND ||
               error_win32(error, L"cannot delete", folder, NULL);
    if (!(attributes & FILE_ATTRIBUTE_DIRECTORY) || attributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return delete_entry(folder, attributes, error);
    size_t base = wcslen(folder);
    wchar_t *path = malloc(PATH_UNITS * sizeof(*path));
    if (!path || base >= PATH_UNITS) {
        free(path);
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot delete", folder, NULL);
    }
    wcscpy(path, folder);
    // Down into the first folder that is left, up when there is none: no stack, so no depth is too
    // much.
    bool ok = true, found;
    for (;;) {
        size_t len = wcslen(path);
        ok = delete_files(path, len, &found, error);
        if (!ok)
            break;
        if (found)
            continue;
        attributes = GetFileAttributesW(path);
        ok = delete_entry(
            path, attributes == INVALID_FILE_ATTRIBUTES ? FILE_ATTRIBUTE_DIRECTORY : attributes,
            error);
        if (!ok || len == base)
            break;
        *wcsrchr(path, L'\\') = 0;
    }
    free(path);
    return ok;
}

/* ---- keys ---- */

/* By the native calls, because a VM may have made names that Win32 cannot say. */
NTSTATUS NTAPI NtOpenKey(HANDLE *key, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes);
NTSTATUS NTAPI NtDeleteKey(HANDLE key);
NTSTATUS NTAPI NtEnumerateKey(HANDLE key, ULONG index, int information_class, void *information,
                              ULONG size, ULONG *needed);

struct key_basic {
    LARGE_INTEGER last_write;
    ULONG title_index;
    ULONG name_bytes;
    wchar_t name[256]; // the longest name of a key is 255 units
};

static NTSTATUS open_key(HANDLE root, UNICODE_STRING *name, HANDLE *key)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, root, NULL);
    return NtOpenKey(key, DELETE | KEY_ENUMERATE_SUB_KEYS, &attributes);
}

static bool gone(NTSTATUS status)
{
    return status == (NTSTATUS)0xC0000034 /* OBJECT_NAME_NOT_FOUND */ ||
           status == (NTSTATUS)0xC0000181 /* KEY_DELETED */;
}

/* Keys are at most 512 deep, and the recursion with them. */
static NTSTATUS delete_key(HANDLE root, UNICODE_STRING *name, int depth)
{
    HANDLE key;
    NTSTATUS status = open_key(root, name, &key);
    if (status < 0)
        return gone(status) ? 0 : status;
    while (status >= 0 && depth < 512) {
        struct key_basic info;
        ULONG needed;
        // Always the first: the one before has just been deleted.
        status = NtEnumerateKey(key, 0, 0 /* KeyBasicInformation */, &info, sizeof(info), &needed);
        if (status < 0)
            break;
        UNICODE_STRING child = {(USHORT)info.name_bytes, (USHORT)info.name_bytes, info.name};
        status = delete_key(key, &child, depth + 1);
    }
    if (status == (NTSTATUS)0x8000001A /* NO_MORE_ENTRIES */)
        status = NtDeleteKey(key);
    NtClose(key);
    return gone(status) ? 0 : status;
}

bool remove_key(const wchar_t *nt_path, struct plume_error *error)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, nt_path);
    NTSTATUS status = delete_key(NULL, &name, 0);
    return status >= 0 ||
           error_ntstatus(error, (uint32_t)status, L"cannot delete the key", nt_path, NULL);
}
