#include "core/ntpath.h"
#include "layer/changes.h"
#include "layer/store.h"
#include "layer/watch.h"

// The thread that the process's watches are served by.

enum {
    BUFFER = 64 * 1024 - 256, // a server takes no longer ones for its folders
    LATE = 300000,            // 30 ms, in units of 100 ns
    PATIENCE = 50000000,      // 5 s
    STACK = 256 * 1024,
    NAME_CHANGES = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME,
};

/* What a program's thread has this one do, while it waits. */
struct order {
    NTSTATUS (*carry_out)(struct watch *watch);
    struct watch *watch;
    NTSTATUS status;
    HANDLE done;
    LONG references;
};

/* A mark of something that the VM had a copy of: the deletion of the copy is told of by another
 * source, and looked at first. */
struct late_mark {
    struct late_mark *next;
    struct watch *watch;
    LONGLONG due;
    struct str16 name; // in this block
};

static HANDLE port; // the system's completions, with the source as their key, and the orders
static struct late_mark *late_first, **late_last = &late_first;
static IO_STATUS_BLOCK nowhere; // of what is only asked for its effect on the handle

static LONGLONG now(void)
{
    LARGE_INTEGER time = {.QuadPart = 0};
    NtQuerySystemTime(&time);
    return time.QuadPart;
}

static NTSTATUS arm(struct watch_source *source)
{
    const struct watch *watch = source->watch;
    // A mark is a file, whatever it hides.
    ULONG filter = source->side == WATCH_MARKS ? NAME_CHANGES : watch->filter;
    __atomic_add_fetch(&source->watch->references, 1, __ATOMIC_RELAXED);
    source->armed = true;
    NTSTATUS status =
        watch->class == DIRWATCH_PLAIN
            ? real.NtNotifyChangeDirectoryFile(source->folder, NULL, NULL, source, &source->io,
                                               source->buffer, BUFFER, filter, watch->subtree)
            : real.NtNotifyChangeDirectoryFileEx(source->folder, NULL, NULL, source, &source->io,
                                                 source->buffer, BUFFER, filter, watch->subtree,
                                                 watch->class);
    if (NT_ERROR(status)) {
        source->armed = false;
        watch_release(source->watch);
    }
    return status;
}

// What the VM sees of what the sources say

static uint16_t *whole_name(const struct watch *watch, struct str16 name, struct str16 *canon)
{
    size_t cap = watch->canon.len + 1 + name.len;
    struct str16_buf buf = {.s = layer_alloc(cap * sizeof *buf.s), .cap = cap};
    if (buf.s) {
        str16_put(&buf, watch->canon);
        str16_put_unit(&buf, '\\');
        str16_put(&buf, name);
        *canon = str16_view(&buf);
    }
    return buf.s;
}

static void tell(struct watch *watch, struct dirwatch_record record, uint32_t action)
{
    record.action = action;
    if (action == DIRWATCH_ADDED || action == DIRWATCH_RENAMED_NEW)
        dirwatch_note(&watch->names, record.name, DIRWATCH_PRESENT);
    if (action == DIRWATCH_REMOVED || action == DIRWATCH_RENAMED_OLD)
        dirwatch_note(&watch->names, record.name, DIRWATCH_GONE);
    layer_lock(&watch->lock);
    dirwatch_put(&watch->queue, watch->class, &record);
    layer_unlock(&watch->lock);
}

/* Whether the mark for `canon` was there before the watch was. */
static bool marked_before(const struct watch *watch, struct str16 canon)
{
    struct str16_buf folder, name;
    struct str16 parent;
    struct nt_file_network_open_information info;
    if (!ntpath_parent(canon, &parent))
        return false;
    layer_cleanup_free uint16_t *memory = store_marks_name(parent, &folder);
    name = (struct str16_buf){.cap = folder.len + canon.len + 3};
    layer_cleanup_free uint16_t *units = name.s = memory ? layer_alloc(name.cap * 2) : NULL;
    if (!units)
        return false;
    str16_put(&name, str16_view(&folder));
    str16_put_ascii(&name, "\\h.");
    str16_put(&name, ntpath_leaf(canon));
    UNICODE_STRING text = unicode_of_str16(str16_view(&name));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    return !real.NtQueryFullAttributesFile(&attributes, &info) &&
           info.creation_time.QuadPart < watch->since.QuadPart;
}

/* Whether something that was added to files\ is the host's still: a copy of it, made because it is
 * to be changed. */
static bool is_copy(const struct watch *watch, struct str16 name, struct str16 canon)
{
    bool hidden;
    if (!layer_changed(CHANGE_FILE_COPIED, canon) ||
        dirwatch_known(&watch->names, name) == DIRWATCH_GONE)
        return false;
    // Hidden since: the copy was made first, and deleted or renamed after. Hidden before: a new
    // one.
    return store_is_hidden(canon, &hidden) || !hidden || !marked_before(watch, canon);
}

/* Whether the VM sees the host's again after its copy was taken away. */
static bool is_discarded(struct str16 canon)
{
    struct store_view view;
    return !store_look(canon, &view) && view.lower;
}

/* Tells of a record of the VM's own layer. `old_untold`: its other half, the old name, was not. */
static void tell_own(struct watch *watch, const struct dirwatch_record *record, struct str16 canon,
                     bool *old_untold)
{
    enum dirwatch_known known = dirwatch_known(&watch->names, record->name);
    bool untold = *old_untold;
    *old_untold = false;
    switch (record->action) {
    case DIRWATCH_ADDED:
        if (known != DIRWATCH_PRESENT && !is_copy(watch, record->name, canon))
            tell(watch, *record, DIRWATCH_ADDED);
        return;
    case DIRWATCH_REMOVED:
        if (known != DIRWATCH_GONE && !is_discarded(canon))
            tell(watch, *record, DIRWATCH_REMOVED);
        return;
    case DIRWATCH_RENAMED_OLD:
        *old_untold = known == DIRWATCH_GONE;
        if (!*old_untold)
            tell(watch, *record, DIRWATCH_RENAMED_OLD);
        return;
    case DIRWATCH_RENAMED_NEW:
        tell(watch, *record, untold ? DIRWATCH_ADDED : DIRWATCH_RENAMED_NEW);
        return;
    default:
        tell(watch, *record, record->action);
    }
}

/* Whether the VM sees what the host has, or had, at a name. */
static bool sees_host(struct str16 canon, uint32_t action)
{
    struct store_view view;
    if (store_owns(canon))
        return false;
    if (store_untouched(canon))
        return true;
    if (store_look(canon, &view) || view.lower_hidden)
        return false;
    return !view.upper || (view.upper & FILE_ATTRIBUTE_DIRECTORY && action == DIRWATCH_MODIFIED);
}

/* `next` is the record behind it, NULL at the end: of a rename the VM may see one half. */
static void tell_host(struct watch *watch, const struct dirwatch_record *record, struct str16 canon,
                      const struct dirwatch_record *next, bool *old_untold)
{
    bool untold = *old_untold;
    *old_untold = false;
    if (!sees_host(canon, record->action)) {
        *old_untold = record->action == DIRWATCH_RENAMED_OLD;
        return;
    }
    if (record->action == DIRWATCH_RENAMED_NEW && untold) {
        tell(watch, *record, DIRWATCH_ADDED);
        return;
    }
    if (record->action == DIRWATCH_RENAMED_OLD && next && next->action == DIRWATCH_RENAMED_NEW) {
        struct str16 to;
        layer_cleanup_free uint16_t *memory = whole_name(watch, next->name, &to);
        if (memory && !sees_host(to, next->action)) {
            tell(watch, *record, DIRWATCH_REMOVED);
            return;
        }
    }
    tell(watch, *record, record->action);
}

/* Tells that the host's file of this name is gone, if a mark says so and nothing else has. */
static void tell_marked(struct watch *watch, struct str16 name)
{
    struct str16 canon;
    struct str16_buf lower;
    struct store_view view;
    ULONG attributes = 0;
    layer_cleanup_free uint16_t *memory = whole_name(watch, name, &canon);
    layer_cleanup_free uint16_t *lower_memory = memory ? store_lower_name(canon, 0, &lower) : NULL;
    if (!lower_memory || dirwatch_known(&watch->names, name) == DIRWATCH_GONE ||
        store_look(canon, &view) || view.upper || !view.lower_hidden ||
        host_attributes(str16_view(&lower), &attributes) || !attributes)
        return;
    if (watch->filter & (attributes & FILE_ATTRIBUTE_DIRECTORY ? FILE_NOTIFY_CHANGE_DIR_NAME
                                                               : FILE_NOTIFY_CHANGE_FILE_NAME))
        tell(watch, (struct dirwatch_record){.name = name}, DIRWATCH_REMOVED);
}

static void note_mark(struct watch *watch, struct str16 name)
{
    struct str16 canon;
    layer_cleanup_free uint16_t *memory = whole_name(watch, name, &canon);
    struct late_mark *late = NULL;
    if (memory && layer_changed(CHANGE_FILE_UPPER, canon))
        late = layer_alloc(sizeof *late + name.len * sizeof *name.s);
    if (!late) {
        tell_marked(watch, name);
        return;
    }
    uint16_t *units = (uint16_t *)(late + 1);
    memcpy(units, name.s, name.len * sizeof *units);
    late->name = (struct str16){units, name.len};
    late->watch = watch;
    late->due = now() + LATE;
    __atomic_add_fetch(&watch->references, 1, __ATOMIC_RELAXED);
    *late_last = late;
    late_last = &late->next;
}

/* A folder of marks that is new, with those in it: some may have been made before the system
 * watched it (Wine: server/change.c, inode_check_dir). */
struct new_marks {
    struct watch *watch;
    struct str16 path; // relative to the watched folder's marks
};

static NTSTATUS note_new_marks(const struct new_marks *marks);

static NTSTATUS note_new_mark(void *context, struct str16 name, ULONG attributes)
{
    const struct new_marks *above = context;
    size_t cap = above->path.len + 1 + name.len;
    struct str16_buf path = {.s = layer_alloc(2 * cap * sizeof *path.s), .cap = cap};
    struct str16_buf marked = {.s = path.s + cap, .cap = cap};
    layer_cleanup_free uint16_t *memory = path.s;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&path, above->path);
    str16_put_unit(&path, '\\');
    str16_put(&path, name);
    if (attributes & FILE_ATTRIBUTE_DIRECTORY) {
        struct new_marks below = {above->watch, str16_view(&path)};
        return note_new_marks(&below);
    }
    if (store_marked_path(str16_view(&path), &marked))
        note_mark(above->watch, str16_view(&marked));
    return STATUS_SUCCESS;
}

static NTSTATUS note_new_marks(const struct new_marks *marks)
{
    layer_cleanup_handle HANDLE folder = NULL;
    UNICODE_STRING text = unicode_of_str16(marks->path);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io;
    attributes.RootDirectory = marks->watch->sources[WATCH_MARKS].folder;
    NTSTATUS status =
        real.NtCreateFile(&folder, FILE_LIST_DIRECTORY | SYNCHRONIZE, &attributes, &io, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                          FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    return status ? status : host_list(folder, note_new_mark, (void *)marks);
}

static void tell_record(struct watch_source *source, const struct dirwatch_record *record,
                        const struct dirwatch_record *next, bool *old_untold)
{
    struct watch *watch = source->watch;
    struct str16 canon;
    if (source->side == WATCH_MARKS) {
        struct str16_buf name = {.cap = record->name.len};
        layer_cleanup_free uint16_t *memory = name.s = layer_alloc((name.cap + 1) * 2);
        struct new_marks marks = {watch, record->name};
        if (!memory || record->action != DIRWATCH_ADDED)
            return;
        if (store_marked_path(record->name, &name))
            note_mark(watch, str16_view(&name));
        else if (watch->subtree)
            note_new_marks(&marks);
        return;
    }
    layer_cleanup_free uint16_t *memory = whole_name(watch, record->name, &canon);
    if (!memory)
        return;
    if (source->side == WATCH_OWN)
        tell_own(watch, record, canon, old_untold);
    else
        tell_host(watch, record, canon, next, old_untold);
}

static void tell_all(struct watch_source *source, const uint8_t *records, size_t size)
{
    const uint32_t class = source->watch->class;
    struct dirwatch_record record, behind;
    uint32_t next = 0;
    bool old_untold = false;
    size_t at = 0;
    for (bool any = dirwatch_read(class, records, size, &record, &next); any; record = behind) {
        at += next;
        any = next && at < size && dirwatch_read(class, records + at, size - at, &behind, &next);
        tell_record(source, &record, any ? &behind : NULL, &old_untold);
    }
}

static void overflow(struct watch *watch)
{
    layer_lock(&watch->lock);
    watch->queue.overflow = true;
    watch->queue.used = 0;
    layer_unlock(&watch->lock);
    memset(&watch->names, 0, sizeof watch->names);
}

/* A source has told something, or cannot any more. */
static void on_source(struct watch_source *source)
{
    struct watch *watch = source->watch;
    NTSTATUS status = source->io.Status;
    size_t size = source->io.Information;
    layer_cleanup_free uint8_t *records = NULL;

    source->armed = false;
    // The thread that set a watch may end, and the system cancels it then.
    bool again =
        status == STATUS_SUCCESS || status == STATUS_NOTIFY_ENUM_DIR || status == STATUS_CANCELLED;
    if (!watch->closed && again) {
        bool all = status == STATUS_SUCCESS && size && size <= BUFFER;
        if (all && (records = layer_alloc(size)))
            memcpy(records, source->buffer, size);
        arm(source); // first: the sooner, the less the system has to keep
        if (records)
            tell_all(source, records, size);
        else if (status != STATUS_CANCELLED)
            overflow(watch);
        watch_serve(watch);
    }
    watch_release(watch);
}

static void tell_late(LONGLONG time)
{
    while (late_first && late_first->due <= time) {
        struct late_mark *late = late_first;
        late_first = late->next;
        if (!late_first)
            late_last = &late_first;
        if (!late->watch->closed) {
            tell_marked(late->watch, late->name);
            watch_serve(late->watch);
        }
        watch_release(late->watch);
        layer_free(late);
    }
}

// Orders

static void release_order(struct order *order)
{
    if (__atomic_sub_fetch(&order->references, 1, __ATOMIC_ACQ_REL))
        return;
    real.NtClose(order->done);
    watch_release(order->watch);
    layer_free(order);
}

static NTSTATUS begin(struct watch *watch)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned side = 0; side < WATCH_SIDES && !NT_ERROR(status); side++)
        if (watch->sources[side].folder)
            status = arm(&watch->sources[side]);
    return status;
}

static NTSTATUS end(struct watch *watch)
{
    for (unsigned side = 0; side < WATCH_SIDES; side++) {
        struct watch_source *source = &watch->sources[side];
        if (!source->folder)
            continue;
        real.NtCancelIoFile(source->folder, &nowhere);
        real.NtClose(source->folder);
        source->folder = NULL;
    }
    return STATUS_SUCCESS;
}

/* The handle is unsignalled while something is asked of it: a change that hardly ever comes. It is
 * this thread that asks, because only it can take it back. */
static NTSTATUS unsignal(struct watch *watch)
{
    return real.NtNotifyChangeDirectoryFile(watch->self, NULL, NULL, NULL, &nowhere, NULL, 0,
                                            FILE_NOTIFY_CHANGE_SECURITY, FALSE);
}

static NTSTATUS signal(struct watch *watch)
{
    return real.NtCancelIoFile(watch->self, &nowhere);
}

static DWORD WINAPI serve(void *unused)
{
    (void)unused;
    for (;;) {
        void *key = NULL, *context = NULL;
        IO_STATUS_BLOCK io;
        LARGE_INTEGER wait;
        LONGLONG time = late_first ? now() : 0;
        tell_late(time);
        wait.QuadPart = late_first ? time - late_first->due : 0; // below 0: from now
        NTSTATUS status =
            real.NtRemoveIoCompletion(port, &key, &context, &io, late_first ? &wait : NULL);
        if (status) // STATUS_TIMEOUT
            continue;
        if (key) {
            on_source(context);
            continue;
        }
        struct order *order = context;
        order->status = order->carry_out(order->watch);
        real.NtSetEvent(order->done, NULL);
        release_order(order);
    }
    return 0;
}

static NTSTATUS start_thread(void)
{
    static struct layer_lock lock;
    HANDLE made = NULL, thread;
    NTSTATUS status = STATUS_SUCCESS;
    layer_lock(&lock);
    if (!port) {
        status = real.NtCreateIoCompletion(&made, IO_COMPLETION_ALL_ACCESS, NULL, 1);
        if (!status) {
            port = made;
            status = RtlCreateUserThread(NtCurrentProcess(), NULL, FALSE, 0, STACK, 0, serve, NULL,
                                         &thread, NULL);
            if (status) {
                real.NtClose(made);
                port = NULL;
            } else {
                real.NtClose(thread);
            }
        }
    }
    layer_unlock(&lock);
    return status;
}

/* Has the thread do something; `waits` until it has. It waits for nobody, but its start may wait
 * for the loader, which the caller may hold up: so not for ever. */
static NTSTATUS give_order(NTSTATUS (*carry_out)(struct watch *watch), struct watch *watch,
                           bool waits)
{
    LARGE_INTEGER patience = {.QuadPart = -(LONGLONG)PATIENCE};
    NTSTATUS status = start_thread();
    if (status)
        return status;
    struct order *order = layer_alloc(sizeof *order);
    if (!order)
        return STATUS_INSUFFICIENT_RESOURCES;
    *order = (struct order){.carry_out = carry_out, .watch = watch, .references = 2};
    status =
        real.NtCreateEvent(&order->done, EVENT_ALL_ACCESS, NULL, 0 /* NotificationEvent */, FALSE);
    if (status) {
        layer_free(order);
        return status;
    }
    __atomic_add_fetch(&watch->references, 1, __ATOMIC_RELAXED);
    status = real.NtSetIoCompletion(port, NULL, order, STATUS_SUCCESS, 0);
    if (status)
        release_order(order); // the thread's share
    else if (waits && !real.NtWaitForSingleObject(order->done, FALSE, &patience))
        status = order->status;
    release_order(order);
    return status;
}

NTSTATUS watch_begin(struct watch *watch)
{
    NTSTATUS status = start_thread();
    for (unsigned side = 0; side < WATCH_SIDES && !status; side++) {
        struct watch_source *source = &watch->sources[side];
        struct {
            HANDLE port;
            void *key;
        } completion = {port, source};
        IO_STATUS_BLOCK io;
        if (!source->folder)
            continue;
        source->watch = watch;
        source->side = (enum watch_side)side;
        source->buffer = layer_alloc(BUFFER);
        status = source->buffer
                     ? real.NtSetInformationFile(source->folder, &io, &completion,
                                                 sizeof completion, FileCompletionInformation)
                     : STATUS_INSUFFICIENT_RESOURCES;
    }
    NtQuerySystemTime(&watch->since);
    return status ? status : give_order(begin, watch, true);
}

void watch_unsignal(struct watch *watch)
{
    give_order(unsignal, watch, true);
}

void watch_signal(struct watch *watch)
{
    give_order(signal, watch, false);
}

void watch_end(struct watch *watch)
{
    give_order(end, watch, false);
}
