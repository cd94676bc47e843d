#include <stdint.h>
#include <windows.h>
#include <winternl.h>
#include "vm/true_path.h"

enum { NAME_MAX = 2048 };

/* The Win32 path of a name that the kernel gave; false for one that has none. */
static bool win32_of_kernel(const wchar_t *name, wchar_t *out, size_t cap)
{
    static const wchar_t links[] = L"\\??\\", shares[] = L"\\Device\\Mup\\";
    const wchar_t *head = L"", *tail = NULL;
    wchar_t drive[] = L"A:", target[NAME_MAX];

    if (wcsncmp(name, links, ARRAYSIZE(links) - 1) == 0) {
        tail = name + ARRAYSIZE(links) - 1; // Wine's kernel names drives
    } else if (wcsncmp(name, shares, ARRAYSIZE(shares) - 1) == 0) {
        head = L"\\\\";
        tail = name + ARRAYSIZE(shares) - 1;
    } else {
        for (; !tail && drive[0] <= L'Z'; drive[0]++) {
            size_t len = QueryDosDeviceW(drive, target, ARRAYSIZE(target)) ? wcslen(target) : 0;
            if (len && !_wcsnicmp(name, target, len) && name[len] == L'\\') {
                head = drive;
                tail = name + len;
                break;
            }
        }
    }
    if (!tail || wcslen(head) + wcslen(tail) >= cap)
        return false;
    wcscpy(out, head);
    wcscat(out, tail);
    return true;
}

/* What the kernel calls the folder `path`. */
static bool ask_kernel(const wchar_t *path, wchar_t *out, size_t cap)
{
    union {
        UNICODE_STRING name;
        uint8_t bytes[sizeof(UNICODE_STRING) + NAME_MAX * sizeof(wchar_t)];
    } info;
    ULONG size;
    HANDLE folder = CreateFileW(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (folder == INVALID_HANDLE_VALUE)
        return false;
    NTSTATUS status = NtQueryObject(folder, (OBJECT_INFORMATION_CLASS)1 /* ObjectNameInformation */,
                                    &info, sizeof info - sizeof(wchar_t), &size);
    CloseHandle(folder);
    if (status || !info.name.Length)
        return false;
    info.name.Buffer[info.name.Length / sizeof(wchar_t)] = 0;
    return win32_of_kernel(info.name.Buffer, out, cap);
}

bool vm_true_path(wchar_t *path, size_t cap)
{
    wchar_t above[NAME_MAX], found[NAME_MAX], lengthened[NAME_MAX];
    size_t len = wcslen(path);
    if (len >= NAME_MAX)
        return true;
    wcscpy(above, path);
    while (!ask_kernel(above, found, ARRAYSIZE(found))) {
        wchar_t *leaf = wcsrchr(above, L'\\');
        if (!leaf || leaf == above || leaf[-1] == L'\\' || leaf[-1] == L':')
            return true; // not even its volume can be asked: the path as it was given
        *leaf = 0;
    }
    // The kernel keeps a short name that a link or the path was written with.
    DWORD longer = GetLongPathNameW(found, lengthened, ARRAYSIZE(lengthened));
    if (longer && longer < ARRAYSIZE(lengthened))
        wcscpy(found, lengthened);
    size_t found_len = wcslen(found);
    while (found_len && found[found_len - 1] == L'\\')
        found[--found_len] = 0;
    const wchar_t *rest = path + wcslen(above);
    if (found_len + wcslen(rest) + 1 >= cap || found_len + wcslen(rest) + 1 >= NAME_MAX)
        return false;
    wcscat(found, rest);
    wcscpy(path, found);
    if (found_len == 2 && !path[2])
        wcscat(path, L"\\"); // a volume's root
    return true;
}
