// The registry's system calls, with the exact status of each.
//
//   reg_nt           all of it: makes its keys, works on them, removes them
//   reg_nt setup     makes the keys that the work begins with; for a run in a VM over keys of the
//   host's reg_nt work      works on them reg_nt cleanup   removes them
//
// So `setup` natively, `work` in the VM, `work` natively, `cleanup` natively must print the same
// twice.
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "layer/nt.h"

NTSTATUS NTAPI RtlOpenCurrentUser(ACCESS_MASK, HANDLE *);

static const wchar_t base_name[] = L"Software\\PlumeTest";
static HANDLE base;

static UNICODE_STRING counted(const wchar_t *text)
{
    size_t len = wcslen(text);
    return (UNICODE_STRING){(USHORT)(len * sizeof *text), (USHORT)(len * sizeof *text),
                            (wchar_t *)text};
}

static void say(const char *what, NTSTATUS status)
{
    printf("%s: %08lx\n", what, (unsigned long)status);
    fflush(stdout);
}

static OBJECT_ATTRIBUTES named(UNICODE_STRING *text, HANDLE root, const wchar_t *name)
{
    *text = counted(name);
    return (OBJECT_ATTRIBUTES){.Length = sizeof(OBJECT_ATTRIBUTES),
                               .RootDirectory = root,
                               .ObjectName = text,
                               .Attributes = OBJ_CASE_INSENSITIVE};
}

static NTSTATUS open_key(HANDLE *key, HANDLE root, const wchar_t *name, ACCESS_MASK access)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes = named(&text, root, name);
    *key = NULL;
    return NtOpenKey(key, access, &attributes);
}

static NTSTATUS create_key(HANDLE *key, HANDLE root, const wchar_t *name, const wchar_t *class_name,
                           ULONG options, ULONG *disposition)
{
    UNICODE_STRING text, class_text = class_name ? counted(class_name) : (UNICODE_STRING){0};
    OBJECT_ATTRIBUTES attributes = named(&text, root, name);
    *key = NULL;
    return NtCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, class_name ? &class_text : NULL,
                       options, disposition);
}

static void close_key(HANDLE key)
{
    if (key)
        NtClose(key);
}

static NTSTATUS set_text(HANDLE key, const wchar_t *name, const wchar_t *value)
{
    UNICODE_STRING text = counted(name);
    return NtSetValueKey(key, &text, 0, REG_SZ, (void *)value,
                         (ULONG)((wcslen(value) + 1) * sizeof *value));
}

static NTSTATUS delete_value(HANDLE key, const wchar_t *name)
{
    UNICODE_STRING text = counted(name);
    return NtDeleteValueKey(key, &text);
}

static void query(const char *what, HANDLE key, const wchar_t *name)
{
    union {
        struct nt_key_value_partial_information info;
        uint8_t bytes[512];
    } data;
    UNICODE_STRING text = counted(name);
    ULONG len = 0;
    NTSTATUS status =
        NtQueryValueKey(key, &text, NT_KEY_VALUE_PARTIAL_INFORMATION, &data, sizeof data, &len);
    if (status)
        say(what, status);
    else
        printf("%s: type %lu '%.*ls' len %lu\n", what, data.info.type,
               (int)(data.info.data_length / sizeof(wchar_t)), (wchar_t *)data.info.data, len);
    fflush(stdout);
}

/* Everything below a key, by enumeration. */
static void dump(HANDLE key, int depth)
{
    static union {
        struct nt_key_node_information node;
        struct nt_key_full_information full;
        struct nt_key_value_full_information value;
        uint8_t bytes[4096];
    } data;
    ULONG len = 0;
    NTSTATUS status = NtQueryKey(key, NT_KEY_FULL_INFORMATION, &data, sizeof data, &len);
    if (status) {
        printf("%*s", depth * 2, "");
        say("full", status);
        return;
    }
    printf("%*skeys %lu max %lu class %lu values %lu max %lu data %lu own class '%.*ls'\n",
           depth * 2, "", data.full.sub_keys, data.full.max_name_length, data.full.max_class_length,
           data.full.values, data.full.max_value_name_length, data.full.max_value_data_length,
           (int)(data.full.class_length / sizeof(wchar_t)),
           data.full.class_length ? (wchar_t *)(data.bytes + data.full.class_offset) : L"");
    for (ULONG i = 0;; i++) {
        status =
            NtEnumerateValueKey(key, i, NT_KEY_VALUE_FULL_INFORMATION, &data, sizeof data, &len);
        if (status)
            break;
        printf("%*s- '%.*ls' type %lu = '%.*ls' len %lu\n", depth * 2, "",
               (int)(data.value.name_length / sizeof(wchar_t)), data.value.name, data.value.type,
               data.value.type == REG_SZ ? (int)(data.value.data_length / sizeof(wchar_t)) - 1 : 0,
               (wchar_t *)(data.bytes + data.value.data_offset), data.value.data_length);
    }
    if (status != STATUS_NO_MORE_ENTRIES)
        say("enumerate value", status);
    for (ULONG i = 0;; i++) {
        wchar_t name[300];
        HANDLE child;
        status = NtEnumerateKey(key, i, NT_KEY_NODE_INFORMATION, &data, sizeof data, &len);
        if (status)
            break;
        swprintf(name, 300, L"%.*ls", (int)(data.node.name_length / sizeof(wchar_t)),
                 data.node.name);
        printf("%*s+ '%ls' class len %lu len %lu\n", depth * 2, "", name, data.node.class_length,
               len);
        status = open_key(&child, key, name, KEY_READ);
        if (status)
            say("open child", status);
        else
            dump(child, depth + 1);
        close_key(child);
    }
    if (status != STATUS_NO_MORE_ENTRIES)
        say("enumerate", status);
    fflush(stdout);
}

static void dump_name(const char *what, HANDLE key)
{
    union {
        struct nt_key_name_information info;
        wchar_t units[600];
    } data = {.units = {0}};
    ULONG len = 0;
    NTSTATUS status =
        NtQueryKey(key, NT_KEY_NAME_INFORMATION, &data, sizeof data - sizeof(wchar_t), &len);
    if (status) {
        say(what, status);
        return;
    }
    data.info.name[data.info.name_length / sizeof(wchar_t)] = 0;
    const wchar_t *tail = wcsstr(data.info.name, L"PlumeTest");
    printf("%s: ...%ls, length fits %d\n", what, tail ? tail : data.info.name,
           len == data.info.name_length + 4);
    fflush(stdout);
}

static void must(NTSTATUS status, const char *what)
{
    if (status) {
        say(what, status);
        exit(1);
    }
}

static void open_base(void)
{
    HANDLE user, key;
    must(RtlOpenCurrentUser(KEY_ALL_ACCESS, &user), "open the user's keys");
    must(create_key(&key, user, L"Software", NULL, 0, NULL), "open Software");
    close_key(key);
    must(create_key(&base, user, base_name, NULL, 0, NULL), "make the base");
    close_key(user);
}

static HANDLE make(HANDLE root, const wchar_t *name, const wchar_t *class_name)
{
    HANDLE key;
    must(create_key(&key, root, name, class_name, 0, NULL), "make a key");
    return key;
}

static void setup(void)
{
    HANDLE merged = make(base, L"Merged", L"Top"), key;
    must(set_text(merged, L"", L"default"), "set");
    must(set_text(merged, L"alpha", L"host"), "set");
    must(set_text(merged, L"Beta", L"host"), "set");
    must(set_text(merged, L"gamma", L"host long value"), "set");
    key = make(merged, L"S1", NULL);
    must(set_text(key, L"in S1", L"host"), "set");
    close_key(make(key, L"S1a", NULL));
    close_key(make(key, L"S1b", NULL));
    close_key(key);
    key = make(merged, L"S2", L"second class");
    must(set_text(key, L"in S2", L"host"), "set");
    HANDLE below = make(key, L"Deep", L"x");
    must(set_text(below, L"v", L"deep"), "set");
    close_key(make(below, L"er", NULL));
    close_key(below);
    close_key(key);
    close_key(make(merged, L"s3", NULL));
    close_key(make(merged, L"_x", NULL));
    close_key(make(merged, L"Zlast", NULL));
    close_key(merged);
    key = make(base, L"Many", NULL);
    for (int i = 0; i < 20; i++) {
        wchar_t name[20];
        swprintf(name, 20, L"key %02d", i);
        close_key(make(key, name, NULL));
        swprintf(name, 20, L"value %02d", i);
        must(set_text(key, name, name), "set");
    }
    close_key(key);
}

static void remove_tree(HANDLE root, const wchar_t *name)
{
    HANDLE key;
    if (open_key(&key, root, name, KEY_ALL_ACCESS))
        return;
    for (;;) {
        struct {
            struct nt_key_basic_information info;
            wchar_t rest[300];
        } data;
        ULONG len;
        wchar_t child[300];
        if (NtEnumerateKey(key, 0, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len))
            break;
        swprintf(child, 300, L"%.*ls", (int)(data.info.name_length / sizeof(wchar_t)),
                 data.info.name);
        remove_tree(key, child);
    }
    NtDeleteKey(key);
    close_key(key);
}

static void work_on_values(HANDLE merged)
{
    HANDLE reader, second;
    puts("== values");
    must(open_key(&reader, base, L"Merged", KEY_READ), "open");
    must(open_key(&second, base, L"mERGED", KEY_ALL_ACCESS), "open");
    query("alpha before", reader, L"alpha");
    say("set alpha", set_text(merged, L"ALPHA", L"changed"));
    query("alpha after", reader, L"alpha");
    say("set new", set_text(second, L"new", L"made"));
    query("new", reader, L"NEW");
    say("delete beta", delete_value(merged, L"beta"));
    query("beta", reader, L"Beta");
    say("delete beta again", delete_value(second, L"beta"));
    say("delete what is not there", delete_value(second, L"nothing"));
    say("delete new", delete_value(second, L"new"));
    query("new", merged, L"new");
    say("set beta again", set_text(merged, L"bETA", L"back"));
    query("beta", reader, L"beta");
    query("default", reader, L"");
    say("set default", set_text(merged, L"", L"mine"));
    query("default", reader, L"");
    say("delete default", delete_value(merged, L""));
    query("default", reader, L"");
    say("write through a reading handle", set_text(reader, L"x", L"x"));
    say("delete through a reading handle", delete_value(reader, L"gamma"));
    UNICODE_STRING name = counted(L"big");
    void *big = calloc(1, 100000);
    say("set a big one", NtSetValueKey(merged, &name, 0, REG_BINARY, big, 100000));
    say("set an empty one", NtSetValueKey(merged, &name, 0, REG_NONE, NULL, 0));
    free(big);
    dump(merged, 1);
    dump(reader, 1);
    close_key(reader);
    close_key(second);
}

static void work_on_buffers(HANDLE merged)
{
    static const ULONG classes[] = {NT_KEY_BASIC_INFORMATION, NT_KEY_NODE_INFORMATION,
                                    NT_KEY_FULL_INFORMATION, NT_KEY_CACHED_INFORMATION, 77};
    static const ULONG value_classes[] = {NT_KEY_VALUE_BASIC_INFORMATION,
                                          NT_KEY_VALUE_FULL_INFORMATION,
                                          NT_KEY_VALUE_PARTIAL_INFORMATION, 77};
    static const ULONG sizes[] = {0, 12, 16, 24, 32, 48, 60, 200};
    uint8_t buffer[256];
    puts("== buffers");
    for (size_t c = 0; c < sizeof classes / sizeof *classes; c++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            ULONG len = 0, len2 = 0;
            NTSTATUS a = NtEnumerateKey(merged, 1, classes[c], buffer, sizes[s], &len);
            NTSTATUS b = NtQueryKey(merged, classes[c], buffer, sizes[s], &len2);
            printf("class %lu size %lu: enumerate %08lx %lu query %08lx %lu\n", classes[c],
                   sizes[s], (unsigned long)a, len, (unsigned long)b, len2);
        }
    }
    UNICODE_STRING name = counted(L"gamma");
    for (size_t c = 0; c < sizeof value_classes / sizeof *value_classes; c++) {
        for (size_t s = 2; s < sizeof sizes / sizeof *sizes; s++) {
            ULONG len = 0, len2 = 0;
            NTSTATUS a = NtEnumerateValueKey(merged, 1, value_classes[c], buffer, sizes[s], &len);
            NTSTATUS b = NtQueryValueKey(merged, &name, value_classes[c], buffer, sizes[s], &len2);
            printf("value class %lu size %lu: enumerate %08lx %lu query %08lx %lu\n",
                   value_classes[c], sizes[s], (unsigned long)a, len, (unsigned long)b, len2);
        }
    }
    ULONG len = 0;
    say("index behind the last",
        NtEnumerateKey(merged, 1000, NT_KEY_BASIC_INFORMATION, buffer, sizeof buffer, &len));
    say("index -1",
        NtEnumerateKey(merged, (ULONG)-1, NT_KEY_BASIC_INFORMATION, buffer, sizeof buffer, &len));
    say("value index behind the last",
        NtEnumerateValueKey(merged, 1000, NT_KEY_VALUE_BASIC_INFORMATION, buffer, sizeof buffer,
                            &len));
    for (ULONG size = 0; size < 60; size += 4) {
        len = 0;
        NTSTATUS status = NtQueryKey(merged, NT_KEY_NAME_INFORMATION, buffer, size, &len);
        printf("name with %lu: %08lx more than that %d\n", size, (unsigned long)status, len > size);
    }
}

static void work_on_names(HANDLE merged)
{
    HANDLE key;
    ULONG disposition = 0;
    wchar_t long_name[300];
    puts("== names");
    dump_name("merged", merged);
    say("create S4", create_key(&key, merged, L"S4", L"C4", 0, &disposition));
    printf("disposition %lu\n", disposition);
    dump_name("S4", key);
    close_key(key);
    say("create S4 again", create_key(&key, merged, L"s4", L"C4", 0, &disposition));
    printf("disposition %lu\n", disposition);
    dump_name("S4", key);
    close_key(key);
    say("create below nothing", create_key(&key, merged, L"no\\such", NULL, 0, NULL));
    say("create with a backslash at the end", create_key(&key, merged, L"S5\\", NULL, 0, NULL));
    close_key(key);
    say("create with two backslashes", create_key(&key, merged, L"S1\\\\double", NULL, 0, NULL));
    dump_name("double", key);
    close_key(key);
    say("open S1", open_key(&key, merged, L"s1", KEY_ALL_ACCESS));
    dump_name("S1", key);
    close_key(key);
    say("open nothing", open_key(&key, merged, L"nothing", KEY_READ));
    say("open below nothing", open_key(&key, merged, L"nothing\\x", KEY_READ));
    say("open the same", open_key(&key, merged, L"", KEY_READ));
    dump_name("the same", key);
    close_key(key);
    say("open with a leading backslash", open_key(&key, merged, L"\\S1", KEY_READ));
    say("open a relative name without a root", open_key(&key, NULL, L"Registry", KEY_READ));
    say("open no key", open_key(&key, NULL, L"\\BaseNamedObjects", KEY_READ));
    say("open what is nowhere", open_key(&key, NULL, L"\\Nowhere\\x", KEY_READ));
    say("open the root", open_key(&key, NULL, L"\\Registry", KEY_READ));
    dump_name("root", key);
    close_key(key);
    say("open a wrong root", open_key(&key, NULL, L"\\Registry\\Nothing", KEY_READ));
    say("open the machine", open_key(&key, NULL, L"\\REGISTRY\\machine\\", KEY_READ));
    dump_name("machine", key);
    close_key(key);
    wmemset(long_name, 'n', 299);
    long_name[299] = 0;
    say("open a long name", open_key(&key, merged, long_name, KEY_READ));
    say("create a long name", create_key(&key, merged, long_name, NULL, 0, NULL));
    long_name[255] = 0;
    say("create the longest name", create_key(&key, merged, long_name, NULL, 0, NULL));
    say("delete it", NtDeleteKey(key));
    close_key(key);

    HANDLE event;
    must(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, FALSE), "event");
    say("an event is no key", set_text(event, L"x", L"x"));
    say("nor a root", open_key(&key, event, L"x", KEY_READ));
    NtClose(event);
    say("no handle", set_text((HANDLE)(LONG_PTR)0x7ff0, L"x", L"x"));
    say("no root", open_key(&key, (HANDLE)(LONG_PTR)0x7ff0, L"x", KEY_READ));
    dump(merged, 1);
}

static void work_on_access(void)
{
    static const ACCESS_MASK masks[] = {KEY_READ,
                                        KEY_WRITE,
                                        KEY_QUERY_VALUE,
                                        KEY_SET_VALUE,
                                        KEY_ENUMERATE_SUB_KEYS,
                                        KEY_CREATE_SUB_KEY,
                                        GENERIC_READ,
                                        GENERIC_WRITE,
                                        GENERIC_ALL,
                                        MAXIMUM_ALLOWED,
                                        DELETE,
                                        KEY_NOTIFY};
    puts("== access");
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        uint8_t buffer[600];
        HANDLE key, child;
        ULONG len = 0;
        UNICODE_STRING name = counted(L"gamma");
        NTSTATUS open = open_key(&key, base, L"Merged", masks[i]);
        printf("access %08lx: open %08lx", masks[i], (unsigned long)open);
        printf(" query %08lx",
               (unsigned long)NtQueryValueKey(key, &name, NT_KEY_VALUE_PARTIAL_INFORMATION, buffer,
                                              sizeof buffer, &len));
        printf(" enumerate %08lx", (unsigned long)NtEnumerateKey(key, 0, NT_KEY_BASIC_INFORMATION,
                                                                 buffer, sizeof buffer, &len));
        printf(" values %08lx",
               (unsigned long)NtEnumerateValueKey(key, 0, NT_KEY_VALUE_BASIC_INFORMATION, buffer,
                                                  sizeof buffer, &len));
        printf(" info %08lx", (unsigned long)NtQueryKey(key, NT_KEY_FULL_INFORMATION, buffer,
                                                        sizeof buffer, &len));
        printf(" set %08lx", (unsigned long)set_text(key, L"by access", L"x"));
        NTSTATUS create = create_key(&child, key, L"by access", NULL, 0, NULL);
        printf(" create %08lx", (unsigned long)create);
        if (child)
            NtDeleteKey(child);
        close_key(child);
        printf(" delete value %08lx\n", (unsigned long)delete_value(key, L"by access"));
        close_key(key);
    }
    HANDLE key;
    say("delete without the right to",
        open_key(&key, base, L"Merged\\s3", KEY_READ | KEY_WRITE) ? -1 : NtDeleteKey(key));
    close_key(key);
    fflush(stdout);
}

static void work_on_deletion(HANDLE merged)
{
    HANDLE key, reader, child;
    uint8_t buffer[200];
    ULONG len;
    puts("== deletion");
    must(open_key(&key, merged, L"S1", KEY_ALL_ACCESS), "open");
    must(open_key(&reader, merged, L"S1", KEY_READ), "open");
    say("delete what is not empty", NtDeleteKey(key));
    must(open_key(&child, key, L"S1a", KEY_ALL_ACCESS), "open");
    say("delete S1a", NtDeleteKey(child));
    close_key(child);
    say("open S1a", open_key(&child, merged, L"S1\\S1a", KEY_READ));
    dump(reader, 1);
    remove_tree(key, L"S1b");
    remove_tree(key, L"double");
    say("delete S1", NtDeleteKey(key));
    say("delete S1 again", NtDeleteKey(key));
    for (int i = 0; i < 2; i++) {
        HANDLE dead = i ? reader : key;
        query("query in it", dead, L"in S1");
        if (!i)
            say("set in it", set_text(dead, L"x", L"x"));
        if (!i)
            say("delete value in it", delete_value(dead, L"in S1"));
        say("enumerate it",
            NtEnumerateKey(dead, 0, NT_KEY_BASIC_INFORMATION, buffer, sizeof buffer, &len));
        say("enumerate its values", NtEnumerateValueKey(dead, 0, NT_KEY_VALUE_BASIC_INFORMATION,
                                                        buffer, sizeof buffer, &len));
        say("information on it",
            NtQueryKey(dead, NT_KEY_FULL_INFORMATION, buffer, sizeof buffer, &len));
        say("basic information on it",
            NtQueryKey(dead, NT_KEY_BASIC_INFORMATION, buffer, sizeof buffer, &len));
        dump_name("its name", dead);
        say("create below it", create_key(&child, dead, L"x", NULL, 0, NULL));
        say("open below it", open_key(&child, dead, L"S1b", KEY_READ));
        say("open it", open_key(&child, dead, L"", KEY_READ));
        close_key(child);
    }
    say("open S1", open_key(&child, merged, L"S1", KEY_READ));
    close_key(key);
    close_key(reader);
    say("make S1 anew", create_key(&key, merged, L"s1", NULL, 0, NULL));
    dump(key, 1);
    say("set in it", set_text(key, L"again", L"yes"));
    close_key(key);
    dump(merged, 1);
}

static void work_on_renaming(HANDLE merged)
{
    HANDLE key, other, child, before;
    UNICODE_STRING name = counted(L"R2");
    puts("== renaming");
    must(open_key(&before, merged, L"s2\\dEEP", KEY_READ), "open");
    must(open_key(&key, merged, L"S2", KEY_ALL_ACCESS), "open");
    must(open_key(&other, merged, L"s2", KEY_READ), "open");
    UNICODE_STRING taken = counted(L"S3"), path = counted(L"a\\b"), own = counted(L"s2");
    say("to a name that is taken", NtRenameKey(key, &taken));
    say("to a path", NtRenameKey(key, &path));
    say("to its own", NtRenameKey(key, &own));
    say("without the right to", NtRenameKey(other, &name));
    say("rename", NtRenameKey(key, &name));
    dump_name("name", key);
    query("in it", key, L"in S2");
    say("set in it", set_text(key, L"after", L"renaming"));
    say("open the old name", open_key(&child, merged, L"S2", KEY_READ));
    say("open below the new name", open_key(&child, merged, L"R2\\Deep\\er", KEY_READ));
    dump_name("below", child);
    close_key(child);
    say("open below it", open_key(&child, key, L"Deep", KEY_READ));
    dump_name("below", child);
    close_key(child);
    dump_name("opened before in another spelling", other);
    dump_name("below, opened before in another spelling", before);
    close_key(before);
    close_key(other);
    close_key(key);
    dump(merged, 1);
    remove_tree(merged, L"R2");
    say("make the old name anew", create_key(&key, merged, L"S2", NULL, 0, NULL));
    dump(key, 1);
    close_key(key);
}

static void work_on_notification(HANDLE merged)
{
    static LARGE_INTEGER now;
    HANDLE event, watcher, key;
    IO_STATUS_BLOCK io;
    puts("== notification");
    must(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 1, FALSE), "event");
    must(open_key(&watcher, base, L"Merged", KEY_READ), "open");
    say("watch", NtNotifyChangeKey(watcher, event, NULL, NULL, &io,
                                   REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_NAME, FALSE, NULL,
                                   0, TRUE));
    say("nothing yet", NtWaitForSingleObject(event, FALSE, &now));
    must(set_text(merged, L"watched", L"1"), "set");
    say("set", NtWaitForSingleObject(event, FALSE, &now));
    say("watch", NtNotifyChangeKey(watcher, event, NULL, NULL, &io,
                                   REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_NAME, FALSE, NULL,
                                   0, TRUE));
    must(delete_value(merged, L"gamma"), "delete");
    say("delete", NtWaitForSingleObject(event, FALSE, &now));
    say("watch below", NtNotifyChangeKey(watcher, event, NULL, NULL, &io,
                                         REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET, TRUE,
                                         NULL, 0, TRUE));
    must(open_key(&key, merged, L"Zlast", KEY_ALL_ACCESS), "open");
    say("nothing yet", NtWaitForSingleObject(event, FALSE, &now));
    must(set_text(key, L"x", L"y"), "set");
    say("set below", NtWaitForSingleObject(event, FALSE, &now));
    say("watch names", NtNotifyChangeKey(watcher, event, NULL, NULL, &io, REG_NOTIFY_CHANGE_NAME,
                                         FALSE, NULL, 0, TRUE));
    must(NtDeleteKey(key), "delete");
    say("delete below", NtWaitForSingleObject(event, FALSE, &now));
    close_key(key);
    say("watch", NtNotifyChangeKey(watcher, event, NULL, NULL, &io, REG_NOTIFY_CHANGE_NAME, FALSE,
                                   NULL, 0, TRUE));
    say("nothing yet", NtWaitForSingleObject(event, FALSE, &now));
    close_key(watcher);
    say("closed", NtWaitForSingleObject(event, FALSE, &now));
    must(open_key(&watcher, base, L"Merged", KEY_QUERY_VALUE), "open");
    say("without the right to", NtNotifyChangeKey(watcher, event, NULL, NULL, &io,
                                                  REG_NOTIFY_CHANGE_NAME, FALSE, NULL, 0, TRUE));
    close_key(watcher);
    NtClose(event);
}

static void work_on_kinds(HANDLE merged)
{
    HANDLE volatile_key, key;
    puts("== volatile, links");
    say("volatile",
        create_key(&volatile_key, merged, L"volatile", NULL, REG_OPTION_VOLATILE, NULL));
    say("not volatile below it", create_key(&key, volatile_key, L"x", NULL, 0, NULL));
    close_key(key);
    say("volatile below it", create_key(&key, volatile_key, L"x", NULL, REG_OPTION_VOLATILE, NULL));
    close_key(key);
    close_key(volatile_key);
    remove_tree(merged, L"volatile");

    // A link to s3, by the name that the kernel gives it.
    union {
        struct nt_key_name_information info;
        wchar_t units[600];
    } target;
    ULONG len;
    HANDLE link;
    UNICODE_STRING value = counted(L"SymbolicLinkValue");
    must(open_key(&key, merged, L"s3", KEY_READ), "open");
    must(NtQueryKey(key, NT_KEY_NAME_INFORMATION, &target, sizeof target, &len), "name");
    close_key(key);
    say("link", create_key(&link, merged, L"link", NULL,
                           REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE, NULL));
    say("its target",
        NtSetValueKey(link, &value, 0, REG_LINK, target.info.name, target.info.name_length));
    say("open through it", open_key(&key, merged, L"link", KEY_ALL_ACCESS));
    dump_name("through it", key);
    say("set through it", set_text(key, L"through", L"the link"));
    say("create through it", create_key(&volatile_key, key, L"child", NULL, 0, NULL));
    dump_name("child", volatile_key);
    close_key(volatile_key);
    close_key(key);
    must(open_key(&key, merged, L"s3", KEY_READ), "open");
    dump(key, 1);
    close_key(key);
    say("delete the link", NtDeleteKey(link));
    close_key(link);
}

static void work_on_many(void)
{
    HANDLE many, key;
    must(open_key(&many, base, L"Many", KEY_ALL_ACCESS), "open");
    puts("== many");
    for (int i = 0; i < 20; i += 3) {
        wchar_t name[20];
        swprintf(name, 20, L"KEY %02d", i);
        must(open_key(&key, many, name, KEY_ALL_ACCESS), "open");
        must(NtDeleteKey(key), "delete");
        close_key(key);
        swprintf(name, 20, L"value %02d", i + 1);
        delete_value(many, name);
        swprintf(name, 20, L"key %02d a", i);
        close_key(make(many, name, NULL));
        swprintf(name, 20, L"value %02d a", i);
        must(set_text(many, name, L"more"), "set");
    }
    dump(many, 1);
    // Values deleted from the end, while they are enumerated.
    for (ULONG i = 60; i-- > 0;) {
        struct {
            struct nt_key_value_basic_information info;
            wchar_t rest[60];
        } data;
        ULONG len;
        if (!NtEnumerateValueKey(many, i, NT_KEY_VALUE_BASIC_INFORMATION, &data, sizeof data,
                                 &len)) {
            UNICODE_STRING name = {(USHORT)data.info.name_length, (USHORT)data.info.name_length,
                                   data.info.name};
            must(NtDeleteValueKey(many, &name), "delete value");
        }
    }
    dump(many, 1);
    close_key(many);
    remove_tree(base, L"Many");
    say("open", open_key(&many, base, L"Many", KEY_READ));
}

static void work(void)
{
    HANDLE merged;
    must(open_key(&merged, base, L"Merged", KEY_ALL_ACCESS), "open");
    dump(base, 1);
    work_on_values(merged);
    work_on_buffers(merged);
    work_on_names(merged);
    work_on_access();
    work_on_deletion(merged);
    work_on_renaming(merged);
    work_on_notification(merged);
    work_on_kinds(merged);
    work_on_many();
    puts("== end");
    dump(base, 1);
    close_key(merged);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    open_base();
    if (!*what || !strcmp(what, "setup"))
        setup();
    if (!*what || !strcmp(what, "work"))
        work();
    if (!*what || !strcmp(what, "cleanup")) {
        HANDLE user;
        must(RtlOpenCurrentUser(KEY_ALL_ACCESS, &user), "open the user's keys");
        remove_tree(user, base_name);
        close_key(user);
    }
    close_key(base);
    return 0;
}
