#include "layer/keep.h"
#include "layer/host.h"

static NTSTATUS open_monitor(HANDLE *process)
{
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    CLIENT_ID id = {(HANDLE)(ULONG_PTR)layer_kept->monitor, NULL};
    NTSTATUS status = real.NtOpenProcess(process, PROCESS_DUP_HANDLE, &attributes, &id);
    if (status)
        *process = NULL;
    return status;
}

static uint64_t hash_of(struct str16 name)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, name);
    return hash && hash != UINT64_MAX ? hash : 1;
}

#define CLOSING UINT64_MAX // in place of the name: somebody is letting go of it

static struct keep_entry *find(uint64_t hash)
{
    for (size_t i = 0; i < KEEP_MAX; i++)
        if (__atomic_load_n(&layer_kept->entries[i].name, __ATOMIC_ACQUIRE) == hash &&
            __atomic_load_n(&layer_kept->entries[i].handle, __ATOMIC_ACQUIRE))
            return &layer_kept->entries[i];
    return NULL;
}

/* Whoever changes the name has the entry: it may have become another's since it was found. */
static bool rename_entry(struct keep_entry *entry, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(&entry->name, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

static struct keep_entry *claim(uint64_t hash)
{
    for (size_t i = 0; i < KEEP_MAX; i++)
        if (rename_entry(&layer_kept->entries[i], 0, hash))
            return &layer_kept->entries[i];
    return NULL;
}

NTSTATUS keep(HANDLE handle)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_handle HANDLE monitor = NULL;
    HANDLE copy = NULL;
    struct str16 name;

    NTSTATUS status = host_name_of(handle, &memory, &name);
    if (status || !name.len)
        return status;
    uint64_t hash = hash_of(name);
    if (find(hash))
        return STATUS_SUCCESS;
    if ((status = open_monitor(&monitor)))
        return status;
    struct keep_entry *entry = claim(hash);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = real.NtDuplicateObject(NtCurrentProcess(), handle, monitor, &copy, 0, 0,
                                    DUPLICATE_SAME_ACCESS);
    if (status)
        while (!rename_entry(entry, hash, 0)) // somebody looks whether there is a handle
            real.NtYieldExecution();
    else
        __atomic_store_n(&entry->handle, (uint64_t)(ULONG_PTR)copy, __ATOMIC_RELEASE);
    return status;
}

void keep_drop(struct str16 name)
{
    layer_cleanup_handle HANDLE monitor = NULL;
    uint64_t hash = hash_of(name);
    // Two that have kept it at the same time have an entry each.
    for (struct keep_entry *entry = find(hash); entry; entry = find(hash)) {
        HANDLE copy = NULL;
        if (!monitor && open_monitor(&monitor))
            return;
        if (!rename_entry(entry, hash, CLOSING))
            continue;
        uint64_t handle = __atomic_exchange_n(&entry->handle, 0, __ATOMIC_ACQ_REL);
        if (!handle) { // let go of and claimed again in between: it is being made
            rename_entry(entry, CLOSING, hash);
            continue;
        }
        if (!real.NtDuplicateObject(monitor, (HANDLE)(ULONG_PTR)handle, NtCurrentProcess(), &copy,
                                    0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
            real.NtClose(copy);
        __atomic_store_n(&entry->name, 0, __ATOMIC_RELEASE);
    }
}

NTSTATUS keep_check(void)
{
    // The privilege is checked before the handle. Wine 8 does not have the call, nor the check.
    return real.NtMakePermanentObject &&
                   real.NtMakePermanentObject(NULL) == STATUS_PRIVILEGE_NOT_HELD
               ? STATUS_PRIVILEGE_NOT_HELD
               : STATUS_SUCCESS;
}
