// The registry by the calls that programs make of advapi32 and shlwapi: predefined keys, trees,
// typed reading, watching. Makes its keys itself and removes them.
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static const wchar_t base_name[] = L"Software\\PlumeApi";
static HKEY base;

static void say(const char *what, LSTATUS status)
{
    printf("%s: %ld\n", what, (long)status);
    fflush(stdout);
}

/* A function that not every system has; NULL, and a line, where it is not there. */
static FARPROC find(const wchar_t *dll, const char *name)
{
    HMODULE module = LoadLibraryW(dll);
    FARPROC found = module ? GetProcAddress(module, name) : NULL;
    if (!found)
        printf("%s: is not there\n", name);
    return found;
}
#define FIND(name, dll, result, arguments)                                                         \
    result(WINAPI *name) arguments = (result(WINAPI *) arguments)(void *)find(dll, #name)

static void put_text(const wchar_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        putchar(text[i] >= ' ' && text[i] < 127 ? (char)text[i] : '?');
}

static LSTATUS set(HKEY key, const wchar_t *name, const wchar_t *text)
{
    return RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                          (DWORD)((wcslen(text) + 1) * sizeof *text));
}

static HKEY make(HKEY above, const wchar_t *name)
{
    HKEY key = NULL;
    LSTATUS status = RegCreateKeyExW(above, name, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
    if (status)
        say("make", status);
    return key;
}

/* What is in a key, with all below it. */
static void show(HKEY key, int depth)
{
    wchar_t name[300];
    BYTE data[500];
    DWORD len, size, type;
    for (DWORD i = 0; len = 300, size = sizeof data,
               !RegEnumValueW(key, i, name, &len, NULL, &type, data, &size);
         i++) {
        printf("%*s- ", depth * 2, "");
        put_text(name, len);
        printf(" type %lu size %lu ", type, size);
        if (type == REG_SZ || type == REG_EXPAND_SZ)
            put_text((wchar_t *)(void *)data, size / sizeof(wchar_t));
        putchar('\n');
    }
    for (DWORD i = 0; len = 300, !RegEnumKeyExW(key, i, name, &len, NULL, NULL, NULL, NULL); i++) {
        HKEY child;
        printf("%*s+ ", depth * 2, "");
        put_text(name, len);
        putchar('\n');
        if (RegOpenKeyExW(key, name, 0, KEY_READ, &child))
            continue;
        show(child, depth + 1);
        RegCloseKey(child);
    }
}

static void show_at(const char *what, HKEY above, const wchar_t *name)
{
    HKEY key;
    LSTATUS status = RegOpenKeyExW(above, name, 0, KEY_READ, &key);
    say(what, status);
    if (status)
        return;
    show(key, 1);
    RegCloseKey(key);
}

static void remove_tree(HKEY above, const wchar_t *name)
{
    HKEY key;
    wchar_t child[300];
    DWORD len;
    if (RegOpenKeyExW(above, name, 0, KEY_ALL_ACCESS, &key))
        return;
    while (len = 300, !RegEnumKeyExW(key, 0, child, &len, NULL, NULL, NULL, NULL))
        remove_tree(key, child);
    RegCloseKey(key);
    RegDeleteKeyW(above, name);
}

/* HKEY_CLASSES_ROOT is the machine's classes with the user's over them. */
static void classes(void)
{
    static const wchar_t name[] = L".plumeapi";
    HKEY key, machine = make(HKEY_LOCAL_MACHINE, L"Software\\Classes\\.plumeapi"),
              user = make(HKEY_CURRENT_USER, L"Software\\Classes\\.plumeapi");
    set(machine, L"both", L"machine");
    set(machine, L"machine", L"machine");
    set(user, L"both", L"user");
    set(user, L"user", L"user");
    RegCloseKey(make(machine, L"of machine"));
    RegCloseKey(make(user, L"of user"));
    show_at("classes", HKEY_CLASSES_ROOT, name);
    LSTATUS status = RegCreateKeyExW(HKEY_CLASSES_ROOT, L".plumeapi\\new", 0, NULL, 0,
                                     KEY_ALL_ACCESS, NULL, &key, NULL);
    say("new class", status);
    if (!status) {
        say("set in it", set(key, L"v", L"new"));
        RegCloseKey(key);
    }
    status = RegOpenKeyExW(HKEY_CLASSES_ROOT, name, 0, KEY_ALL_ACCESS, &key);
    say("open class", status);
    if (!status) {
        say("set there", set(key, L"written", L"through"));
        RegCloseKey(key);
    }
    show_at("the machine's", HKEY_LOCAL_MACHINE, L"Software\\Classes\\.plumeapi");
    show_at("the user's", HKEY_CURRENT_USER, L"Software\\Classes\\.plumeapi");
    FIND(RegOpenUserClassesRoot, L"advapi32.dll", LSTATUS, (HANDLE, DWORD, REGSAM, HKEY *));
    HANDLE token = NULL;
    if (RegOpenUserClassesRoot &&
        OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token)) {
        status = RegOpenUserClassesRoot(token, 0, KEY_READ, &key);
        say("RegOpenUserClassesRoot", status);
        if (!status) {
            show_at("in it", key, name);
            RegCloseKey(key);
        }
        CloseHandle(token);
    }
    RegCloseKey(machine);
    RegCloseKey(user);
    remove_tree(HKEY_CURRENT_USER, L"Software\\Classes\\.plumeapi");
    remove_tree(HKEY_LOCAL_MACHINE, L"Software\\Classes\\.plumeapi");
    show_at("classes removed", HKEY_CLASSES_ROOT, name);
}

static void predefined(void)
{
    static const struct {
        const char *name;
        HKEY key;
    } keys[] = {{"HKU", HKEY_USERS},
                {"HKCC", HKEY_CURRENT_CONFIG},
                {"HKLM", HKEY_LOCAL_MACHINE},
                {"HKCU", HKEY_CURRENT_USER},
                {"HKPD", HKEY_PERFORMANCE_DATA},
                {"HKPT", HKEY_PERFORMANCE_TEXT},
                {"HKPN", HKEY_PERFORMANCE_NLSTEXT},
                {"HKDD", HKEY_DYN_DATA}};
    static BYTE data[256];
    wchar_t name[300];
    DWORD count, len;
    HKEY key;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        printf("%s ", keys[i].name);
        say("info", RegQueryInfoKeyW(keys[i].key, NULL, NULL, NULL, &count, NULL, NULL, NULL, NULL,
                                     NULL, NULL, NULL));
        len = 300;
        say("first key", RegEnumKeyExW(keys[i].key, 0, name, &len, NULL, NULL, NULL, NULL));
        DWORD size = sizeof data, type = 0;
        say("counter", RegQueryValueExW(keys[i].key, L"Counter", NULL, &type, data, &size));
        say("open", RegOpenKeyExW(keys[i].key, NULL, 0, KEY_READ, &key));
    }
    key = make(HKEY_CURRENT_CONFIG, L"Software\\PlumeApi");
    say("set in HKCC", set(key, L"v", L"config"));
    RegCloseKey(key);
    show_at("HKCC by its other name", HKEY_LOCAL_MACHINE,
            L"System\\CurrentControlSet\\Hardware Profiles\\Current\\Software\\PlumeApi");
    remove_tree(HKEY_CURRENT_CONFIG, L"Software\\PlumeApi");
    key = make(HKEY_USERS, L".Default\\Software\\PlumeApi");
    say("set in .Default", set(key, L"v", L"default"));
    RegCloseKey(key);
    show_at(".Default", HKEY_USERS, L".DEFAULT\\Software\\plumeapi");
    remove_tree(HKEY_USERS, L".Default\\Software\\PlumeApi");
    say("no predefined key", RegOpenKeyExW((HKEY)(ULONG_PTR)0x80000123, L"x", 0, KEY_READ, &key));
}

static void override(void)
{
    FIND(RegOpenCurrentUser, L"advapi32.dll", LSTATUS, (REGSAM, HKEY *));
    FIND(RegDisablePredefinedCache, L"advapi32.dll", LSTATUS, (void));
    FIND(RegDisablePredefinedCacheEx, L"advapi32.dll", LSTATUS, (void));
    HKEY key = make(base, L"override"), other;
    RegCloseKey(make(key, L"below"));
    say("RegOverridePredefKey", RegOverridePredefKey(HKEY_CURRENT_USER, key));
    say("below it", RegOpenKeyExW(HKEY_CURRENT_USER, L"below", 0, KEY_READ, &other));
    say("set", set(HKEY_CURRENT_USER, L"overridden", L"yes"));
    other = make(HKEY_CURRENT_USER, L"made below");
    RegCloseKey(other);
    say("back", RegOverridePredefKey(HKEY_CURRENT_USER, NULL));
    show(key, 1);
    say("below it", RegOpenKeyExW(HKEY_CURRENT_USER, L"made below", 0, KEY_READ, &other));
    RegCloseKey(key);
    if (RegOpenCurrentUser) {
        say("RegOpenCurrentUser", RegOpenCurrentUser(KEY_READ, &key));
        show_at("in it", key, L"Software\\PlumeApi\\override");
        RegCloseKey(key);
    }
    if (RegDisablePredefinedCache)
        say("RegDisablePredefinedCache", RegDisablePredefinedCache());
    if (RegDisablePredefinedCacheEx)
        say("RegDisablePredefinedCacheEx", RegDisablePredefinedCacheEx());
    show_at("after it", HKEY_CURRENT_USER, L"Software\\PlumeApi\\override");
}

static void trees(void)
{
    FIND(RegDeleteTreeW, L"advapi32.dll", LSTATUS, (HKEY, const wchar_t *));
    FIND(RegCopyTreeW, L"advapi32.dll", LSTATUS, (HKEY, const wchar_t *, HKEY));
    FIND(RegRenameKey, L"advapi32.dll", LSTATUS, (HKEY, const wchar_t *, const wchar_t *));
    FIND(SHCopyKeyW, L"shlwapi.dll", DWORD, (HKEY, const wchar_t *, HKEY, DWORD));
    FIND(SHDeleteKeyW, L"shlwapi.dll", DWORD, (HKEY, const wchar_t *));
    FIND(SHDeleteEmptyKeyW, L"shlwapi.dll", DWORD, (HKEY, const wchar_t *));
    HKEY from = make(base, L"from"), to = make(base, L"to"), key = make(from, L"a\\b\\c");
    set(key, L"v", L"deep");
    set(from, NULL, L"default");
    RegCloseKey(key);
    if (RegCopyTreeW)
        say("RegCopyTree", RegCopyTreeW(base, L"from", to));
    show(to, 1);
    if (RegCopyTreeW)
        say("RegCopyTree of none", RegCopyTreeW(base, L"none", to));
    if (RegRenameKey) {
        say("RegRenameKey", RegRenameKey(to, L"a", L"A2"));
        say("RegRenameKey of none", RegRenameKey(to, L"none", L"x"));
        say("RegRenameKey with path", RegRenameKey(to, L"A2", L"x\\y"));
        show(to, 1);
    }
    if (RegDeleteTreeW) {
        say("RegDeleteTree below", RegDeleteTreeW(to, L"A2\\b"));
        say("RegDeleteTree of none", RegDeleteTreeW(to, L"none"));
        show(to, 1);
        say("RegDeleteTree in", RegDeleteTreeW(to, NULL));
        show_at("to", base, L"to");
    }
    if (SHCopyKeyW && SHDeleteKeyW && SHDeleteEmptyKeyW) {
        say("SHCopyKey", (LSTATUS)SHCopyKeyW(base, L"from", to, 0));
        show(to, 1);
        say("SHDeleteEmptyKey", (LSTATUS)SHDeleteEmptyKeyW(base, L"to"));
        say("SHDeleteKey", (LSTATUS)SHDeleteKeyW(base, L"to"));
        say("SHDeleteKey again", (LSTATUS)SHDeleteKeyW(base, L"to"));
        say("through its handle", set(to, L"x", L"y"));
    }
    RegCloseKey(from);
    RegCloseKey(to);
    show_at("base", base, NULL);
}

static void typed(void)
{
    FIND(RegGetValueW, L"advapi32.dll", LSTATUS,
         (HKEY, const wchar_t *, const wchar_t *, DWORD, DWORD *, void *, DWORD *));
    FIND(RegSetKeyValueW, L"advapi32.dll", LSTATUS,
         (HKEY, const wchar_t *, const wchar_t *, DWORD, const void *, DWORD));
    FIND(RegDeleteKeyValueW, L"advapi32.dll", LSTATUS, (HKEY, const wchar_t *, const wchar_t *));
    FIND(SHGetValueW, L"shlwapi.dll", DWORD,
         (HKEY, const wchar_t *, const wchar_t *, DWORD *, void *, DWORD *));
    FIND(SHSetValueW, L"shlwapi.dll", DWORD,
         (HKEY, const wchar_t *, const wchar_t *, DWORD, const void *, DWORD));
    FIND(SHDeleteValueW, L"shlwapi.dll", DWORD, (HKEY, const wchar_t *, const wchar_t *));
    static const wchar_t *const names[] = {L"sz",     L"expand", L"dword", L"qword",
                                           L"binary", L"multi",  L"none",  L"absent"};
    static const DWORD flags[] = {0xffff,     0x1,        0x2,     0x4,    0x8, 0x10,
                                  0x18,       0x20,       0x40,    0x48,   0x6, 0x1000ffff,
                                  0x2000ffff, 0x30000006, 0x10000, 0x1ffff};
    HKEY key = make(base, L"typed");
    DWORD number = 77;
    ULONGLONG large = 1234567890123;
    set(key, L"sz", L"text");
    RegSetValueExW(key, L"expand", 0, REG_EXPAND_SZ, (const BYTE *)L"%PLUMEAPI%x", 24);
    RegSetValueExW(key, L"dword", 0, REG_DWORD, (BYTE *)&number, sizeof number);
    RegSetValueExW(key, L"qword", 0, REG_QWORD, (BYTE *)&large, sizeof large);
    RegSetValueExW(key, L"binary", 0, REG_BINARY, (BYTE *)&large, 5);
    RegSetValueExW(key, L"multi", 0, REG_MULTI_SZ, (const BYTE *)L"a\0b\0", 10);
    RegSetValueExW(key, L"none", 0, REG_NONE, NULL, 0);
    SetEnvironmentVariableW(L"PLUMEAPI", L"expanded");
    for (size_t i = 0; RegGetValueW && i < sizeof names / sizeof *names; i++) {
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            BYTE data[64];
            DWORD size = sizeof data, type = 99;
            memset(data, 0xcc, sizeof data);
            LSTATUS status = RegGetValueW(base, L"typed", names[i], flags[j], &type, data, &size);
            printf("get %u %08lx: %ld", (unsigned)i, flags[j], (long)status);
            if (!status)
                printf(" type %lu size %lu %02x %02x", type, size, data[0], data[4]);
            putchar('\n');
        }
        DWORD size = 2;
        say("too small", RegGetValueW(base, L"typed", names[i], 0xffff, NULL, &number, &size));
        printf("needs %lu\n", size);
    }
    if (RegSetKeyValueW && RegDeleteKeyValueW) {
        say("RegSetKeyValue", RegSetKeyValueW(base, L"typed\\new", L"v", REG_DWORD, &number, 4));
        say("RegDeleteKeyValue", RegDeleteKeyValueW(base, L"typed", L"binary"));
        say("RegDeleteKeyValue again", RegDeleteKeyValueW(base, L"typed", L"binary"));
        say("RegDeleteKeyValue of none", RegDeleteKeyValueW(base, L"none", L"binary"));
    }
    if (SHGetValueW && SHSetValueW && SHDeleteValueW) {
        wchar_t text[20] = L"";
        DWORD size = sizeof text, type = 0;
        say("SHSetValue", (LSTATUS)SHSetValueW(base, L"typed\\sh", L"v", REG_SZ, L"sh", 6));
        say("SHGetValue", (LSTATUS)SHGetValueW(base, L"typed", L"expand", &type, text, &size));
        printf("type %lu size %lu\n", type, size);
        say("SHDeleteValue", (LSTATUS)SHDeleteValueW(base, L"typed", L"sz"));
    }
    VALENTW entries[2] = {{.ve_valuename = (wchar_t *)L"dword"},
                          {.ve_valuename = (wchar_t *)L"expand"}};
    BYTE buffer[100];
    DWORD size = sizeof buffer;
    say("RegQueryMultipleValues",
        RegQueryMultipleValuesW(key, entries, 2, (wchar_t *)(void *)buffer, &size));
    show(key, 1);
    RegCloseKey(key);
}

static void others(void)
{
    FIND(RegQueryReflectionKey, L"advapi32.dll", LSTATUS, (HKEY, BOOL *));
    FIND(RegLoadAppKeyW, L"advapi32.dll", LSTATUS, (const wchar_t *, HKEY *, REGSAM, DWORD, DWORD));
    HKEY key = make(base, L"others"), remote;
    BOOL reflected = 99;
    wchar_t computer[100] = L"\\\\";
    DWORD size = 90;
    if (RegQueryReflectionKey) {
        say("RegQueryReflectionKey", RegQueryReflectionKey(key, &reflected));
        printf("%d\n", reflected);
    }
    say("RegFlushKey", RegFlushKey(key));
    say("RegFlushKey of HKLM", RegFlushKey(HKEY_LOCAL_MACHINE));
    say("RegConnectRegistry", RegConnectRegistryW(NULL, HKEY_LOCAL_MACHINE, &remote));
    say("open there", RegOpenKeyExW(remote, L"Software", 0, KEY_READ, &remote));
    GetComputerNameW(computer + 2, &size);
    LSTATUS status = RegConnectRegistryW(computer, HKEY_LOCAL_MACHINE, &remote);
    say("RegConnectRegistry by name", status);
    say("RegConnectRegistry elsewhere",
        RegConnectRegistryW(L"\\\\plume-nowhere", HKEY_LOCAL_MACHINE, &remote));
    if (RegLoadAppKeyW)
        say("RegLoadAppKey of none", RegLoadAppKeyW(L"C:\\none\\none", &remote, KEY_READ, 0, 0));
    for (DWORD format = 0; format < 6; format++) {
        wchar_t file[MAX_PATH + 20];
        GetTempPathW(MAX_PATH, file);
        wcscat(file, L"plumeapi.hiv");
        DeleteFileW(file);
        printf("format %lu ", format);
        say("RegSaveKeyEx", RegSaveKeyExW(key, file, NULL, format));
        DeleteFileW(file);
    }
    RegCloseKey(key);
}

static void watch(const char *what, HKEY key, BOOL below, DWORD filter, const wchar_t *change)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    say(what, RegNotifyChangeKeyValue(key, below, filter, event, TRUE));
    printf("before %lu ", WaitForSingleObject(event, 0));
    RegCloseKey(make(key, change));
    printf("key made %lu ", WaitForSingleObject(event, 0));
    RegNotifyChangeKeyValue(key, below, filter, event, TRUE);
    set(key, L"changed", change);
    printf("value set %lu\n", WaitForSingleObject(event, 0));
    CloseHandle(event);
}

static void watching(void)
{
    HKEY key = make(base, L"watched");
    watch("names", key, FALSE, REG_NOTIFY_CHANGE_NAME, L"one");
    watch("values", key, FALSE, REG_NOTIFY_CHANGE_LAST_SET, L"two");
    watch("all", key, TRUE, REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET, L"three\\four");
    say("without event", RegNotifyChangeKeyValue(key, FALSE, REG_NOTIFY_CHANGE_NAME, NULL, TRUE));
    say("no filter", RegNotifyChangeKeyValue(key, FALSE, 0, (HANDLE)(ULONG_PTR)0x1234, TRUE));
    RegCloseKey(key);
    say("closed", RegNotifyChangeKeyValue(key, FALSE, REG_NOTIFY_CHANGE_NAME, NULL, FALSE));
}

/* Calls of which not every system has each, with what is wrong everywhere: none may do anything. */
static void whole(void)
{
    FIND(NtQueryOpenSubKeys, L"ntdll.dll", LONG, (void *, ULONG *));
    FIND(NtCompressKey, L"ntdll.dll", LONG, (HANDLE));
    FIND(NtCompactKeys, L"ntdll.dll", LONG, (ULONG, HANDLE *));
    ULONG count = 0;
    if (NtQueryOpenSubKeys)
        say("NtQueryOpenSubKeys of nothing", NtQueryOpenSubKeys(NULL, &count));
    // Whether the handle or the privilege is looked at first is the system's.
    if (NtCompressKey)
        say("differs: NtCompressKey of nothing", NtCompressKey(NULL));
    if (NtCompactKeys)
        say("differs: NtCompactKeys of nothing", NtCompactKeys(0, NULL));
}

int wmain(void);
int wmain(void)
{
    remove_tree(HKEY_CURRENT_USER, base_name);
    base = make(HKEY_CURRENT_USER, base_name);
    classes();
    predefined();
    override();
    trees();
    typed();
    others();
    watching();
    whole();
    RegCloseKey(base);
    remove_tree(HKEY_CURRENT_USER, base_name);
    show_at("removed", HKEY_CURRENT_USER, base_name);
    return 0;
}
