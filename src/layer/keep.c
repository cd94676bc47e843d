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
    return hash ? hash : 1;
}

static struct keep_entry *find(uint64_t hash)
{
    for (size_t i = 0; i < KEEP_MAX; i++)
        if (__atomic_load_n(&layer_kept->entries[i].name, __ATOMIC_ACQUIRE) == hash &&
            __atomic_load_n(&layer_kept->entries[i].handle, __ATOMIC_ACQUIRE))
            return &layer_kept->entries[i];
    return NULL;
}

static struct keep_entry *claim(uint64_t hash)
{
    for (size_t i = 0; i < KEEP_MAX; i++) {
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&layer_kept->entries[i].name, &none, hash, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return &layer_kept->entries[i];
    }
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
        __atomic_store_n(&entry->name, 0, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&entry->handle, (uint64_t)(ULONG_PTR)copy, __ATOMIC_RELEASE);
    return status;
}

void keep_drop(struct str16 name)
{
    layer_cleanup_handle HANDLE monitor = NULL;
    HANDLE copy = NULL;
    struct keep_entry *entry = find(hash_of(name));
    if (!entry || open_monitor(&monitor))
        return;
    uint64_t handle = __atomic_exchange_n(&entry->handle, 0, __ATOMIC_ACQ_REL);
    if (!handle)
        return; // somebody else is at it
    if (!real.NtDuplicateObject(monitor, (HANDLE)(ULONG_PTR)handle, NtCurrentProcess(), &copy, 0, 0,
                                DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
        real.NtClose(copy);
    __atomic_store_n(&entry->name, 0, __ATOMIC_RELEASE);
}

NTSTATUS keep_check(void)
{
    // The privilege is checked before the handle. Wine 8 does not have the call, nor the check.
    return real.NtMakePermanentObject &&
                   real.NtMakePermanentObject(NULL) == STATUS_PRIVILEGE_NOT_HELD
               ? STATUS_PRIVILEGE_NOT_HELD
               : STATUS_SUCCESS;
}
