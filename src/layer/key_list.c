#include "layer/key_list.h"
#include "layer/key_change.h"
#include "layer/key_journal.h"
#include "layer/key_time.h"

enum { CHUNK_UNITS = 4096, BUFFER = 2048, LARGEST_NAME = 40 * 1024 };

struct key_names_chunk {
    struct key_names_chunk *next;
    size_t used, cap;
    uint16_t units[];
};

struct reading {
    struct key_names *names;
    size_t cap;
    uint8_t *buffer;
    ULONG size;
};

uint16_t keymerge_downcase(uint16_t unit)
{
    return unit < 0x80 ? (unit >= 'A' && unit <= 'Z' ? unit + 32 : unit)
                       : RtlDowncaseUnicodeChar(unit);
}

/* In which order this system lists values: tried, once in a process. */
enum keymerge_order key_order_of_values(void)
{
    static const char tried[] = "bA_";
    static LONG known;
    LONG order = __atomic_load_n(&known, __ATOMIC_RELAXED);
    layer_cleanup_scratch HANDLE key = NULL;
    uint8_t buffer[64];
    const struct nt_key_value_basic_information *info = (void *)buffer;
    ULONG len;

    if (order)
        return order;
    order = KEYMERGE_BY_APPEARANCE;
    if (key_make_scratch(NULL, NULL, KEYNAME_ALL, &key))
        return order;
    for (size_t i = 0; i < sizeof tried - 1; i++) {
        WCHAR unit = (WCHAR)tried[i];
        UNICODE_STRING name = {sizeof unit, sizeof unit, &unit};
        if (real.NtSetValueKey(key, &name, 0, REG_NONE, NULL, 0))
            return order;
    }
    if (real.NtEnumerateValueKey(key, 0, NT_KEY_VALUE_BASIC_INFORMATION, buffer, sizeof buffer,
                                 &len))
        return order;
    order = info->name[0] == 'b'   ? KEYMERGE_BY_APPEARANCE
            : info->name[0] == 'A' ? KEYMERGE_BY_UPPER_CASE
                                   : KEYMERGE_BY_LOWER_CASE;
    __atomic_store_n(&known, order, __ATOMIC_RELAXED);
    return order;
}

static enum keymerge_order order_of(bool values)
{
    enum keymerge_order order = key_order_of_values();
    return !values && order == KEYMERGE_BY_APPEARANCE ? KEYMERGE_BY_UPPER_CASE : order;
}

void key_names_free(struct key_names *names)
{
    while (names->chunks) {
        struct key_names_chunk *chunk = names->chunks;
        names->chunks = chunk->next;
        layer_free(chunk);
    }
    layer_free(names->block);
    *names = (struct key_names){0};
}

static bool keep(struct key_names *names, const void *units, size_t bytes, struct str16 *kept)
{
    size_t len = bytes / sizeof(uint16_t);
    struct key_names_chunk *chunk = names->chunks;
    if (!chunk || chunk->cap - chunk->used < len) {
        size_t cap = len > CHUNK_UNITS ? len : CHUNK_UNITS;
        chunk = layer_alloc(sizeof *chunk + cap * sizeof *chunk->units);
        if (!chunk)
            return false;
        chunk->cap = cap;
        chunk->next = names->chunks;
        names->chunks = chunk;
    }
    *kept = (struct str16){chunk->units + chunk->used, len};
    if (len)
        memcpy(chunk->units + chunk->used, units, len * sizeof *chunk->units);
    chunk->used += len;
    return true;
}

static struct keymerge_entry *add(struct reading *reading)
{
    struct key_names *names = reading->names;
    if (names->count == reading->cap) {
        size_t cap = reading->cap ? 2 * reading->cap : 64;
        struct keymerge_entry *more = layer_alloc(cap * sizeof *more);
        if (!more)
            return NULL;
        if (names->count)
            memcpy(more, names->entries, names->count * sizeof *more);
        layer_free(names->block);
        names->entries = names->block = more;
        reading->cap = cap;
    }
    return &names->entries[names->count++];
}

static bool grow(struct reading *reading, ULONG size)
{
    uint8_t *more = layer_alloc(size);
    if (!more)
        return false;
    layer_free(reading->buffer);
    reading->buffer = more;
    reading->size = size;
    return true;
}

static NTSTATUS read_keys(struct reading *reading, HANDLE key, enum keymerge_from from)
{
    for (ULONG i = 0;; i++) {
        ULONG len = 0;
        NTSTATUS status = real.NtEnumerateKey(key, i, NT_KEY_NODE_INFORMATION, reading->buffer,
                                              reading->size, &len);
        if (status == STATUS_NO_MORE_ENTRIES)
            return STATUS_SUCCESS;
        if (status == STATUS_BUFFER_OVERFLOW && len > reading->size) {
            if (!grow(reading, len + 256))
                return STATUS_INSUFFICIENT_RESOURCES;
            i--;
            continue;
        }
        if (status)
            return status;
        const struct nt_key_node_information *info = (void *)reading->buffer;
        struct keymerge_entry *entry = add(reading);
        if (!entry || !keep(reading->names, info->name, info->name_length, &entry->name))
            return STATUS_INSUFFICIENT_RESOURCES;
        bool has_class = info->class_length && info->class_offset < len &&
                         info->class_length <= len - info->class_offset;
        if (has_class && !keep(reading->names, reading->buffer + info->class_offset,
                               info->class_length, &entry->class_name))
            return STATUS_INSUFFICIENT_RESOURCES;
        entry->time = info->last_write_time.QuadPart;
        entry->from = from;
    }
}

static NTSTATUS read_values(struct reading *reading, HANDLE key, enum keymerge_from from)
{
    for (ULONG i = 0;; i++) {
        const ULONG fixed = offsetof(struct nt_key_value_full_information, name);
        ULONG len = 0;
        NTSTATUS status = real.NtEnumerateValueKey(key, i, NT_KEY_VALUE_FULL_INFORMATION,
                                                   reading->buffer, reading->size, &len);
        if (status == STATUS_NO_MORE_ENTRIES)
            return STATUS_SUCCESS;
        const struct nt_key_value_full_information *info = (void *)reading->buffer;
        // The data may be cut off, but not the name.
        if (status == STATUS_BUFFER_OVERFLOW && fixed + info->name_length >= reading->size) {
            if (reading->size >= LARGEST_NAME)
                return status;
            if (!grow(reading, LARGEST_NAME))
                return STATUS_INSUFFICIENT_RESOURCES;
            i--;
            continue;
        }
        if (status && status != STATUS_BUFFER_OVERFLOW)
            return status;
        struct str16 name = {(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)};
        if (keyname_is_reserved(name))
            continue;
        struct keymerge_entry *entry = add(reading);
        if (!entry || !keep(reading->names, info->name, info->name_length, &entry->name))
            return STATUS_INSUFFICIENT_RESOURCES;
        entry->type = info->type;
        // Not info->data_length: Wine gives there what fitted.
        entry->data_length = len > info->data_offset ? len - info->data_offset : 0;
        entry->from = from;
    }
}

/* Leaves out the place of the VMs' keys. */
static void drop_store(struct str16 canon, struct key_names *names)
{
    struct str16 parent = {0}, leaf;
    key_name_store(&parent, &leaf);
    if (!str16_equal_nocase(canon, parent))
        return;
    for (size_t i = 0; i < names->count; i++) {
        if (str16_equal_nocase(names->entries[i].name, leaf)) {
            memmove(&names->entries[i], &names->entries[i + 1],
                    (names->count - i - 1) * sizeof *names->entries);
            names->count--;
            return;
        }
    }
}

void key_names_measure(struct key_names *names)
{
    if (names->measured)
        return;
    names->max_name = names->max_class = names->max_data = 0;
    names->measured = true;
    for (size_t i = 0; i < names->count; i++) {
        const struct keymerge_entry *entry = &names->entries[i];
        uint32_t name = (uint32_t)(entry->name.len * sizeof(WCHAR)),
                 class_name = (uint32_t)(entry->class_name.len * sizeof(WCHAR));
        if (name > names->max_name)
            names->max_name = name;
        if (class_name > names->max_class)
            names->max_class = class_name;
        if (entry->data_length > names->max_data)
            names->max_data = entry->data_length;
    }
}

/* The times that the VM sees: of a key on both sides, the later. */
static void show_times(struct str16 canon, struct key_names *names)
{
    layer_cleanup_handle HANDLE notes = key_time_notes(canon);
    for (size_t i = 0; i < names->count; i++) {
        struct keymerge_entry *entry = &names->entries[i];
        if (entry->from & KEYMERGE_UPPER)
            entry->time = key_time_noted(notes, canon, entry->name, entry->time);
        if (entry->time < entry->lower_time)
            entry->time = entry->lower_time;
    }
}

NTSTATUS key_names_read(struct str16 canon, HANDLE upper, HANDLE lower, bool values,
                        struct key_names *names)
{
    struct reading reading = {.names = names};
    NTSTATUS status = STATUS_SUCCESS;

    *names = (struct key_names){0};
    if (!grow(&reading, BUFFER))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (lower) {
        layer_cleanup_handle HANDLE marks = NULL;
        status = values ? read_values(&reading, lower, KEYMERGE_LOWER)
                        : read_keys(&reading, lower, KEYMERGE_LOWER);
        if (!status)
            status = key_open_marks(canon, values, &marks);
        if (!status)
            status = read_values(&reading, marks, KEYMERGE_HIDDEN);
        else if (status == STATUS_OBJECT_NAME_NOT_FOUND)
            status = STATUS_SUCCESS;
    }
    if (!status && upper)
        status = values ? read_values(&reading, upper, KEYMERGE_UPPER)
                        : read_keys(&reading, upper, KEYMERGE_UPPER);
    layer_free(reading.buffer);
    if (!status && names->count) {
        layer_cleanup_free struct keymerge_entry *scratch =
            layer_alloc(names->count * sizeof *scratch);
        if (scratch) {
            names->count = keymerge(names->entries, names->count, scratch, order_of(values));
            drop_store(canon, names);
            if (!values)
                show_times(canon, names);
        } else {
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    if (status)
        key_names_free(names);
    return status;
}

static void free_listing(void *memory)
{
    struct key_listing *listing = memory;
    key_view_close(&listing->view);
    layer_close_at(&listing->own);
    layer_close_at(&listing->watch);
    key_names_free(&listing->part[0].names);
    key_names_free(&listing->part[1].names);
    layer_free(listing);
}

struct key_listing *key_listing_lock(const struct key_handle *key)
{
    struct handle_record *record = key->record;
    layer_lock(&record->lock);
    if (!record->listing) {
        record->listing = layer_alloc(sizeof(struct key_listing));
        record->free_listing = free_listing;
        if (!record->listing)
            layer_unlock(&record->lock);
    }
    return record->listing;
}

void key_listing_done(const struct key_handle *key)
{
    layer_unlock(&key->record->lock);
}

NTSTATUS key_listing_reopen_lower(const struct key_handle *key, struct key_listing *listing)
{
    layer_close_at(&listing->view.lower);
    NTSTATUS status = key_open_lower(key->canon, KEYNAME_READ, &listing->view.lower);
    return status == STATUS_ACCESS_DENIED
               ? key_open_lower(key->canon, KEYNAME_QUERY_VALUE, &listing->view.lower)
               : status;
}

NTSTATUS key_listing_lower(const struct key_handle *key, struct key_listing *listing)
{
    return listing->view.lower ? STATUS_SUCCESS : key_listing_reopen_lower(key, listing);
}

/* The time of the host's key, unless that is so near that it may be changed again without another.
 */
static int64_t telling_time(HANDLE lower)
{
    enum { TICKS_PER_SECOND = 10000000 };
    // KUSER_SHARED_DATA.SystemTime, on every Windows and in Wine.
    const volatile struct {
        ULONG low;
        LONG high1, high2;
    } *now = (const volatile void *)0x7ffe0014;
    int64_t time = key_time_of(lower);
    return now->high1 != now->high2 ||
                   ((int64_t)now->high1 << 32 | now->low) - time < TICKS_PER_SECOND
               ? 0
               : time;
}

/* Whether the host has left its key alone since it was read. */
static bool lower_same(const struct key_handle *key, const struct key_listing *listing, bool values)
{
    int64_t then = listing->part[values].lower_time;
    layer_cleanup_handle HANDLE lower = NULL;
    bool hidden;
    if (listing->view.lower)
        return then && key_time_of(listing->view.lower) == then;
    if (listing->view.hidden)
        return true;
    return !key_is_hidden(key->canon, &hidden) &&
           (hidden || key_open_lower(key->canon, KEYNAME_QUERY_VALUE, &lower) ==
                          STATUS_OBJECT_NAME_NOT_FOUND);
}

/* Opens what is not open yet of both sides. */
static NTSTATUS open_view(const struct key_handle *key, struct key_view *view)
{
    NTSTATUS status = STATUS_SUCCESS;
    // First the VM's own: who deletes a key hides the host's before that.
    if (!view->upper)
        status = key_open_upper(key->canon, KEYNAME_READ, &view->upper);
    if (status && status != STATUS_OBJECT_NAME_NOT_FOUND && status != STATUS_OBJECT_PATH_NOT_FOUND)
        return status;
    status = view->hidden ? STATUS_SUCCESS : key_is_hidden(key->canon, &view->hidden);
    if (view->lower && (view->hidden || !key_time_of(view->lower))) { // gone
        layer_close_at(&view->lower);
        view->lower = NULL;
    }
    if (status || view->hidden || view->lower)
        return status;
    struct key_view opened;
    status = key_view_open_lower(key->canon, KEYNAME_READ, &opened);
    view->lower = opened.lower;
    view->hidden = opened.hidden;
    return status;
}

static NTSTATUS read_part(const struct key_handle *key, struct key_listing *listing, bool values)
{
    // Noted before the reading: what changes meanwhile is read again.
    uint32_t generation = change_index_generation(layer_changes);
    bool had_lower = listing->view.lower;
    NTSTATUS status = open_view(key, &listing->view);
    if (status)
        return status;
    if (had_lower != !!listing->view.lower)
        listing->part[!values].valid = false;
    HANDLE upper = listing->view.upper;
    if (!upper && !listing->view.lower)
        return STATUS_KEY_DELETED;
    key_names_free(&listing->part[values].names);
    listing->part[values].valid = false;
    if (!values)
        listing->times_old = false;
    listing->part[values].lower_time = listing->view.lower ? telling_time(listing->view.lower) : 0;
    status = key_names_read(key->canon, upper, listing->view.lower, values,
                            &listing->part[values].names);
    if (status) // one of the two may be no more
        key_view_close(&listing->view);
    listing->part[values].valid = !status;
    listing->part[values].generation = generation;
    return status;
}

bool key_is_alone(const struct key_handle *key, bool values, ULONG index)
{
    if (key->lower || layer_changed(CHANGE_KEY_TIME, key->canon) ||
        layer_changed(CHANGE_KEY_TIMES_BELOW, key->canon) ||
        (values && (key_has_volatile() || layer_changed(CHANGE_KEY_SECURITY, key->canon))))
        return false;
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return false;
    if (listing->alone == ALONE_UNKNOWN || (listing->alone == ALONE_YES && !index)) {
        bool hidden = false;
        NTSTATUS status =
            listing->view.hidden ? STATUS_SUCCESS : key_is_hidden(key->canon, &hidden);
        listing->view.hidden |= hidden;
        if (!status && !listing->view.hidden)
            status = key_listing_reopen_lower(key, listing);
        // A mark stays for ever. What could not be found out makes the long way necessary.
        listing->alone =
            listing->view.hidden && !status ? ALONE_FOREVER
            : status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_OBJECT_PATH_NOT_FOUND
                ? ALONE_YES
                : ALONE_NO;
    }
    bool alone = listing->alone != ALONE_NO;
    key_listing_done(key);
    return alone;
}

/* Brings a part up to date; `check`: with what the host has changed, too. */
static NTSTATUS update(const struct key_handle *key, struct key_listing *listing, bool values,
                       bool check)
{
    if (!listing->part[values].valid ||
        (listing->part[values].generation != change_index_generation(layer_changes) &&
         !key_journal_apply(key->canon, values, listing)) ||
        (check && !lower_same(key, listing, values)))
        return read_part(key, listing, values);
    return STATUS_SUCCESS;
}

NTSTATUS key_listing_get(const struct key_handle *key, bool values, ULONG index,
                         struct key_listing **listing)
{
    struct key_listing *found = key_listing_lock(key);
    *listing = NULL;
    if (!found)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = update(key, found, values, !index);
    found->part[values].last = index;
    if (status)
        key_listing_done(key);
    else
        *listing = found;
    return status;
}

NTSTATUS key_listing_get_both(const struct key_handle *key, struct key_listing **listing)
{
    struct key_listing *found = key_listing_lock(key);
    *listing = NULL;
    if (!found)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = update(key, found, false, true);
    // What was just found of the host's key goes for the other part, too.
    bool known = found->view.lower && found->part[0].lower_time &&
                 found->part[0].lower_time == found->part[1].lower_time;
    if (!status)
        status = update(key, found, true, !known);
    if (status)
        key_listing_done(key);
    else
        *listing = found;
    return status;
}

NTSTATUS key_own(const struct key_handle *key, bool make, HANDLE *own)
{
    if (!make && !layer_changed(CHANGE_KEY_UPPER, key->canon))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    *own = listing->own;
    key_listing_done(key);
    if (*own)
        return STATUS_SUCCESS;

    layer_cleanup_handle HANDLE opened = NULL;
    NTSTATUS status = make ? key_make_upper(key->canon, KEYNAME_ALL, &opened)
                           : key_open_upper(key->canon, KEYNAME_ALL, &opened);
    if (status)
        return status;
    listing = key_listing_lock(key);
    if (!listing->own) { // else another thread was faster
        listing->own = opened;
        opened = NULL;
    }
    *own = listing->own;
    key_listing_done(key);
    return STATUS_SUCCESS;
}
