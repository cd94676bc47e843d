// A stream of random file operations that is the same for the same seed, and the state that it
// leaves: natively and in a VM whose host was prepared in the same way, both must come out equal.
//
//   random_files prepare FOLDER ROUNDS              makes anew what is there before
//   random_files FOLDER SEED COUNT [OPTION]...      runs on it; without arguments: a short stream
//   in the
//                                                   current folder, of which nothing is left
//     all          prints every operation, not only a sum of every 500
//     from=N to=N  only these operations; each one's choices depend on the seed and its number
//     alone,
//                  so that what fails can be cut down
//     single       closes every handle at the end of its operation: none is open across others
//     cases        names are spelled in small and capital letters at random
//     shares       handles are opened for all kinds of sharing, otherwise for every one
//     keep         leaves the final state
//
// ROUND operations each work on a tree of their own (r0, r1, ...), because after some thousands
// nothing is left of what was prepared. The names come from a small set, so that they meet often.
//
// What is meant to differ is not printed: the order of a folder's entries, file numbers and
// allocation sizes; times other than those that the program has set; the time of a folder's last
// change; and attributes but those of `SHOWN` (whether a file is to be archived is the file
// system's business).
#include "layer/nt.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum {
    ROUND = 2500,
    SUM_EVERY = 500,
    SLOTS = 6,
    DEPTH = 3,
    PATH = 400,
    SHOWN = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
            FILE_ATTRIBUTE_DIRECTORY,
    SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
};
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define YEAR_2000  INT64_C(125911584000000000)
#define DAY        INT64_C(864000000000)

static const WCHAR *const pool[] = {L"a", L"B b", L"c.txt", L"Dd.dat", L"long name of it.text"};
enum { POOL = sizeof pool / sizeof *pool };

static WCHAR base[PATH]; // the current round's tree, as Win32 names it
static uint64_t prng;
static bool single, all, cases, shares;
static uint64_t sum = HASH_START;

/* ---- choices ---- */

static uint32_t draw(uint32_t below)
{
    prng += UINT64_C(0x9e3779b97f4a7c15); // splitmix64
    uint64_t z = prng;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 16) % below;
}

static bool one_in(uint32_t n)
{
    return draw(n) == 0;
}

static void seed_with(uint64_t seed, uint64_t number)
{
    prng = seed * UINT64_C(0xd1342543de82ef95) + number * UINT64_C(0x2545f4914f6cdd1d);
    draw(2);
}

static void draw_leaf(WCHAR *out)
{
    wcscpy(out, pool[draw(POOL)]);
    if (one_in(4) && cases)
        _wcsupr(out);
}

static void draw_relative(WCHAR *out, unsigned depth)
{
    *out = 0;
    for (unsigned i = 0; i < depth; i++) {
        if (i)
            wcscat(out, L"\\");
        draw_leaf(out + wcslen(out));
    }
}

/* `may_trail`: also one that ends with a backslash. */
static void draw_path(WCHAR *relative, bool may_trail)
{
    draw_relative(relative, 1 + draw(DEPTH));
    if (may_trail && one_in(60))
        wcscat(relative, L"\\");
}

static void absolute(WCHAR *out, const WCHAR *relative)
{
    _snwprintf(out, PATH, L"%ls\\%ls", base, relative);
}

/* ---- what is said ---- */

static char line[4096];
static size_t line_length;

static void __attribute__((format(gnu_printf, 1, 2))) note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + line_length, sizeof line - line_length, format, arguments);
    va_end(arguments);
    if (length > 0)
        line_length += (size_t)length;
    if (line_length >= sizeof line)
        line_length = sizeof line - 1;
}

static void note_path(const WCHAR *relative)
{
    note(" '%ls'", relative);
}

static uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Times that the program has set are whole days from 2000 on; all others are those of now. */
static void note_time(int64_t time)
{
    int64_t days = (time - YEAR_2000) / DAY;
    if (days >= 0 && days < 3000)
        note(" day %d", (int)days);
    else
        note(" now");
}

static int64_t draw_time(void)
{
    return YEAR_2000 + (int64_t)draw(3000) * DAY;
}

/* ---- open handles ---- */

struct slot {
    HANDLE handle;
    bool folder, refused;
};
static struct slot slots[SLOTS];

static NTSTATUS close_slot(struct slot *slot)
{
    NTSTATUS status = slot->handle ? NtClose(slot->handle) : 0;
    slot->handle = NULL;
    return status;
}

static void close_all(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        close_slot(&slots[i]);
}

/* To be called after a rename or deletion. Windows lets no folder be renamed while something in it
 * is open; Wine does, and the other handles on that folder and on what is in it keep their old
 * names (8, server/fd.c, set_fd_name), which a VM goes by. */
static void forget_folders(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].handle && slots[i].folder)
            close_slot(&slots[i]);
}

/* ---- operations on a handle ---- */

static void op_read(struct slot *slot)
{
    static uint8_t buffer[100000];
    IO_STATUS_BLOCK io = {0};
    LARGE_INTEGER at = {.QuadPart = one_in(3) ? draw(400) : 0};
    ULONG size = one_in(10) ? sizeof buffer : draw(500);
    NTSTATUS status = NtReadFile(slot->handle, NULL, NULL, NULL, &io, buffer, size, &at, NULL);
    note(" read at %u %u: %08x", (unsigned)at.QuadPart, (unsigned)size, (unsigned)status);
    if (!status)
        note(" %u bytes %016llx", (unsigned)io.Information,
             (unsigned long long)hash_more(HASH_START, buffer, io.Information));
}

static void op_write(struct slot *slot)
{
    static uint8_t buffer[70000];
    IO_STATUS_BLOCK io = {0};
    LARGE_INTEGER at = {.QuadPart = one_in(3) ? draw(400) : 0};
    ULONG size = one_in(40) ? sizeof buffer : draw(300);
    if (one_in(4))
        at = (LARGE_INTEGER){.QuadPart = -1}; // the end: FILE_WRITE_TO_END_OF_FILE
    memset(buffer, 'a' + (int)draw(26), size);
    NTSTATUS status = NtWriteFile(slot->handle, NULL, NULL, NULL, &io, buffer, size, &at, NULL);
    note(" write at %d %u: %08x", (int)at.QuadPart, (unsigned)size, (unsigned)status);
}

static void op_set_end(struct slot *slot)
{
    IO_STATUS_BLOCK io;
    LARGE_INTEGER end = {.QuadPart = draw(600)};
    NTSTATUS status =
        NtSetInformationFile(slot->handle, &io, &end, sizeof end, FileEndOfFileInformation);
    note(" end %u: %08x", (unsigned)end.QuadPart, (unsigned)status);
}

static void op_query(struct slot *slot)
{
    IO_STATUS_BLOCK io;
    struct nt_file_standard_information standard = {0};
    struct nt_file_basic_information basic = {0};
    NTSTATUS status = NtQueryInformationFile(slot->handle, &io, &standard, sizeof standard,
                                             FileStandardInformation);
    note(" query: %08x", (unsigned)status);
    if (!status) {
        note(" folder %d pending %d", standard.directory, standard.delete_pending);
        if (!standard.directory)
            note(" size %u", (unsigned)standard.end_of_file.QuadPart);
        if (!standard.directory && single)
            note(" links %u", (unsigned)standard.number_of_links);
    }
    status = NtQueryInformationFile(slot->handle, &io, &basic, sizeof basic, FileBasicInformation);
    note(" %08x", (unsigned)status);
    if (!status) {
        note(" attributes %x", (unsigned)basic.attributes & SHOWN);
        if (!(basic.attributes & FILE_ATTRIBUTE_DIRECTORY))
            note_time(basic.last_write_time.QuadPart);
    }
}

static ULONG draw_attributes(void)
{
    static const ULONG table[] = {FILE_ATTRIBUTE_NORMAL,   FILE_ATTRIBUTE_NORMAL,
                                  FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_HIDDEN,
                                  FILE_ATTRIBUTE_SYSTEM,   FILE_ATTRIBUTE_ARCHIVE};
    return table[draw(sizeof table / sizeof *table)];
}

static void op_set_basic(struct slot *slot)
{
    IO_STATUS_BLOCK io;
    struct nt_file_basic_information basic = {0};
    if (one_in(2))
        basic.last_write_time.QuadPart = draw_time();
    if (one_in(2))
        basic.attributes = draw_attributes();
    NTSTATUS status =
        NtSetInformationFile(slot->handle, &io, &basic, sizeof basic, FileBasicInformation);
    note(" set attributes %x", (unsigned)basic.attributes);
    note_time(basic.last_write_time.QuadPart);
    note(": %08x", (unsigned)status);
}

static void op_dispose(struct slot *slot)
{
    IO_STATUS_BLOCK io;
    BOOLEAN yes = !one_in(4);
    // Wine reads on in the folder from where it stopped at the first refusal (8, server/fd.c,
    // is_dir_empty), and finds it empty then.
    if (slot->refused)
        return;
    NTSTATUS status =
        NtSetInformationFile(slot->handle, &io, &yes, sizeof yes, FileDispositionInformation);
    note(" dispose %d: %08x", yes, (unsigned)status);
    slot->refused = slot->folder && status;
}

static void op_rename_or_link(struct slot *slot)
{
    struct {
        struct nt_file_rename_information info;
        WCHAR more[2 * PATH];
    } request = {0};
    IO_STATUS_BLOCK io;
    WCHAR relative[PATH], path[PATH];
    const struct slot *root = &slots[draw(SLOTS)];
    bool link = one_in(4);
    draw_path(relative, false);
    if (one_in(5) && root->handle && root->folder && root != slot) {
        request.info.root_directory = root->handle;
        note(" from slot %d", (int)(root - slots));
        wcscpy(path, relative);
    } else {
        absolute(path, relative);
        memmove(path + 4, path, (wcslen(path) + 1) * sizeof *path);
        memcpy(path, L"\\??\\", 4 * sizeof *path);
    }
    request.info.replace_if_exists = (BOOLEAN)one_in(2);
    request.info.name_length = (ULONG)(wcslen(path) * sizeof *path);
    memcpy(request.info.name, path, request.info.name_length);
    NTSTATUS status = NtSetInformationFile(slot->handle, &io, &request, sizeof request,
                                           link ? FileLinkInformation : FileRenameInformation);
    note(" %s", link ? "link" : "rename");
    note_path(relative);
    note(" replace %d: %08x", request.info.replace_if_exists, (unsigned)status);
    if (!link && !status)
        forget_folders();
}

static int compare_names(const void *a, const void *b)
{
    return wcscmp(*(WCHAR *const *)a, *(WCHAR *const *)b);
}

/* Lists with a class, a pattern and a buffer of the stream's choice. */
static void op_list(struct slot *slot)
{
    static const WCHAR *const patterns[] = {NULL,     L"*",  L"*.txt", L"?",
                                            L"<.dat", L"a*", L"B B",   L"nothing"};
    static uint64_t buffer[1024];
    static WCHAR names[64][64];
    WCHAR *order[64];
    const WCHAR *pattern = patterns[draw(sizeof patterns / sizeof *patterns)];
    bool one_each = one_in(4), restart = !one_in(5);
    unsigned limit = one_in(4) ? 1 + draw(3) : 64, count = 0;
    ULONG size = one_in(3) ? 200 : sizeof buffer;
    NTSTATUS status = 0;
    UNICODE_STRING text = {0};

    if (pattern) {
        text.Buffer = (WCHAR *)pattern;
        text.Length = text.MaximumLength = (USHORT)(wcslen(pattern) * sizeof *pattern);
    }
    // Partial listings depend on the order, which may differ: of them the count is said.
    for (unsigned calls = 0; calls < limit && count < 64; calls++) {
        IO_STATUS_BLOCK io = {0};
        status = NtQueryDirectoryFile(slot->handle, NULL, NULL, NULL, &io, buffer, size,
                                      FileDirectoryInformation, one_each || limit < 64,
                                      pattern ? &text : NULL, restart && !calls);
        if (status)
            break;
        const uint8_t *at = (const uint8_t *)buffer;
        for (uint32_t next = 1; next && count < 64; at += next) {
            const FILE_DIRECTORY_INFORMATION *entry = (const void *)at;
            size_t length = entry->FileNameLength / sizeof(WCHAR);
            next = entry->NextEntryOffset;
            memcpy(names[count], entry->FileName, (length < 63 ? length : 63) * sizeof(WCHAR));
            names[count][length < 63 ? length : 63] = 0;
            order[count] = names[count];
            count++;
        }
    }
    note(" list %ls each %d restart %d limit %u: %08x, %u", pattern ? pattern : L"-", one_each,
         restart, limit, (unsigned)status, count);
    if (limit == 64 && restart) {
        qsort(order, count, sizeof *order, compare_names);
        for (unsigned i = 0; i < count; i++)
            note(" %ls", order[i]);
    }
}

static void op_on_handle(struct slot *slot)
{
    static void (*const file_ops[])(struct slot *) = {
        op_read,  op_read,    op_write,          op_write,          op_set_end,  op_query,
        op_query, op_dispose, op_rename_or_link, op_rename_or_link, op_set_basic};
    static void (*const folder_ops[])(struct slot *) = {
        op_list, op_list, op_list, op_query, op_dispose, op_rename_or_link, op_set_basic};
    uint32_t which = draw(77);
    if (slot->folder)
        folder_ops[which % 7](slot);
    else
        file_ops[which % 11](slot);
}

/* ---- operations by name ---- */

static void op_open(void)
{
    static const ACCESS_MASK accesses[] = {
        GENERIC_READ,          GENERIC_READ,
        GENERIC_WRITE,         GENERIC_READ | GENERIC_WRITE,
        FILE_READ_ATTRIBUTES,  DELETE,
        DELETE | GENERIC_READ, DELETE | GENERIC_READ | GENERIC_WRITE,
        FILE_APPEND_DATA,      FILE_WRITE_ATTRIBUTES,
        MAXIMUM_ALLOWED,       GENERIC_ALL,
        FILE_LIST_DIRECTORY,   DELETE | FILE_READ_ATTRIBUTES,
        FILE_READ_DATA,        FILE_WRITE_ATTRIBUTES | DELETE};
    static const ULONG kinds[] = {0, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE,
                                  FILE_NON_DIRECTORY_FILE};
    static const ULONG dispositions[] = {
        FILE_OPEN,    FILE_OPEN,   FILE_OPEN,      FILE_OPEN,      FILE_OPEN_IF,
        FILE_OPEN_IF, FILE_CREATE, FILE_SUPERSEDE, FILE_OVERWRITE, FILE_OVERWRITE_IF};
    struct slot *slot = &slots[draw(SLOTS)];
    const struct slot *root = &slots[draw(SLOTS)];
    WCHAR relative[PATH], path[PATH] = L"\\??\\";
    IO_STATUS_BLOCK io = {0};

    draw_path(relative, true);
    ACCESS_MASK access =
        accesses[draw(sizeof accesses / sizeof *accesses)] | (one_in(20) ? 0 : SYNCHRONIZE);
    ULONG kind = kinds[draw(4)], disposition = dispositions[draw(10)];
    ULONG options = kind | (access & SYNCHRONIZE ? FILE_SYNCHRONOUS_IO_NONALERT : 0);
    ULONG attributes = draw_attributes();
    ULONG share = one_in(3) ? draw(8) : SHARE_ALL;
    if (one_in(12))
        options |= FILE_DELETE_ON_CLOSE;
    if (one_in(12))
        options |= FILE_OPEN_REPARSE_POINT;
    bool from_root = one_in(5) && root->handle && root->folder && root != slot;
    if (!shares)
        share = SHARE_ALL;
    close_slot(slot);

    if (from_root) {
        wcscpy(path, relative);
        note(" from slot %d", (int)(root - slots));
    } else {
        absolute(path + 4, relative);
    }
    UNICODE_STRING text = {(USHORT)(wcslen(path) * sizeof *path),
                           (USHORT)(wcslen(path) * sizeof *path), path};
    OBJECT_ATTRIBUTES object = {.Length = sizeof object,
                                .RootDirectory = from_root ? root->handle : NULL,
                                .ObjectName = &text,
                                .Attributes = OBJ_CASE_INSENSITIVE};
    NTSTATUS status = NtCreateFile(&slot->handle, access, &object, &io, NULL, attributes, share,
                                   disposition, options, NULL, 0);
    note(" open to slot %d", (int)(slot - slots));
    note_path(relative);
    note(" access %x disposition %u options %x share %u attributes %x: %08x", (unsigned)access,
         (unsigned)disposition, (unsigned)options, (unsigned)share, (unsigned)attributes,
         (unsigned)status);
    if (status) {
        slot->handle = NULL;
        return;
    }
    note(" %u", (unsigned)io.Information);
    struct nt_file_standard_information standard = {0};
    NtQueryInformationFile(slot->handle, &io, &standard, sizeof standard, FileStandardInformation);
    slot->folder = standard.directory;
    slot->refused = false;
    for (uint32_t i = draw(4); i; i--)
        if (access & SYNCHRONIZE && slot->handle)
            op_on_handle(slot);
    if (one_in(3) && slot->handle)
        note(" close %08x", (unsigned)close_slot(slot));
}

static void op_slot(void)
{
    struct slot *slot = &slots[draw(SLOTS)];
    note(" slot %d", (int)(slot - slots));
    if (!slot->handle)
        note(" empty");
    else if (one_in(5))
        note(" close %08x", (unsigned)close_slot(slot));
    else
        op_on_handle(slot);
}

static void note_result(BOOL good)
{
    note(": %u", good ? 0 : (unsigned)GetLastError());
}

static void op_create_file(void)
{
    WCHAR relative[PATH], path[PATH];
    uint8_t data[300];
    DWORD done;
    draw_path(relative, true);
    absolute(path, relative);
    DWORD disposition = 1 + draw(5), size = draw(sizeof data), attributes = draw_attributes();
    memset(data, 'A' + (int)draw(26), size);
    HANDLE file = CreateFileW(path, GENERIC_WRITE, SHARE_ALL, NULL, disposition, attributes, NULL);
    DWORD error = GetLastError();
    note(" CreateFile %u %x", (unsigned)disposition, (unsigned)attributes);
    note_path(relative);
    note(": %u", (unsigned)error);
    if (file != INVALID_HANDLE_VALUE) {
        BOOL good = WriteFile(file, data, size, &done, NULL);
        note(" write %u", (unsigned)size);
        note_result(good);
        CloseHandle(file);
    }
}

static void op_by_name(void)
{
    WCHAR relative[PATH], path[PATH], other[PATH], other_path[PATH];
    WIN32_FILE_ATTRIBUTE_DATA data;
    draw_path(relative, true);
    absolute(path, relative);
    draw_path(other, false);
    absolute(other_path, other);
    switch (draw(16)) {
    case 0:
    case 1:
        note(" DeleteFile");
        note_path(relative);
        note_result(DeleteFileW(path));
        break;
    case 2:
    case 3:
        note(" RemoveDirectory");
        note_path(relative);
        note_result(RemoveDirectoryW(path));
        forget_folders();
        break;
    case 4:
    case 5:
    case 6:
        note(" CreateDirectory");
        note_path(relative);
        note_result(CreateDirectoryW(path, NULL));
        break;
    case 7:
    case 8:
    case 9: {
        DWORD flags = draw(2) * MOVEFILE_REPLACE_EXISTING + draw(2) * MOVEFILE_COPY_ALLOWED;
        note(" Move");
        if (one_in(6)) { // only the spelling
            wcscpy(other, relative);
            if (cases)
                one_in(2) ? _wcsupr(other) : _wcslwr(other);
            absolute(other_path, other);
        }
        note_path(relative);
        note_path(other);
        note(" %u", (unsigned)flags);
        note_result(MoveFileExW(path, other_path, flags));
        forget_folders();
        break;
    }
    case 10:
    case 11: {
        BOOL fail = one_in(2);
        note(" Copy");
        note_path(relative);
        note_path(other);
        note(" %d", fail);
        note_result(CopyFileW(path, other_path, fail));
        break;
    }
    case 12: {
        DWORD attributes = draw_attributes();
        note(" SetAttributes %x", (unsigned)attributes);
        note_path(relative);
        note_result(SetFileAttributesW(path, attributes));
        break;
    }
    case 13:
        note(" Link");
        note_path(other);
        note_path(relative);
        note_result(CreateHardLinkW(other_path, path, NULL));
        break;
    default:
        note(" Attributes");
        note_path(relative);
        BOOL good = GetFileAttributesExW(path, GetFileExInfoStandard, &data);
        note_result(good);
        if (good) {
            note(" %x", (unsigned)data.dwFileAttributes & SHOWN);
            if (!(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
                note(" %u", (unsigned)data.nFileSizeLow);
                note_time((int64_t)data.ftLastWriteTime.dwHighDateTime << 32 |
                          data.ftLastWriteTime.dwLowDateTime);
            }
        }
    }
}

static void run_operation(uint64_t seed, unsigned number)
{
    seed_with(seed, number);
    line_length = 0;
    line[0] = 0;
    note("%u", number);
    switch (draw(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
        op_open();
        break;
    case 4:
    case 5:
        op_slot();
        break;
    case 6:
        op_create_file();
        break;
    default:
        op_by_name();
    }
    if (single)
        close_all();
    note("\n");
    sum = hash_more(sum, line, line_length);
    if (all)
        fputs(line, stdout);
}

/* ---- the state ---- */

/* Calls `each` for every entry below, in order of names; a folder's own after its entries where
 * `folder_last`. */
static void walk(const WCHAR *folder, bool folder_last,
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

static void show_entry(const WCHAR *path, const WIN32_FIND_DATAW *found)
{
    static uint8_t buffer[65536];
    line_length = 0;
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
    puts(line);
}

static void remove_entry(const WCHAR *path, const WIN32_FIND_DATAW *found)
{
    if (found->dwFileAttributes & FILE_ATTRIBUTE_READONLY)
        SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (!(found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? RemoveDirectoryW(path)
                                                             : DeleteFileW(path)))
        printf("%ls cannot be removed: error %u\n", path, (unsigned)GetLastError());
}

static void remove_tree(const WCHAR *folder)
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

static void enter_round(const WCHAR *folder, unsigned round)
{
    _snwprintf(base, PATH, L"%ls\\r%u", folder, round);
}

static void prepare(const WCHAR *folder, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        enter_round(folder, round);
        remove_tree(base);
        CreateDirectoryW(base, NULL);
        seed_with(0, round);
        fill(base, 1);
    }
}

static unsigned number_after(const WCHAR *argument, const WCHAR *name, unsigned otherwise)
{
    size_t length = wcslen(name);
    return wcsncmp(argument, name, length) ? otherwise
                                           : (unsigned)wcstoul(argument + length, NULL, 10);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    WCHAR here[PATH];
    const WCHAR *folder = here;
    uint64_t seed = 1;
    unsigned count = ROUND, from = 0, to = ~0U;
    bool keep = false;

    GetCurrentDirectoryW(PATH - 100, here);
    if (argc == 4 && !wcscmp(argv[1], L"prepare")) {
        prepare(argv[2], (unsigned)wcstoul(argv[3], NULL, 10));
        return 0;
    }
    if (argc == 1) {
        prepare(here, 1);
        single = true;
    } else if (argc >= 4) {
        folder = argv[1];
        seed = _wcstoui64(argv[2], NULL, 10);
        count = (unsigned)wcstoul(argv[3], NULL, 10);
    } else {
        return 2;
    }
    for (int i = 4; i < argc; i++) {
        from = number_after(argv[i], L"from=", from);
        to = number_after(argv[i], L"to=", to);
        all |= !wcscmp(argv[i], L"all");
        single |= !wcscmp(argv[i], L"single");
        shares |= !wcscmp(argv[i], L"shares");
        cases |= !wcscmp(argv[i], L"cases");
        keep |= !wcscmp(argv[i], L"keep");
    }
    for (unsigned number = 0; number < count; number++) {
        if (number % ROUND == 0) {
            close_all();
            enter_round(folder, number / ROUND);
        }
        if (number >= from && number <= to)
            run_operation(seed, number);
        if (!all && number % SUM_EVERY == SUM_EVERY - 1)
            printf("up to %u: %016llx\n", number, (unsigned long long)sum);
    }
    close_all();
    for (unsigned round = 0; round * ROUND < count; round++) {
        enter_round(folder, round);
        printf("round %u\n", round);
        walk(base, false, show_entry);
        if (!keep)
            remove_tree(base);
    }
    return 0;
}
