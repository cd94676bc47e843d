#include "env_file.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIZE_MAX_BYTES = 1 << 20 };

static const wchar_t cannot[] = L"cannot use the file of variables";

/* The file's text, terminated; NULL with *error. */
static wchar_t *read_text(const wchar_t *path, struct plume_error *error)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        error_win32(error, cannot, path, NULL);
        return NULL;
    }
    char *bytes = malloc(SIZE_MAX_BYTES + 1);
    wchar_t *text = malloc((SIZE_MAX_BYTES + 1) * sizeof *text);
    DWORD len = 0;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    bool ok = bytes && text && ReadFile(file, bytes, SIZE_MAX_BYTES + 1, &len, NULL);
    if (!ok) {
        error_win32(error, cannot, path, NULL);
    } else if (len > SIZE_MAX_BYTES) {
        ok = error_plain(error, cannot, path, L"it is longer than 1 MiB", NULL);
    } else {
        DWORD skip = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        int units = len == skip ? 0
                                : MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, bytes + skip,
                                                      (int)(len - skip), text, SIZE_MAX_BYTES);
        text[units] = 0;
        ok = (units || len == skip) && wcslen(text) == (size_t)units;
        if (!ok)
            error_plain(error, cannot, path, L"it is not UTF-8 text", NULL);
    }
    CloseHandle(file);
    free(bytes);
    if (ok)
        return text;
    free(text);
    return NULL;
}

static bool append(struct text_list *list, const wchar_t *text)
{
    const wchar_t **more = realloc(list->items, (list->count + 1) * sizeof *more);
    if (!more)
        return false;
    list->items = more;
    list->items[list->count++] = text;
    return true;
}

bool env_file_read(const wchar_t *path, struct text_list *list, struct plume_error *error)
{
    wchar_t *line = read_text(path, error);
    if (!line)
        return false;
    for (unsigned number = 1; line; number++) {
        wchar_t *end = wcschr(line, L'\n'), *next = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        line += wcsspn(line, L" \t");
        size_t len = wcslen(line);
        if (len && line[len - 1] == L'\r')
            line[--len] = 0;
        if (len && line[0] != L'#') {
            size_t name = wcscspn(line, L"=");
            if (!name || wcscspn(line, L" \t") < name) {
                wchar_t message[64];
                _snwprintf(message, ARRAYSIZE(message), L"line %u is no variable", number);
                return error_plain(error, cannot, path, message, L"K=V, or K alone");
            }
            if (!append(list, line))
                return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, cannot, path, NULL);
        }
        line = next;
    }
    return true;
}

bool env_files_read(const struct text_list *files, struct text_list *list,
                    struct plume_error *error)
{
    struct text_list all = {0};
    for (size_t i = 0; i < files->count; i++)
        if (!env_file_read(files->items[i], &all, error))
            return false;
    for (size_t i = 0; i < list->count; i++)
        if (!append(&all, list->items[i]))
            return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, cannot, NULL, NULL);
    *list = all;
    return true;
}
