// The tree that the operations work on: making, showing and removing it.
#include "random_files.h"
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

int compare_names(const void *a, const void *b)
{
    return wcscmp(*(WCHAR *const *)a, *(WCHAR *const *)b);
}

/* Calls `each` for every entry below, in order of names; a folder's own after its entries where
 * `folder_last`. */
void walk(const WCHAR *folder, bool folder_last,
          void (*each)(const WCHAR *path, const WIN32_FIND_DATAW *found))
{
    WIN32_FIND_DATAW found;
    WCHAR path[PATH], *order[256];
    unsigned count = 0;
    _snwprintf(path, PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    if (find == INVALID_HANDLE_VALUE) {
        printf("%ls: error %u\n", folder, (unsigned)GetLastError());
        return;
    }
    do {
        WIN32_FIND_DATAW *copy = malloc(sizeof *copy);
        *copy = found;
        if (wcscmp(found.cFileName, L".") && wcscmp(found.cFileName, L"..") && count < 256)
            order[count++] = copy->cFileName;
        else
            free(copy);
    } while (FindNextFileW(find, &found));
    FindClose(find);
    qsort(order, count, sizeof *order, compare_names);
    for (unsigned i = 0; i < count; i++) {
        WIN32_FIND_DATAW *entry = CONTAINING_RECORD(order[i], WIN32_FIND_DATAW, cFileName);
        bool is_folder = entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
        _snwprintf(path, PATH, L"%ls\\%ls", folder, entry->cFileName);
        if (!is_folder || !folder_last)
            each(path, entry);
        if (is_folder)
            walk(path, folder_last, each);
        if (is_folder && folder_last)
            each(path, entry);
        free(entry);
    }
}

void show_entry(const WCHAR *path, const WIN32_FIND_DATAW *found)
{
    static uint8_t buffer[65536];
    note_begin();
    note("%ls attributes %x", path + wcslen(base), (unsigned)found->dwFileAttributes & SHOWN);
    if (!(found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        BY_HANDLE_FILE_INFORMATION info = {0};
        uint64_t hash = HASH_START;
        DWORD size = 0;
        HANDLE file = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE) {
            note(" error %u", (unsigned)GetLastError());
        } else {
            GetFileInformationByHandle(file, &info);
            while (ReadFile(file, buffer, sizeof buffer, &size, NULL) && size)
                hash = hash_more(hash, buffer, size);
            CloseHandle(file);
        }
        note(" size %u %u links %u %016llx", (unsigned)found->nFileSizeLow,
             (unsigned)info.nFileSizeLow, (unsigned)info.nNumberOfLinks, (unsigned long long)hash);
        note_time((int64_t)found->ftLastWriteTime.dwHighDateTime << 32 |
                  found->ftLastWriteTime.dwLowDateTime);
    }
    puts(note_line());
}

static void remove_entry(const WCHAR *path, const WIN32_FIND_DATAW *found)
{
    if (found->dwFileAttributes & FILE_ATTRIBUTE_READONLY)
        SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (!(found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? RemoveDirectoryW(path)
                                                             : DeleteFileW(path)))
        printf("%ls cannot be removed: error %u\n", path, (unsigned)GetLastError());
}

void remove_tree(const WCHAR *folder)
{
    if (GetFileAttributesW(folder) == INVALID_FILE_ATTRIBUTES)
        return;
    walk(folder, true, remove_entry);
    RemoveDirectoryW(folder);
}

static void fill(const WCHAR *folder, unsigned depth)
{
    WCHAR path[PATH];
    for (unsigned i = 0; i < POOL; i++) {
        uint8_t data[300];
        DWORD done, size = draw(sizeof data);
        uint32_t what = draw(10);
        int64_t time = draw_time();
        ULONG attributes = draw_attributes();
        FILETIME written = {(DWORD)time, (DWORD)(time >> 32)};
        _snwprintf(path, PATH, L"%ls\\%ls", folder, pool[i]);
        memset(data, '0' + (int)draw(10), size);
        if (what < 2)
            continue; // nothing of this name
        if (what < 6 && depth < DEPTH) {
            CreateDirectoryW(path, NULL);
            fill(path, depth + 1);
            continue;
        }
        HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, attributes, NULL);
        WriteFile(file, data, size, &done, NULL);
        SetFileTime(file, NULL, NULL, &written);
        CloseHandle(file);
    }
}

void enter_round(const WCHAR *folder, unsigned round)
{
    _snwprintf(base, PATH, L"%ls\\r%u", folder, round);
}

void prepare(const WCHAR *folder, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        enter_round(folder, round);
        remove_tree(base);
        CreateDirectoryW(base, NULL);
        seed_with(0, round);
        fill(base, 1);
    }
}
