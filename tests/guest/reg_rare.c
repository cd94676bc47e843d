// The registry calls that programs seldom make: security, hives, transactions, several values, odd
// sizes and names. Like reg_nt: `setup` natively, `work` in a VM, `work` natively, `cleanup`
// natively.
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "layer/nt.h"
#include <sddl.h>

NTSTATUS NTAPI RtlOpenCurrentUser(ACCESS_MASK, HANDLE *);

static const wchar_t base_name[] = L"Software\\PlumeRare";
static HANDLE base;

static UNICODE_STRING counted(const wchar_t *text)
{
    size_t bytes = wcslen(text) * sizeof *text;
    return (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, (wchar_t *)text};
}

static void say(const char *what, NTSTATUS status)
{
    printf("%s: %08lx\n", what, (unsigned long)status);
    fflush(stdout);
}

static NTSTATUS open_key(HANDLE root, const wchar_t *name, ACCESS_MASK access, HANDLE *key)
{
    UNICODE_STRING text = counted(name);
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = root,
                                    .ObjectName = &text,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    *key = NULL;
    return NtOpenKey(key, access, &attributes);
}

static NTSTATUS create_key(HANDLE root, const wchar_t *name, ULONG options,
                           PSECURITY_DESCRIPTOR descriptor, HANDLE *key)
{
    UNICODE_STRING text = counted(name);
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = root,
                                    .ObjectName = &text,
                                    .Attributes = OBJ_CASE_INSENSITIVE,
                                    .SecurityDescriptor = descriptor};
    *key = NULL;
    return NtCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, NULL, options, NULL);
}

static HANDLE make(HANDLE root, const wchar_t *name)
{
    HANDLE key;
    NTSTATUS status = create_key(root, name, 0, NULL, &key);
    if (status) {
        say("cannot make a key", status);
        exit(1);
    }
    return key;
}

static NTSTATUS set(HANDLE key, const wchar_t *name, const wchar_t *value)
{
    UNICODE_STRING text = counted(name);
    return NtSetValueKey(key, &text, 0, REG_SZ, (void *)value,
                         (ULONG)((wcslen(value) + 1) * sizeof *value));
}

static void close_key(HANDLE key)
{
    if (key)
        NtClose(key);
}

static void remove_tree(HANDLE root, const wchar_t *name)
{
    struct {
        struct nt_key_basic_information info;
        wchar_t rest[300];
    } data;
    HANDLE key;
    ULONG len;
    wchar_t child[300];
    if (open_key(root, name, KEY_ALL_ACCESS, &key))
        return;
    while (!NtEnumerateKey(key, 0, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len)) {
        swprintf(child, 300, L"%.*ls", (int)(data.info.name_length / sizeof(wchar_t)),
                 data.info.name);
        remove_tree(key, child);
    }
    NtDeleteKey(key);
    close_key(key);
}

static void setup(void)
{
    static const wchar_t *const names[] = {L"secure",    L"denied", L"hive",    L"hive\\one",
                                           L"hive\\two", L"values", L"watched", L"watched\\below",
                                           L"second",    L"spelled"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        HANDLE key = make(base, names[i]);
        set(key, L"host", names[i]);
        set(key, L"other", L"of the host");
        if (!wcscmp(names[i], L"spelled")) {
            set(key, L"First_One", L"of the host");
            set(key, L"firstOne", L"of the host");
            set(key, L"Zuletzt", L"of the host");
            set(key, L"", L"of the host");
        }
        close_key(key);
    }
}

static void show_security(const char *what, HANDLE key)
{
    static const SECURITY_INFORMATION parts =
        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    uint8_t buffer[2000];
    char *text = NULL;
    ULONG needed = 0;
    NTSTATUS status = NtQuerySecurityObject(key, parts, buffer, sizeof buffer, &needed);
    if (status || !ConvertSecurityDescriptorToStringSecurityDescriptorA(buffer, SDDL_REVISION_1,
                                                                        parts, &text, NULL)) {
        say(what, status);
        return;
    }
    printf("%s: %s\n", what, text);
    LocalFree(text);
    say("  the DACL",
        NtQuerySecurityObject(key, DACL_SECURITY_INFORMATION, buffer, sizeof buffer, &needed));
    printf("  needs %lu, without room %08lx %lu\n", needed,
           (unsigned long)NtQuerySecurityObject(key, parts, buffer, 0, &needed), needed);
}

static void set_security(const char *what, HANDLE key, SECURITY_INFORMATION which,
                         const wchar_t *text)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor,
                                                              NULL)) {
        say(what, -1);
        return;
    }
    say(what, NtSetSecurityObject(key, which, descriptor));
    LocalFree(descriptor);
}

static void work_on_security(void)
{
    static const ACCESS_MASK masks[] = {KEY_READ,      KEY_ALL_ACCESS, MAXIMUM_ALLOWED,
                                        KEY_SET_VALUE, READ_CONTROL,   WRITE_DAC,
                                        GENERIC_READ,  DELETE};
    HANDLE key, reader, child;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    puts("== security");
    say("open", open_key(base, L"secure", KEY_ALL_ACCESS, &key));
    say("open to read", open_key(base, L"secure", KEY_READ, &reader));
    show_security("as it is", key);
    set_security("set without the right to", reader, DACL_SECURITY_INFORMATION, L"D:(A;;KA;;;WD)");
    set_security("set", key, DACL_SECURITY_INFORMATION, L"D:(A;;KA;;;BA)(A;;KR;;;WD)");
    show_security("changed", key);
    show_security("through the other", reader);
    set_security("owner", key, OWNER_SECURITY_INFORMATION, L"O:BA");
    set_security("group", key, GROUP_SECURITY_INFORMATION, L"G:BU");
    show_security("changed again", key);
    say("set a value", set(key, L"mine", L"x"));
    show_security("after a value", key);
    close_key(reader);
    say("without the right to read it", open_key(base, L"secure", KEY_QUERY_VALUE, &reader));
    show_security("", reader);
    close_key(reader);
    say("a key below it", create_key(key, L"child", 0, NULL, &child));
    show_security("below it", child);
    close_key(child);
    set_security("for reading only", key, DACL_SECURITY_INFORMATION,
                 L"D:P(A;;KR;;;WD)(A;;WDSD;;;WD)");
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        printf("open %08lx", masks[i]);
        say("", open_key(base, L"secure", masks[i], &reader));
        if (reader)
            say("  set", set(reader, L"y", L"y"));
        close_key(reader);
    }
    say("the old handle", set(key, L"z", L"z"));
    set_security("for all", key, DACL_SECURITY_INFORMATION, L"D:(A;;KA;;;WD)");
    close_key(key);
    if (ConvertStringSecurityDescriptorToSecurityDescriptorW(L"O:BAG:BAD:(A;;KA;;;BA)(A;;KA;;;WD)",
                                                             SDDL_REVISION_1, &descriptor, NULL)) {
        say("made with one", create_key(base, L"secure new", 0, descriptor, &key));
        show_security("made with one", key);
        close_key(key);
        LocalFree(descriptor);
    }
    HANDLE event;
    NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    show_security("an event", event);
    NtClose(event);
    say("of no handle", NtSetSecurityObject((HANDLE)(LONG_PTR)0x7ff0, 0, NULL));
}

static void enable(const wchar_t *name, BOOL enabled)
{
    HANDLE token;
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token);
    LookupPrivilegeValueW(NULL, name, &privileges.Privileges[0].Luid);
    privileges.Privileges[0].Attributes = enabled ? SE_PRIVILEGE_ENABLED : 0;
    AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
    CloseHandle(token);
}

static void dump(HANDLE key, int depth)
{
    union {
        struct nt_key_value_full_information value;
        struct nt_key_basic_information key;
        uint8_t bytes[2000];
    } data;
    ULONG len;
    for (ULONG i = 0;
         !NtEnumerateValueKey(key, i, NT_KEY_VALUE_FULL_INFORMATION, &data, sizeof data, &len); i++)
        printf("%*s- '%.*ls' type %lu size %lu\n", depth, "",
               (int)(data.value.name_length / sizeof(wchar_t)), data.value.name, data.value.type,
               data.value.data_length);
    for (ULONG i = 0; !NtEnumerateKey(key, i, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len);
         i++) {
        wchar_t name[300];
        HANDLE child;
        swprintf(name, 300, L"%.*ls", (int)(data.key.name_length / sizeof(wchar_t)), data.key.name);
        printf("%*s+ %ls\n", depth, "", name);
        if (!open_key(key, name, KEY_READ, &child))
            dump(child, depth + 2);
        close_key(child);
    }
    fflush(stdout);
}

static void save(const char *what, HANDLE key)
{
    HANDLE file =
        CreateFileW(L"plume.hiv", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    say(what, NtSaveKey(key, file));
    printf("  the file is empty: %d\n", GetFileSize(file, NULL) == 0);
    CloseHandle(file);
}

static void work_on_hives(void)
{
    HANDLE key, child;
    puts("== hives");
    say("open", open_key(base, L"hive", KEY_ALL_ACCESS, &key));
    say("a value", set(key, L"mine", L"saved"));
    say("open one", open_key(key, L"one", KEY_ALL_ACCESS, &child));
    say("delete one", NtDeleteKey(child));
    close_key(child);
    close_key(make(key, L"three"));
    enable(L"SeBackupPrivilege", FALSE);
    enable(L"SeRestorePrivilege", FALSE);
    save("save without the privilege", key);
    enable(L"SeBackupPrivilege", TRUE);
    save("save", key);
    HKEY loaded = NULL;
    LONG error = RegLoadKeyW(HKEY_USERS, L"PlumeLoaded", L"plume.hiv");
    printf("load without the privilege: %ld\n", error);
    enable(L"SeRestorePrivilege", TRUE);
    printf("load: %ld\n", RegLoadKeyW(HKEY_USERS, L"PlumeLoaded", L"plume.hiv"));
    printf("load what is not there: %ld\n", RegLoadKeyW(HKEY_USERS, L"PlumeOther", L"nothing.hiv"));
    error = RegOpenKeyExW(HKEY_USERS, L"PlumeLoaded", 0, KEY_ALL_ACCESS, &loaded);
    printf("open: %ld\n", error);
    if (!error)
        dump(loaded, 1);
    printf("unload while it is open: %ld\n", RegUnLoadKeyW(HKEY_USERS, L"PlumeLoaded"));
    RegCloseKey(loaded);
    printf("unload: %ld\n", RegUnLoadKeyW(HKEY_USERS, L"PlumeLoaded"));
    error = RegOpenKeyExW(HKEY_USERS, L"PlumeLoaded", 0, KEY_READ, &loaded);
    printf("open: %ld\n", error);
    printf("unload again: %ld\n", RegUnLoadKeyW(HKEY_USERS, L"PlumeLoaded"));
    HANDLE file = CreateFileW(L"plume.hiv", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    say("restore", NtRestoreKey(key, file, 0));
    CloseHandle(file);
    dump(key, 1);
    close_key(key);
    DeleteFileW(L"plume.hiv");
}

static void work_on_transactions(void)
{
    HANDLE key = NULL;
    ULONG disposition = 0;
    UNICODE_STRING text = counted(L"hive"), absent = counted(L"in a transaction");
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = base,
                                    .ObjectName = &text,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    puts("== transactions");
    say("open to read", NtOpenKeyTransacted(&key, KEY_READ, &attributes, NULL));
    say("open", NtOpenKeyTransacted(&key, KEY_ALL_ACCESS, &attributes, NULL));
    say("open ex", NtOpenKeyTransactedEx(&key, KEY_ALL_ACCESS, &attributes, 0, NULL));
    say("create what is there",
        NtCreateKeyTransacted(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL, &disposition));
    attributes.ObjectName = &absent;
    say("create",
        NtCreateKeyTransacted(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL, &disposition));
    say("open what is not there", NtOpenKeyTransacted(&key, KEY_READ, &attributes, NULL));
}

static void query(const char *what, HANDLE key, UNICODE_STRING *name)
{
    static uint8_t buffer[3 << 20];
    const struct nt_key_value_partial_information *info = (void *)buffer;
    ULONG len = 0;
    NTSTATUS status =
        NtQueryValueKey(key, name, NT_KEY_VALUE_PARTIAL_INFORMATION, buffer, sizeof buffer, &len);
    if (status)
        say(what, status);
    else
        printf("%s: type %lu size %lu len %lu\n", what, info->type, info->data_length, len);
}

static void work_on_sizes(void)
{
    static const ULONG sizes[] = {0, 1, 3, 4095, 4096, 4097, 16344, 16345, 65536, 1 << 20, 2 << 20};
    HANDLE key, child;
    wchar_t *name = calloc(33000, sizeof *name);
    uint8_t *data = calloc(1, 2 << 20);
    ULONG len;
    puts("== sizes");
    say("open", open_key(base, L"values", KEY_ALL_ACCESS, &key));
    UNICODE_STRING text = counted(L"host");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        printf("size %lu", sizes[i]);
        say("", NtSetValueKey(key, &text, 0, REG_BINARY, data, sizes[i]));
        query("  it is", key, &text);
    }
    for (size_t i = 16380; i < 16386; i++) {
        wmemset(name, L'n', i);
        UNICODE_STRING big = {(USHORT)(i * 2), (USHORT)(i * 2), name};
        printf("name of %u", (unsigned)i);
        say("", NtSetValueKey(key, &big, 0, REG_SZ, data, 4));
        query("  it is", key, &big);
        say("  deleted", NtDeleteValueKey(key, &big));
        query("  it is", key, &big);
    }
    UNICODE_STRING nul = {6, 6, (wchar_t *)L"a\0b"}, tail = {2, 2, (wchar_t *)L"a"};
    say("with a NUL in its name", NtSetValueKey(key, &nul, 0, REG_DWORD, data, 4));
    query("it", key, &nul);
    query("without the rest", key, &tail);
    say("odd length",
        NtSetValueKey(key, &(UNICODE_STRING){3, 3, (wchar_t *)L"ab"}, 0, REG_SZ, data, 5));
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = key,
                                    .ObjectName = &nul,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    say("a key with a NUL", NtCreateKey(&child, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL));
    say("delete it", NtDeleteKey(child));
    close_key(child);
    static const wchar_t *const odd[] = {L"with/slash", L" blank ", L".",     L"..",
                                         L"*?<>|",      L"\x0001",  L"\xd800"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        say("odd name", create_key(key, odd[i], 0, NULL, &child));
        close_key(child);
        say("  found", open_key(key, odd[i], KEY_ALL_ACCESS, &child));
        say("  deleted", child ? NtDeleteKey(child) : -1);
        close_key(child);
    }
    for (size_t i = 254; i < 259; i++) {
        wmemset(name, L'k', i);
        name[i] = 0;
        printf("key name of %u", (unsigned)i);
        say("", create_key(key, name, 0, NULL, &child));
        if (child)
            NtDeleteKey(child);
        close_key(child);
    }
    // As deep as keys go.
    HANDLE at = key;
    unsigned depth = 0;
    NTSTATUS status;
    for (; depth < 520; depth++) {
        status = create_key(at, L"d", 0, NULL, &child);
        if (status)
            break;
        if (at != key)
            close_key(at);
        at = child;
    }
    printf("depth %u\n", depth);
    if (at != key)
        close_key(at);
    for (unsigned i = depth; i; i--) { // from below
        wcscpy(name, L"d");
        for (unsigned j = 1; j < i; j++)
            wcscat(name, L"\\d");
        if (open_key(key, name, DELETE, &child) || NtDeleteKey(child)) {
            printf("not deleted: %u\n", i);
            break;
        }
        close_key(child);
    }
    struct nt_key_full_information full;
    say("information", NtQueryKey(key, NT_KEY_FULL_INFORMATION, &full, sizeof full, &len));
    printf("keys %lu values %lu longest %lu largest %lu\n", full.sub_keys, full.values,
           full.max_value_name_length, full.max_value_data_length);
    for (ULONG class = 5; class < 11; class ++) {
        uint8_t buffer[64];
        printf("class %lu", class);
        say("", NtQueryKey(key, class, buffer, sizeof buffer, &len));
    }
    free(name);
    free(data);
    close_key(key);
}

static void work_on_multiple(void)
{
    HANDLE key;
    UNICODE_STRING host = counted(L"host"), other = counted(L"other"), none = counted(L"none");
    KEY_VALUE_ENTRY entries[2] = {{.ValueName = &host}, {.ValueName = &other}};
    uint8_t buffer[100];
    ULONG length = sizeof buffer, needed = 0;
    puts("== several values");
    say("open", open_key(base, L"second", KEY_ALL_ACCESS, &key));
    say("both", NtQueryMultipleValueKey(key, entries, 2, buffer, &length, &needed));
    say("set", set(key, L"host", L"changed"));
    say("both", NtQueryMultipleValueKey(key, entries, 2, buffer, &length, &needed));
    length = 4;
    say("no room", NtQueryMultipleValueKey(key, entries, 2, buffer, &length, &needed));
    entries[1].ValueName = &none;
    length = sizeof buffer;
    say("one is not there", NtQueryMultipleValueKey(key, entries, 2, buffer, &length, &needed));
    say("delete what is not there", NtDeleteValueKey(key, &none));
    say("flush", NtFlushKey(key));
    say("flush nothing", NtFlushKey((HANDLE)(LONG_PTR)0x7ff0));
    close_key(key);
}

static unsigned apcs;

static void NTAPI on_apc(void *context, IO_STATUS_BLOCK *io, ULONG reserved)
{
    (void)reserved;
    printf("apc %u: context %s, status %08lx\n", ++apcs, context == &apcs ? "right" : "wrong",
           (unsigned long)io->Status);
}

/* Windows calls the APC once for each watch that is set; Wine 8 tells by the event alone. */
static void work_on_apcs(HANDLE watched, HANDLE writer, HANDLE event)
{
    static const WCHAR *const changes[] = {L"first", L"second", L"third"};
    static LARGE_INTEGER now;
    IO_STATUS_BLOCK io;
    puts("== watches with an APC");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        say("watch", NtNotifyChangeKey(watched, event, on_apc, &apcs, &io,
                                       REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE));
        set(writer, L"other", changes[i]);
        say("told", NtWaitForSingleObject(event, FALSE, &now));
        NtDelayExecution(TRUE, &now);
    }
    say("no event", NtNotifyChangeKey(watched, (HANDLE)(LONG_PTR)0x7ff0, on_apc, &apcs, &io,
                                      REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE));
    NtDelayExecution(TRUE, &now);
}

static void work_on_watches(void)
{
    static LARGE_INTEGER now;
    HANDLE watched, writer, event, below;
    IO_STATUS_BLOCK io;
    UNICODE_STRING second_name = counted(L"second");
    OBJECT_ATTRIBUTES second = {.Length = sizeof second,
                                .RootDirectory = base,
                                .ObjectName = &second_name,
                                .Attributes = OBJ_CASE_INSENSITIVE};
    puts("== watches");
    NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    open_key(base, L"watched", KEY_READ, &watched);
    open_key(base, L"watched", KEY_ALL_ACCESS, &writer);
    say("watch with none",
        NtNotifyChangeMultipleKeys(watched, 0, NULL, event, NULL, NULL, &io,
                                   REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE));
    say("nothing yet", NtWaitForSingleObject(event, FALSE, &now));
    set(writer, L"other", L"changed");
    say("told", NtWaitForSingleObject(event, FALSE, &now));
    say("watch two", NtNotifyChangeMultipleKeys(watched, 1, &second, event, NULL, NULL, &io,
                                                REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE));
    set(writer, L"other", L"changed again");
    say("told", NtWaitForSingleObject(event, FALSE, &now));
    say("watch below", NtNotifyChangeKey(watched, event, NULL, NULL, &io,
                                         REG_NOTIFY_CHANGE_LAST_SET, TRUE, NULL, 0, TRUE));
    open_key(base, L"watched\\below", KEY_ALL_ACCESS, &below);
    say("nothing yet", NtWaitForSingleObject(event, FALSE, &now));
    say("no event", NtNotifyChangeKey(watched, (HANDLE)(LONG_PTR)0x7ff0, NULL, NULL, &io,
                                      REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE));
    close_key(below);
    work_on_apcs(watched, writer, event);
    close_key(writer);
    close_key(watched);
    NtClose(event);
}

/* A value keeps the spelling that it was made with, also when its key is renamed after. */
static void work_on_spelling(void)
{
    UNICODE_STRING name = counted(L"respelled");
    HANDLE key;
    puts("== spelling");
    say("open", open_key(base, L"spelled", KEY_ALL_ACCESS, &key));
    set(key, L"HOST", L"changed");
    set(key, L"oTHER", L"of the host");
    set(key, L"FIRST_one", L"changed");
    set(key, L"FIRSTONE", L"changed");
    set(key, L"zuletzt", L"changed");
    set(key, L"", L"changed");
    set(key, L"New", L"added");
    set(key, L"nEW", L"changed");
    dump(key, 1);
    say("rename", NtRenameKey(key, &name));
    dump(key, 1);
    close_key(key);
}

static void work(void)
{
    work_on_security();
    work_on_hives();
    work_on_transactions();
    work_on_sizes();
    work_on_multiple();
    work_on_watches();
    work_on_spelling();
    puts("== end");
    dump(base, 1);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    HANDLE user;
    if (RtlOpenCurrentUser(KEY_ALL_ACCESS, &user)) {
        puts("there are no keys of the user");
        return 1;
    }
    base = make(user, base_name);
    if (!*what || !strcmp(what, "setup"))
        setup();
    if (!*what || !strcmp(what, "work"))
        work();
    if (!*what || !strcmp(what, "cleanup"))
        remove_tree(user, base_name);
    close_key(base);
    close_key(user);
    return 0;
}
