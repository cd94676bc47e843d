// Volatile keys: made, found, written, deleted, and what may lie below them.
//
//   reg_volatile         all of it; leaves nothing
//   reg_volatile make    makes one and a lasting one beside it
//   reg_volatile look    which of the two are there
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static const wchar_t top[] = L"Software\\PlumeVolatile";

static HKEY make(const char *what, HKEY root, const wchar_t *name, DWORD options)
{
    HKEY key = NULL;
    DWORD disposition = 0;
    LONG error =
        RegCreateKeyExW(root, name, 0, NULL, options, KEY_ALL_ACCESS, NULL, &key, &disposition);
    printf("%s: %ld %lu\n", what, error, disposition);
    fflush(stdout);
    return error ? NULL : key;
}

static void show(const char *what, HKEY key)
{
    DWORD keys = 0, values = 0, longest = 0;
    LONG error = RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, &longest, NULL,
                                  NULL, NULL);
    printf("%s: %ld, %lu keys, %lu values, longest %lu;", what, error, keys, values, longest);
    wchar_t name[100];
    for (DWORD i = 0, len = 100; !RegEnumValueW(key, i, name, &len, NULL, NULL, NULL, NULL);
         i++, len = 100)
        printf(" %ls", name);
    printf("\n");
    fflush(stdout);
}

static void say(const char *what, LONG error)
{
    printf("%s: %ld\n", what, error);
    fflush(stdout);
}

static void work(void)
{
    HKEY key = make("lasting", HKEY_CURRENT_USER, top, 0);
    HKEY some = make("volatile", key, L"v", REG_OPTION_VOLATILE);
    show("empty", some);
    say("set", RegSetValueExW(some, L"value", 0, REG_SZ, (const BYTE *)L"x", 4));
    show("set", some);
    HKEY below = make("lasting below volatile", some, L"l", 0);
    HKEY deep = make("lasting far below volatile", key, L"v\\l\\l", 0);
    HKEY again = make("there already, as a lasting one", key, L"v", 0);
    HKEY two = make("volatile below", some, L"below\\deep", REG_OPTION_VOLATILE);
    HKEY third = make("lasting below that", key, L"v\\below\\l", 0);
    HKEY other =
        make("there already, as a volatile one", HKEY_CURRENT_USER, top, REG_OPTION_VOLATILE);
    show("with keys", some);
    show("above", key);
    say("delete with keys", RegDeleteKeyW(key, L"v"));
    say("delete", RegDeleteKeyW(key, L"v\\below\\deep"));
    say("delete", RegDeleteKeyW(key, L"v\\below"));
    say("delete", RegDeleteKeyW(key, L"v"));
    HKEY now = make("the same as a lasting one", key, L"v", 0);
    HKEY child = make("and lasting below it", now, L"l", 0);
    say("delete", RegDeleteKeyW(now, L"l"));
    say("delete", RegDeleteKeyW(key, L"v"));

    // What the host has of volatile keys.
    HKEY hardware = make("lasting below the hardware", HKEY_LOCAL_MACHINE,
                         L"HARDWARE\\DESCRIPTION\\System\\plume", 0);
    HKEY extra = make("volatile below the hardware", HKEY_LOCAL_MACHINE,
                      L"HARDWARE\\DESCRIPTION\\System\\plume", REG_OPTION_VOLATILE);
    HKEY more = make("lasting below that", extra, L"l", 0);
    say("delete", RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"HARDWARE\\DESCRIPTION\\System\\plume"));
    HKEY user = make("lasting below the user's volatile", HKEY_CURRENT_USER,
                     L"Volatile Environment\\plume", REG_OPTION_VOLATILE);
    say("delete", RegDeleteKeyW(HKEY_CURRENT_USER, L"Volatile Environment\\plume"));

    HKEY all[] = {some, below, deep,     again, two,  third, other,
                  now,  child, hardware, extra, more, user,  key};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            RegCloseKey(all[i]);
    say("remove", RegDeleteKeyW(HKEY_CURRENT_USER, top));
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    HKEY key;
    if (!strcmp(what, "make")) {
        key = make("lasting", HKEY_CURRENT_USER, L"Software\\PlumeLasting", 0);
        make("below", key, L"a\\b", REG_OPTION_VOLATILE);
        make("hardware", HKEY_LOCAL_MACHINE, L"HARDWARE\\plume", REG_OPTION_VOLATILE);
    } else if (!strcmp(what, "look")) {
        static const wchar_t *const names[] = {L"Software\\PlumeLasting",
                                               L"Software\\PlumeLasting\\a",
                                               L"Software\\PlumeLasting\\a\\b"};
        for (int i = 0; i < 3; i++)
            say("look", RegOpenKeyExW(HKEY_CURRENT_USER, names[i], 0, KEY_READ, &key));
        say("hardware", RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"HARDWARE\\plume", 0, KEY_READ, &key));
    } else {
        work();
    }
    return 0;
}
