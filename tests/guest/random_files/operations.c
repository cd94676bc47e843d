// The operations.
#include "random_files.h"
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

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

void close_all(void)
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

void run_operation(uint64_t seed, unsigned number)
{
    seed_with(seed, number);
    note_begin();
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
    sum = hash_more(sum, note_line(), strlen(note_line()));
    if (all)
        fputs(note_line(), stdout);
}
