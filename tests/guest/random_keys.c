// A stream of random operations on keys that the host has, which must go natively as in a VM.
//
//   random_keys                   setup, a short stream, cleanup
//   random_keys setup             makes the keys that the stream begins with
//   random_keys work SEED COUNT   the stream: a line an operation, and then all that is there
//   random_keys cleanup           removes them
//
// So `setup` natively, `work` in a VM, `work` natively must print the same twice. The same seed
// makes the same stream everywhere: nothing in it depends on anything but the answers.
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "layer/nt.h"

NTSTATUS NTAPI RtlOpenCurrentUser(ACCESS_MASK, HANDLE *);

enum { SLOTS = 16, DEPTH = 3, LARGEST = 6000, DEFAULT_COUNT = 3000 };

static const wchar_t *const base_name = L"Software\\PlumeRandom";
static const wchar_t *const names[] = {L"a",        L"Bb",    L"c_1", L"_d", L"E e",
                                       L"F-\x00e4", L"g.txt", L"zz",  L"0",  L"[x]"};
static const wchar_t *const values[] = {L"", L"v1", L"V2", L"_v", L"\x00e4 value", L"x\\y", L"zz"};
enum {
    NAMES = sizeof names / sizeof *names,
    VALUES = sizeof values / sizeof *values,
};

static HANDLE base, slots[SLOTS];
static unsigned long long state;
static unsigned long number;
static unsigned char data[LARGEST], buffer[LARGEST + 2048];
static LARGE_INTEGER began;

static unsigned pick(unsigned below)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state >> 33) % below;
}

static UNICODE_STRING counted(const wchar_t *text)
{
    size_t bytes = text ? wcslen(text) * sizeof *text : 0;
    return (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, (wchar_t *)text};
}

static unsigned long hash(const void *bytes, size_t size)
{
    unsigned long long sum = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ULL;
    return (unsigned long)(sum ^ sum >> 32);
}

/* Names go out in ASCII: how a system prints others is not what is tested. */
static void put_name(const wchar_t *name, size_t len)
{
    putchar('\'');
    for (size_t i = 0; i < len; i++) {
        if (name[i] >= ' ' && name[i] < 127)
            putchar(name[i]);
        else
            printf("<%04x>", name[i]);
    }
    putchar('\'');
}

static void begin(const char *operation, int slot)
{
    printf("%lu %s", number, operation);
    if (slot >= 0)
        printf(" %d", slot);
}

static void end(NTSTATUS status)
{
    printf(" -> %08lx\n", (unsigned long)status);
}

/* One of the names, in one of its spellings. */
static void pick_component(wchar_t *out)
{
    wcscpy(out, names[pick(NAMES)]);
    unsigned spelling = pick(4);
    for (size_t i = 0; out[i] && spelling < 2; i++)
        if (out[i] < 128)
            out[i] = spelling ? (wchar_t)towupper(out[i]) : (wchar_t)towlower(out[i]);
}

static void pick_path(wchar_t *out, unsigned least)
{
    unsigned depth = least + pick(DEPTH);
    *out = 0;
    for (unsigned i = 0; i < depth; i++) {
        if (i)
            wcscat(out, pick(40) ? L"\\" : L"\\\\");
        pick_component(out + wcslen(out));
    }
}

static void pick_value(wchar_t *out, int spell)
{
    wcscpy(out, values[pick(VALUES)]);
    if (spell && !pick(3))
        for (size_t i = 0; out[i]; i++)
            out[i] = out[i] < 128 ? (wchar_t)towupper(out[i]) : out[i];
}

static ACCESS_MASK pick_access(void)
{
    static const ACCESS_MASK masks[] = {
        KEY_ALL_ACCESS,
        KEY_ALL_ACCESS,
        KEY_ALL_ACCESS,
        MAXIMUM_ALLOWED,
        KEY_READ,
        KEY_WRITE,
        KEY_READ | KEY_WRITE | DELETE,
        GENERIC_READ,
        GENERIC_ALL,
        KEY_QUERY_VALUE,
        KEY_SET_VALUE | DELETE,
    };
    return masks[pick(sizeof masks / sizeof *masks)];
}

static void drop(int slot)
{
    if (slots[slot])
        NtClose(slots[slot]);
    slots[slot] = NULL;
}

/* Opens or makes a key, from the base or from a handle that there is. */
static void open_or_create(int slot, int create)
{
    wchar_t path[128];
    int from = pick(3) ? -1 : (int)pick(SLOTS);
    HANDLE root = from >= 0 && slots[from] ? slots[from] : base, key = NULL;
    // Wine 8 says of a key that is opened by NtCreateKey with no name that it has made it.
    pick_path(path, root == base || create || pick(6) ? 1 : 0);
    ACCESS_MASK access = pick_access();
    UNICODE_STRING name = counted(path);
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = root,
                                    .ObjectName = &name,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    begin(create ? "create" : "open", slot);
    printf(" from %d ", root == base ? -1 : from);
    put_name(path, wcslen(path));
    printf(" %08lx", access);
    NTSTATUS status;
    if (create) {
        // Without a class: Wine 8 sets it also when the key is there (create_key in
        // server/registry.c).
        ULONG options = pick(12) ? 0 : REG_OPTION_VOLATILE, disposition = 0;
        status = NtCreateKey(&key, access, &attributes, 0, NULL, options, &disposition);
        printf(" options %lu", options);
        if (!status)
            printf(" disposition %lu", disposition);
    } else {
        status = NtOpenKey(&key, access, &attributes);
    }
    end(status);
    if (!status) {
        drop(slot);
        slots[slot] = key;
    }
}

static void set_value(int slot)
{
    static const ULONG types[] = {REG_SZ, REG_BINARY, REG_DWORD, REG_NONE, REG_MULTI_SZ, 77};
    wchar_t value[32];
    pick_value(value, 0);
    UNICODE_STRING name = counted(value);
    ULONG type = types[pick(sizeof types / sizeof *types)], size = pick(6)   ? pick(60)
                                                                   : pick(3) ? 0
                                                                             : pick(LARGEST);
    unsigned fill = pick(4);
    for (ULONG i = 0; i < size; i++)
        data[i] = (unsigned char)(i * fill + fill);
    begin("set", slot);
    put_name(value, wcslen(value));
    printf(" type %lu size %lu", type, size);
    end(NtSetValueKey(slots[slot], &name, 0, type, size ? data : NULL, size));
}

static void delete_value(int slot)
{
    wchar_t value[32];
    pick_value(value, 1);
    UNICODE_STRING name = counted(value);
    begin("unset", slot);
    put_name(value, wcslen(value));
    end(NtDeleteValueKey(slots[slot], &name));
}

static ULONG pick_size(void)
{
    return pick(4) ? (ULONG)sizeof buffer : pick(80);
}

/* What of an answer is defined. */
static void put_answer(NTSTATUS status, ULONG size, ULONG len, size_t skip)
{
    if (!status || status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL) {
        ULONG given = len < size ? len : size;
        if (given == sizeof(struct nt_key_cached_information))
            given = offsetof(struct nt_key_cached_information, name); // what follows is padding
        printf(" len %lu", len);
        if (!status && given > skip)
            printf(" %08lx", hash(buffer + skip, given - skip));
    }
}

static void query_value(int slot)
{
    wchar_t value[32];
    pick_value(value, 1);
    UNICODE_STRING name = counted(value);
    ULONG class = pick(3), size = pick_size(), len = 0;
    memset(buffer, 0, sizeof buffer);
    begin("get", slot);
    put_name(value, wcslen(value));
    NTSTATUS status = NtQueryValueKey(slots[slot], &name, class, buffer, size, &len);
    printf(" class %lu size %lu", class, size);
    put_answer(status, size, len, 0);
    end(status);
}

static void enumerate_value(int slot)
{
    ULONG class = pick(3), size = pick_size(), len = 0, index = pick(8);
    memset(buffer, 0, sizeof buffer);
    begin("value", slot);
    NTSTATUS status = NtEnumerateValueKey(slots[slot], index, class, buffer, size, &len);
    printf(" %lu class %lu size %lu", index, class, size);
    put_answer(status, size, len, 0);
    end(status);
}

/* Whether a time is from before the stream. */
static void put_time(void)
{
    LARGE_INTEGER time;
    memcpy(&time, buffer, sizeof time);
    printf(time.QuadPart < began.QuadPart ? " old" : " new");
}

static void query_key(int slot, int enumerate)
{
    static const ULONG infos[] = {NT_KEY_BASIC_INFORMATION, NT_KEY_NODE_INFORMATION,
                                  NT_KEY_FULL_INFORMATION, NT_KEY_CACHED_INFORMATION,
                                  NT_KEY_NAME_INFORMATION};
    ULONG class = infos[pick(enumerate ? 4 : 5)], size = pick_size(), len = 0, index = pick(8);
    memset(buffer, 0, sizeof buffer);
    begin(enumerate ? "key" : "query", slot);
    NTSTATUS status = enumerate ? NtEnumerateKey(slots[slot], index, class, buffer, size, &len)
                                : NtQueryKey(slots[slot], class, buffer, size, &len);
    if (enumerate)
        printf(" %lu", index);
    printf(" class %lu size %lu", class, size);
    put_answer(status, size, len, class == NT_KEY_NAME_INFORMATION ? 0 : 8);
    for (size_t at = 3; !status && at < 9 &&
                        (class == NT_KEY_FULL_INFORMATION || class == NT_KEY_CACHED_INFORMATION);
         at++)
        printf("%c%lu", at > 3 ? ',' : ' ', ((ULONG *)buffer)[at]);
    if (!status && class != NT_KEY_NAME_INFORMATION)
        put_time();
    end(status);
}

/* All sub-keys and values, one after the other, perhaps deleted on the way. */
static void list(int slot)
{
    unsigned way = pick(4);
    begin("list", slot);
    printf(" %u", way);
    ULONG len;
    NTSTATUS status = 0;
    for (ULONG i = 0, rounds = 0; rounds < 40; rounds++) {
        struct nt_key_basic_information *info = (void *)buffer;
        status =
            NtEnumerateKey(slots[slot], i, NT_KEY_BASIC_INFORMATION, info, sizeof buffer, &len);
        if (status)
            break;
        UNICODE_STRING name = {(USHORT)info->name_length, (USHORT)info->name_length, info->name};
        put_name(info->name, info->name_length / sizeof(wchar_t));
        if (way != 1) {
            i++;
            continue;
        }
        HANDLE child;
        OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                        .RootDirectory = slots[slot],
                                        .ObjectName = &name,
                                        .Attributes = OBJ_CASE_INSENSITIVE};
        status = NtOpenKey(&child, DELETE, &attributes);
        if (!status) {
            status = NtDeleteKey(child);
            NtClose(child);
        }
        if (status) {
            printf(" kept %08lx", (unsigned long)status);
            i++;
        }
    }
    printf(" %08lx", (unsigned long)status);
    for (ULONG i = 0, rounds = 0; rounds < 40; rounds++) {
        struct nt_key_value_basic_information *info = (void *)buffer;
        status = NtEnumerateValueKey(slots[slot], i, NT_KEY_VALUE_BASIC_INFORMATION, info,
                                     sizeof buffer, &len);
        if (status)
            break;
        UNICODE_STRING name = {(USHORT)info->name_length, (USHORT)info->name_length, info->name};
        put_name(info->name, info->name_length / sizeof(wchar_t));
        if (way != 2 || NtDeleteValueKey(slots[slot], &name))
            i++;
    }
    end(status);
}

static void rename_key(int slot)
{
    struct nt_key_basic_information *info = (void *)buffer;
    wchar_t to[32];
    ULONG len = 0;
    pick_component(to);
    UNICODE_STRING name = counted(to);
    begin("rename", slot);
    put_name(to, wcslen(to));
    // Wine 8's server damages itself when a key moves down its list (rename_key() in its
    // server/registry.c): only upwards, then.
    if (NtQueryKey(slots[slot], NT_KEY_BASIC_INFORMATION, info, sizeof buffer, &len)) {
        puts(" unknown");
        return;
    }
    info->name[info->name_length / sizeof(wchar_t)] = 0;
    if (_wcsicmp(to, info->name) >= 0) {
        puts(" downwards");
        return;
    }
    end(NtRenameKey(slots[slot], &name));
}

static void duplicate(int slot)
{
    int to = (int)pick(SLOTS);
    HANDLE copy = NULL;
    begin("duplicate", slot);
    printf(" to %d", to);
    NTSTATUS status = NtDuplicateObject(NtCurrentProcess(), slots[slot], NtCurrentProcess(), &copy,
                                        0, 0, DUPLICATE_SAME_ACCESS);
    end(status);
    if (!status) {
        drop(to);
        slots[to] = copy;
    }
}

static void operate(void)
{
    int slot = (int)pick(SLOTS);
    unsigned what = pick(100);
    if (what < 20 || !slots[slot]) {
        open_or_create(slot, what % 2);
    } else if (what < 38) {
        set_value(slot);
    } else if (what < 46) {
        delete_value(slot);
    } else if (what < 56) {
        query_value(slot);
    } else if (what < 64) {
        enumerate_value(slot);
    } else if (what < 73) {
        query_key(slot, 1);
    } else if (what < 81) {
        query_key(slot, 0);
    } else if (what < 87) {
        list(slot);
    } else if (what < 92) {
        begin("delete", slot);
        end(NtDeleteKey(slots[slot]));
    } else if (what < 95) {
        rename_key(slot);
    } else if (what < 97) {
        duplicate(slot);
    } else if (what < 98) {
        begin("flush", slot);
        end(NtFlushKey(slots[slot]));
    } else {
        begin("close", slot);
        drop(slot);
        end(0);
    }
}

static NTSTATUS open_below(HANDLE root, UNICODE_STRING *name, ACCESS_MASK access, HANDLE *key)
{
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = root,
                                    .ObjectName = name,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    return NtOpenKey(key, access, &attributes);
}

static void dump(HANDLE key, int depth)
{
    ULONG len;
    for (ULONG i = 0;; i++) {
        struct nt_key_value_full_information *info = (void *)buffer;
        NTSTATUS status =
            NtEnumerateValueKey(key, i, NT_KEY_VALUE_FULL_INFORMATION, buffer, sizeof buffer, &len);
        if (status) {
            if (status != STATUS_NO_MORE_ENTRIES)
                end(status);
            break;
        }
        printf("%*s- ", depth * 2, "");
        put_name(info->name, info->name_length / sizeof(wchar_t));
        printf(" type %lu size %lu %08lx\n", info->type, info->data_length,
               hash(buffer + info->data_offset, info->data_length));
    }
    for (ULONG i = 0;; i++) {
        struct nt_key_node_information *info = (void *)buffer;
        HANDLE child;
        wchar_t copy[64] = L"";
        NTSTATUS status =
            NtEnumerateKey(key, i, NT_KEY_NODE_INFORMATION, buffer, sizeof buffer, &len);
        if (status) {
            if (status != STATUS_NO_MORE_ENTRIES)
                end(status);
            break;
        }
        printf("%*s+ ", depth * 2, "");
        put_name(info->name, info->name_length / sizeof(wchar_t));
        printf(" class %lu", info->class_length);
        put_time();
        putchar('\n');
        wmemcpy(copy, info->name, info->name_length / sizeof(wchar_t));
        UNICODE_STRING name = counted(copy);
        status = open_below(key, &name, KEY_READ, &child);
        if (status) {
            end(status);
            continue;
        }
        dump(child, depth + 1);
        NtClose(child);
    }
}

static void work(unsigned long long seed, unsigned long count)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    began.LowPart = now.dwLowDateTime;
    began.HighPart = (LONG)now.dwHighDateTime;
    state = seed * 2654435761u + 12345;
    for (number = 0; number < count; number++)
        operate();
    for (int i = 0; i < SLOTS; i++)
        drop(i);
    puts("== what is there");
    dump(base, 0);
}

/* The host's keys: all names on the first two levels but a few, and on the third some. */
static void populate(HANDLE key, unsigned depth)
{
    for (unsigned i = 0; i < VALUES; i++) {
        UNICODE_STRING name = counted(values[i]);
        ULONG size = pick(50);
        if (pick(2))
            NtSetValueKey(key, &name, 0, pick(2) ? REG_SZ : REG_BINARY, data, size);
    }
    for (unsigned i = 0; i < NAMES && depth < DEPTH; i++) {
        HANDLE child;
        if (pick(depth + 2) > 1)
            continue;
        UNICODE_STRING name = counted(names[i]);
        OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                        .RootDirectory = key,
                                        .ObjectName = &name,
                                        .Attributes = OBJ_CASE_INSENSITIVE};
        if (NtCreateKey(&child, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL))
            continue;
        populate(child, depth + 1);
        NtClose(child);
    }
}

static void remove_below(HANDLE key)
{
    struct nt_key_basic_information *info = (void *)buffer;
    ULONG len;
    while (!NtEnumerateKey(key, 0, NT_KEY_BASIC_INFORMATION, buffer, sizeof buffer, &len)) {
        HANDLE child;
        UNICODE_STRING name = {(USHORT)info->name_length, (USHORT)info->name_length, info->name};
        if (open_below(key, &name, KEY_ALL_ACCESS, &child))
            return;
        remove_below(child);
        NTSTATUS status = NtDeleteKey(child);
        NtClose(child);
        if (status)
            return;
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    HANDLE user;
    UNICODE_STRING name = counted(base_name);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (RtlOpenCurrentUser(KEY_ALL_ACCESS, &user)) {
        puts("there are no keys of the user");
        return 1;
    }
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = user,
                                    .ObjectName = &name,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    NTSTATUS status = NtCreateKey(&base, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL);
    if (status) {
        printf("the base cannot be made: %08lx\n", (unsigned long)status);
        return 1;
    }
    if (!*what || !strcmp(what, "setup")) {
        state = 1;
        populate(base, 0);
    }
    if (!*what)
        Sleep(20); // times are told apart by when the stream begins
    if (!*what || !strcmp(what, "work"))
        work(argc > 2 ? strtoull(argv[2], NULL, 10) : 1,
             argc > 3 ? strtoul(argv[3], NULL, 10) : DEFAULT_COUNT);
    if (!*what || !strcmp(what, "cleanup")) {
        remove_below(base);
        NtDeleteKey(base);
    }
    NtClose(base);
    NtClose(user);
    return 0;
}
