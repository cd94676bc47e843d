#include "core/ntpath.h"
#include "layer/changes.h"
#include "layer/image.h"
#include "layer/keep.h"
#include "layer/key_store.h"
#include "layer/offsets.h"
#include "layer/store.h"

// What a VM needs to exist in the kernel before its first process enters it; the monitor's part.

/* A name beside the VM's object directory. */
static struct str16 object_name(struct str16_buf *buf, const char *suffix)
{
    buf->len = 0;
    str16_put(buf, str16_of(layer_config.objects));
    str16_put_ascii(buf, suffix);
    return str16_view(buf);
}

/* Made by the monitor, so that it lasts as long as that. */
static NTSTATUS make_directory(struct str16_buf *buf, const char *suffix)
{
    HANDLE handle; // kept until the monitor ends: with it the VM's names go
    UNICODE_STRING name = unicode_of_str16(object_name(buf, suffix));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    return real.NtCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
}

/* A link beside the VM's names, to what is below the VM's directory by the name of `target`; where
 * `link` ends with a backslash, a session's number follows. */
static NTSTATUS make_link(struct str16_buf *buf, const char *link, ULONG session,
                          const char *target)
{
    HANDLE handle;
    uint16_t units[LAYER_PATH_MAX + 64];
    struct str16_buf to = {.s = units, .cap = LAYER_PATH_MAX + 64};
    struct str16 from = object_name(buf, link);
    if (from.s[from.len - 1] == '\\')
        str16_put_u32(buf, session);
    UNICODE_STRING name = unicode_of_str16(str16_view(buf));
    UNICODE_STRING leads = unicode_of_str16(object_name(&to, target));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    leads.MaximumLength += sizeof(WCHAR); // there is room, and Windows asks for a terminator's
    return real.NtCreateSymbolicLinkObject(&handle, SYMBOLIC_LINK_ALL_ACCESS, &attributes, &leads);
}

/* The session's directory of named objects is the VM's, what lies elsewhere in the host's tree of
 * objects lies below Root. In session 0 the session's and the machine's are one. */
static NTSTATUS make_objects(struct str16_buf *buf)
{
    static const char *const directories[] = {"",
                                              ".removed",
                                              "\\Root",
                                              "\\Root\\RPC Control",
                                              "\\Root\\??",
                                              "\\Root\\Sessions",
                                              "\\Root\\Sessions\\BNOLINKS"};
    ULONG session = NtCurrentTeb()->ProcessEnvironmentBlock->SessionId;
    const char *global = session ? "\\Root\\BaseNamedObjects" : "";
    const struct {
        const char *link;
        ULONG session;
        const char *target;
    } links[] = {{"\\Global", 0, global},
                 {"\\Local", 0, ""},
                 {"\\Session", 0, "\\Root\\Sessions\\BNOLINKS"},
                 {"\\Root\\Sessions\\BNOLINKS\\", session, ""},
                 // The rest in another session than 0:
                 {"\\Root\\Sessions\\BNOLINKS\\", 0, global},
                 {"\\Root\\BaseNamedObjects\\Global", 0, global},
                 {"\\Root\\BaseNamedObjects\\Local", 0, global},
                 {"\\Root\\BaseNamedObjects\\Session", 0, "\\Root\\Sessions\\BNOLINKS"}};
    size_t count = session ? sizeof links / sizeof *links : 4;
    NTSTATUS status = STATUS_SUCCESS;
    for (size_t i = 0; !status && i < sizeof directories / sizeof *directories; i++)
        status = make_directory(buf, directories[i]);
    if (!status && session)
        status = make_directory(buf, global);
    for (size_t i = 0; !status && i < count; i++)
        status = make_link(buf, links[i].link, links[i].session, links[i].target);
    return status;
}

/* Whether the host runs anything in session 0: there its services are, on Windows. Wine has one
 * session for all. */
static bool session_0_runs(void)
{
    bool found = false;
    for (ULONG size = 0x40000, needed; !found && size <= 0x1000000; size *= 2) {
        layer_cleanup_free uint8_t *list = layer_alloc(size);
        NTSTATUS status =
            list ? real.NtQuerySystemInformation(SystemProcessInformation, list, size, &needed)
                 : STATUS_INSUFFICIENT_RESOURCES;
        if (status == STATUS_INFO_LENGTH_MISMATCH)
            continue;
        for (size_t at = 0; !status && !found;) {
            const SYSTEM_PROCESS_INFORMATION *process = (const void *)(list + at);
            found = !process->SessionId;
            if (!process->NextEntryOffset)
                break;
            at += process->NextEntryOffset;
        }
        break;
    }
    return found;
}

/* A folder of files\ or hidden\, while its tree is walked. */
struct walk {
    struct str16 folder; // on the host
    struct str16 canon;  // in the VM; empty at the top
    bool marks;
    bool partial; // canon ends within a component
};

static NTSTATUS walk_folder(const struct walk *walk);

static NTSTATUS walk_entry(void *context, struct str16 name, ULONG attributes)
{
    const struct walk *parent = context;
    size_t cap = parent->folder.len + parent->canon.len + 2 + 2 * name.len;
    layer_cleanup_free uint16_t *memory = layer_alloc(cap * sizeof *memory);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf folder = {.s = memory, .cap = parent->folder.len + 1 + name.len};
    struct str16_buf canon = {.s = memory + folder.cap, .cap = parent->canon.len + 1 + name.len};
    str16_put(&folder, parent->folder);
    str16_put_unit(&folder, '\\');
    str16_put(&folder, name);
    str16_put(&canon, parent->canon);
    if (canon.len && !parent->partial)
        str16_put_unit(&canon, '\\');
    str16_put(&canon, parent->marks ? str16_skip(name, 2) : name); // without "d." or "h."

    bool is_folder = attributes & FILE_ATTRIBUTE_DIRECTORY;
    if (!parent->marks) {
        store_announce(str16_view(&canon));
    } else if (!is_folder) {
        change_index_add(layer_changes, CHANGE_FILE_HIDDEN, str16_view(&canon));
        struct str16 above;
        if (ntpath_parent(str16_view(&canon), &above))
            change_index_add(layer_changes, CHANGE_FILE_LISTING, above);
    }
    struct walk below = {str16_view(&folder), str16_view(&canon), parent->marks,
                         parent->marks && name.len && name.s[0] == 'l'};
    return is_folder && !(attributes & FILE_ATTRIBUTE_REPARSE_POINT) ? walk_folder(&below)
                                                                     : STATUS_SUCCESS;
}

static NTSTATUS walk_folder(const struct walk *walk)
{
    layer_cleanup_handle HANDLE folder = NULL;
    NTSTATUS status =
        host_open(walk->folder, FILE_LIST_DIRECTORY, FILE_OPEN_IF, FILE_DIRECTORY_FILE, 0, &folder);
    return status ? status : host_list(folder, walk_entry, (void *)walk);
}

/* What a copy-up that was interrupted has left. */
static NTSTATUS remove_entry(void *context, struct str16 name, ULONG attributes)
{
    const struct walk *parent = context;
    uint16_t units[LAYER_PATH_MAX + 300];
    struct str16_buf path = {.s = units, .cap = LAYER_PATH_MAX + 300};
    layer_cleanup_handle HANDLE file = NULL;
    struct nt_file_basic_information normal = {.attributes = FILE_ATTRIBUTE_NORMAL};
    IO_STATUS_BLOCK io;

    str16_put(&path, parent->folder);
    str16_put_unit(&path, '\\');
    str16_put(&path, name);
    NTSTATUS status =
        host_open(str16_view(&path), DELETE | FILE_WRITE_ATTRIBUTES, FILE_OPEN, 0, 0, &file);
    if (!status && attributes & FILE_ATTRIBUTE_READONLY)
        status = real.NtSetInformationFile(file, &io, &normal, sizeof normal, FileBasicInformation);
    return status ? status : host_delete(file);
}

static NTSTATUS walk_store(const char *part, bool marks)
{
    uint16_t units[LAYER_PATH_MAX + 16];
    struct str16_buf folder = {.s = units, .cap = LAYER_PATH_MAX + 16};
    str16_put(&folder, str16_of(layer_config.folder));
    str16_put_ascii(&folder, part);
    struct walk top = {str16_view(&folder), {units, 0}, marks, false};
    return walk_folder(&top);
}

static NTSTATUS clear_work(void)
{
    uint16_t units[LAYER_PATH_MAX + 16];
    struct str16_buf path = {.s = units, .cap = LAYER_PATH_MAX + 16};
    layer_cleanup_handle HANDLE folder = NULL;
    str16_put(&path, str16_of(layer_config.folder));
    str16_put_ascii(&path, "\\work");
    struct walk work = {.folder = str16_view(&path)};
    NTSTATUS status =
        host_open(work.folder, FILE_LIST_DIRECTORY, FILE_OPEN_IF, FILE_DIRECTORY_FILE, 0, &folder);
    return status ? status : host_list(folder, remove_entry, &work);
}

NTSTATUS plume_layer_prepare(const struct layer_config *config, const char **what)
{
    uint16_t units[LAYER_PATH_MAX + 64];
    struct str16_buf buf = {.s = units, .cap = LAYER_PATH_MAX + 64};

    *what = "reading ntdll";
    NTSTATUS status = layer_real_from_ntdll();
    if (!status)
        status = offsets_check(what);
    if (status)
        return status;
    layer_config = *config;
    if ((status = layer_find_stubs(what)))
        return status;

    *what = "making the VM's object directory";
    if ((status = make_objects(&buf)))
        return status;
    *what = "making the memory that the VM's processes share";
    if ((status = shared_make()))
        return status;
    image_share(what); // where that cannot be, each process gets an image of its own
    layer_kept->services_apart =
        NtCurrentTeb()->ProcessEnvironmentBlock->SessionId && session_0_runs();
    *what = "reading the VM's files";
    if ((status = clear_work()) || (status = walk_store("\\files", false)) ||
        (status = walk_store("\\hidden", true)))
        return status;
    *what = "reading the VM's registry keys";
    return key_prepare();
}
