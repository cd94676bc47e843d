// The registry as programs use it: Win32 calls, HKEY_CLASSES_ROOT, 32-bit views, handles that are
// copied and inherited, several threads. Makes its keys and removes them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static const wchar_t top[] = L"Software\\PlumeWin32Test";

// Newer than NT 5.2.
static LONG(WINAPI *copy_tree)(HKEY, const wchar_t *, HKEY);
static LONG(WINAPI *delete_tree)(HKEY, const wchar_t *);
static LONG(WINAPI *delete_key_ex)(HKEY, const wchar_t *, REGSAM, DWORD);

static void say(const char *what, LONG error)
{
    printf("%s: %ld\n", what, error);
    fflush(stdout);
}

static HKEY make(HKEY root, const wchar_t *name, REGSAM access)
{
    HKEY key = NULL;
    LONG error = RegCreateKeyExW(root, name, 0, NULL, 0, KEY_ALL_ACCESS | access, NULL, &key, NULL);
    if (error)
        printf("make %ls: %ld\n", name, error);
    return key;
}

static void set_text(HKEY key, const wchar_t *name, const wchar_t *text)
{
    LONG error = RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof *text));
    if (error)
        say("set", error);
}

static void get_text(const char *what, HKEY root, const wchar_t *path, const wchar_t *name,
                     REGSAM access)
{
    wchar_t text[100] = L"";
    DWORD size = sizeof text, type = 0;
    HKEY key = NULL;
    LONG error = RegOpenKeyExW(root, path, 0, KEY_READ | access, &key);
    if (!error)
        error = RegQueryValueExW(key, name, NULL, &type, (BYTE *)text, &size);
    printf("%s: %ld '%ls'\n", what, error, text);
    fflush(stdout);
    if (key)
        RegCloseKey(key);
}

static void list(const char *what, HKEY key)
{
    DWORD keys = 0, values = 0;
    printf("%s:", what);
    LONG error =
        RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    printf(" (%ld) %lu keys %lu values:", error, keys, values);
    for (DWORD i = 0;; i++) {
        wchar_t name[256], class_name[100];
        DWORD len = 256, class_len = 100;
        error = RegEnumKeyExW(key, i, name, &len, NULL, class_name, &class_len, NULL);
        if (error)
            break;
        printf(" %ls", name);
    }
    printf(" (%ld);", error);
    for (DWORD i = 0;; i++) {
        wchar_t name[256];
        DWORD len = 256, type, size = 0;
        error = RegEnumValueW(key, i, name, &len, NULL, &type, NULL, &size);
        if (error)
            break;
        printf(" %ls/%lu/%lu", name, type, size);
    }
    printf(" (%ld)\n", error);
    fflush(stdout);
}

static void work_on_trees(void)
{
    HKEY key = make(HKEY_CURRENT_USER, top, 0), deep = make(key, L"a\\b\\c\\d", 0), copy;
    puts("== trees");
    set_text(deep, L"leaf", L"value");
    RegCloseKey(deep);
    for (int i = 0; i < 12; i++) {
        wchar_t name[30];
        swprintf(name, 30, L"a\\many\\%d", i);
        deep = make(key, name, 0);
        set_text(deep, name, name);
        RegCloseKey(deep);
    }
    copy = make(key, L"copy", 0);
    say("copy", copy_tree(key, L"a", copy));
    list("copy", copy);
    get_text("copied", copy, L"b\\c\\d", L"leaf", 0);
    say("delete a key with keys", RegDeleteKeyW(key, L"copy"));
    RegCloseKey(copy);
    say("delete tree", delete_tree(key, L"copy"));
    list("without the copy", key);
    say("delete what is not there", RegDeleteKeyW(key, L"copy"));
    RegCloseKey(key);
}

static void work_on_values(void)
{
    HKEY key = make(HKEY_CURRENT_USER, top, 0);
    DWORD number = 77, size = sizeof number, type = 0;
    VALENTW values[2] = {{.ve_valuename = (wchar_t *)L"text"},
                         {.ve_valuename = (wchar_t *)L"number"}};
    uint8_t buffer[200];
    puts("== values");
    set_text(key, L"text", L"some text");
    say("set a number",
        RegSetValueExW(key, L"number", 0, REG_DWORD, (BYTE *)&number, sizeof number));
    number = 0;
    say("get it", RegQueryValueExW(key, L"number", NULL, &type, (BYTE *)&number, &size));
    printf("number %lu type %lu size %lu\n", number, type, size);
    size = sizeof buffer;
    say("get several", RegQueryMultipleValuesW(key, values, 2, (wchar_t *)buffer, &size));
    printf("size %lu types %lu %lu lengths %lu %lu\n", size, values[0].ve_type, values[1].ve_type,
           values[0].ve_valuelen, values[1].ve_valuelen);
    size = 2;
    say("with too little room", RegQueryValueExW(key, L"number", NULL, &type, buffer, &size));
    printf("size %lu\n", size);
    list("listing", key);
    say("delete", RegDeleteValueW(key, L"number"));
    say("delete again", RegDeleteValueW(key, L"number"));
    RegCloseKey(key);
}

/* A class whose key is made together with the one above it, so that the classes are come to step by
 * step: one tree for both bitnesses. */
static void work_on_deep_class(void)
{
    static const wchar_t machine[] = L"Software\\Classes\\Plume.Test\\CLSID";
    HKEY key = make(HKEY_LOCAL_MACHINE, machine, 0);
    set_text(key, L"", L"deep");
    RegCloseKey(key);
    get_text("deep", HKEY_CLASSES_ROOT, L"Plume.Test\\CLSID", L"", 0);
    get_text("deep, the machine's", HKEY_LOCAL_MACHINE, machine, L"", 0);
    get_text("deep, 64-bit side", HKEY_LOCAL_MACHINE, machine, L"", KEY_WOW64_64KEY);
    get_text("deep, 32-bit side", HKEY_LOCAL_MACHINE, machine, L"", KEY_WOW64_32KEY);
    get_text("deep, by the link", HKEY_LOCAL_MACHINE,
             L"Software\\Wow6432Node\\Classes\\Plume.Test\\CLSID", L"", 0);
    get_text("deep, by its target", HKEY_LOCAL_MACHINE,
             L"Software\\Classes\\Wow6432Node\\Plume.Test\\CLSID", L"", 0);
    say("delete", RegDeleteKeyW(HKEY_CLASSES_ROOT, L"Plume.Test\\CLSID"));
    say("delete", RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\Classes\\Plume.Test"));
    get_text("deep", HKEY_CLASSES_ROOT, L"Plume.Test\\CLSID", L"", 0);
}

static void work_on_views(void)
{
    puts("== 32-bit view, classes");
    HKEY key = make(HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", KEY_WOW64_32KEY);
    set_text(key, L"side", L"32");
    RegCloseKey(key);
    get_text("64-bit side", HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", L"side",
             KEY_WOW64_64KEY);
    get_text("32-bit side", HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", L"side",
             KEY_WOW64_32KEY);
    get_text("by its name", HKEY_LOCAL_MACHINE, L"Software\\Wow6432Node\\PlumeWin32Test", L"side",
             KEY_WOW64_64KEY);
    key = make(HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", KEY_WOW64_64KEY);
    set_text(key, L"side", L"64");
    RegCloseKey(key);
    get_text("64-bit side", HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", L"side",
             KEY_WOW64_64KEY);
    get_text("32-bit side", HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", L"side",
             KEY_WOW64_32KEY);
    say("delete 64",
        delete_key_ex(HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", KEY_WOW64_64KEY, 0));
    say("delete 32",
        delete_key_ex(HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", KEY_WOW64_32KEY, 0));
    get_text("32-bit side", HKEY_LOCAL_MACHINE, L"Software\\PlumeWin32Test", L"side",
             KEY_WOW64_32KEY);

    key = make(HKEY_LOCAL_MACHINE, L"Software\\Classes\\.plumetest", 0);
    set_text(key, L"", L"plumefile");
    RegCloseKey(key);
    get_text("as a class", HKEY_CLASSES_ROOT, L".plumetest", L"", 0);
    say("delete", RegDeleteKeyW(HKEY_CLASSES_ROOT, L".plumetest"));
    get_text("as a class", HKEY_CLASSES_ROOT, L".plumetest", L"", 0);
    key = make(HKEY_LOCAL_MACHINE, L"Software\\Classes\\Wow6432Node\\CLSID\\{plume}", 0);
    set_text(key, L"", L"by the target");
    RegCloseKey(key);
    get_text("by the link", HKEY_LOCAL_MACHINE, L"Software\\Wow6432Node\\Classes\\CLSID\\{plume}",
             L"", 0);
    key = make(HKEY_LOCAL_MACHINE, L"Software\\Wow6432Node\\Classes\\CLSID\\{plume2}", 0);
    set_text(key, L"", L"by the link");
    RegCloseKey(key);
    get_text("by the target", HKEY_LOCAL_MACHINE,
             L"Software\\Classes\\Wow6432Node\\CLSID\\{plume2}", L"", 0);
    say("delete",
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\Wow6432Node\\Classes\\CLSID\\{plume}"));
    say("delete",
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\Wow6432Node\\Classes\\CLSID\\{plume2}"));

    key = make(HKEY_LOCAL_MACHINE,
               L"System\\CurrentControlSet\\Services\\PlumeWin32Test\\Parameters", 0);
    set_text(key, L"p", L"service");
    RegCloseKey(key);
    get_text("a service's", HKEY_LOCAL_MACHINE,
             L"SYSTEM\\CURRENTCONTROLSET\\services\\PlumeWin32Test\\Parameters", L"p", 0);
    say("delete",
        delete_tree(HKEY_LOCAL_MACHINE, L"System\\CurrentControlSet\\Services\\PlumeWin32Test"));
}

static void work_on_handles(void)
{
    HKEY key = make(HKEY_CURRENT_USER, top, 0), reading = NULL;
    HANDLE copy = NULL, weak = NULL;
    puts("== handles");
    say("duplicate", !DuplicateHandle(GetCurrentProcess(), key, GetCurrentProcess(), &copy, 0, TRUE,
                                      DUPLICATE_SAME_ACCESS));
    say("duplicate for reading",
        !DuplicateHandle(GetCurrentProcess(), key, GetCurrentProcess(), &weak, KEY_READ, FALSE, 0));
    RegCloseKey(key);
    set_text(copy, L"through a copy", L"yes");
    get_text("through a copy", copy, NULL, L"through a copy", 0);
    say("through the weak one", RegSetValueExW(weak, L"x", 0, REG_SZ, (const BYTE *)L"", 2));
    say("open for reading", RegOpenKeyExW(HKEY_CURRENT_USER, top, 0, KEY_READ, &reading));

    wchar_t line[600], self[400];
    GetModuleFileNameW(NULL, self, 400);
    swprintf(line, 600, L"\"%ls\" child %llu", self, (unsigned long long)(ULONG_PTR)copy);
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    if (CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        WaitForSingleObject(process.hProcess, INFINITE);
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
    get_text("what the child set", reading, NULL, L"by the child", 0);
    say("flush", RegFlushKey(copy));
    RegCloseKey(copy);
    RegCloseKey(weak);
    RegCloseKey(reading);
}

static void child(HKEY key)
{
    get_text("inherited", key, NULL, L"through a copy", 0);
    set_text(key, L"by the child", L"inherited handle");
    HKEY below = make(key, L"child", 0);
    set_text(below, L"x", L"y");
    RegCloseKey(below);
    list("in the child", key);
}

enum { THREADS = 4, ROUNDS = 100 };
static volatile LONG failures;

static DWORD WINAPI run(void *argument)
{
    int number = (int)(INT_PTR)argument;
    for (int i = 0; i < ROUNDS; i++) {
        wchar_t name[40];
        HKEY key, common;
        DWORD got = 0, size = sizeof got, set = (DWORD)(number * 1000 + i), keys;
        swprintf(name, 40, L"%ls\\threads\\%d", top, number);
        LONG error =
            RegCreateKeyExW(HKEY_CURRENT_USER, name, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
        if (!error)
            error = RegSetValueExW(key, L"v", 0, REG_DWORD, (BYTE *)&set, sizeof set);
        if (!error)
            error = RegQueryValueExW(key, L"v", NULL, NULL, (BYTE *)&got, &size);
        if (error || got != set)
            InterlockedIncrement(&failures);
        swprintf(name, 40, L"%ls\\threads", top);
        error = RegOpenKeyExW(HKEY_CURRENT_USER, name, 0, KEY_READ, &common);
        if (!error)
            error = RegQueryInfoKeyW(common, NULL, NULL, NULL, &keys, NULL, NULL, NULL, NULL, NULL,
                                     NULL, NULL);
        if (error)
            InterlockedIncrement(&failures);
        RegCloseKey(common);
        error = RegDeleteKeyW(key, L"");
        if (error)
            InterlockedIncrement(&failures);
        RegCloseKey(key);
    }
    return 0;
}

static void work_in_threads(void)
{
    HANDLE threads[THREADS];
    HKEY key;
    puts("== threads");
    wchar_t name[60];
    swprintf(name, 60, L"%ls\\threads", top);
    key = make(HKEY_CURRENT_USER, name, 0);
    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, run, (void *)(INT_PTR)i, 0, NULL);
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    say("failures", failures);
    list("after them", key);
    RegCloseKey(key);
}

static void work_on_watching(void)
{
    HKEY key = make(HKEY_CURRENT_USER, top, 0);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    puts("== watching");
    say("watch", RegNotifyChangeKeyValue(key, FALSE, REG_NOTIFY_CHANGE_LAST_SET, event, TRUE));
    printf("nothing yet: %lu\n", WaitForSingleObject(event, 0));
    set_text(key, L"watched", L"x");
    printf("set: %lu\n", WaitForSingleObject(event, 5000));
    RegCloseKey(key);
    CloseHandle(event);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "child")) {
        child((HKEY)(ULONG_PTR)strtoull(argv[2], NULL, 10));
        return 0;
    }
    HMODULE advapi32 = GetModuleHandleW(L"advapi32.dll");
    copy_tree = (void *)GetProcAddress(advapi32, "RegCopyTreeW");
    delete_tree = (void *)GetProcAddress(advapi32, "RegDeleteTreeW");
    delete_key_ex = (void *)GetProcAddress(advapi32, "RegDeleteKeyExW");
    if (!copy_tree || !delete_tree || !delete_key_ex) {
        puts("this Windows is too old for the test");
        return 0;
    }
    delete_tree(HKEY_CURRENT_USER, top);
    work_on_trees();
    work_on_values();
    work_on_views();
    work_on_deep_class();
    work_on_handles();
    work_in_threads();
    work_on_watching();
    say("remove", delete_tree(HKEY_CURRENT_USER, top));
    get_text("removed", HKEY_CURRENT_USER, top, L"text", 0);
    return 0;
}
