// GetServiceDisplayName and GetServiceKeyName with buffers of all sizes.
#include "calls.h"

static void wide(const wchar_t *of, DWORD size, bool key)
{
    wchar_t text[300] = L"ABC";
    DWORD len = size;
    TRY(key ? GetServiceKeyNameW(manager, of, size == 999 ? NULL : text, &len)
            : GetServiceDisplayNameW(manager, of, size == 999 ? NULL : text, &len),
        "%s of %ls, %lu", key ? "key name" : "display name", of, size);
    tell("names: it is %ls, %lu", text, len);
}

static void ansi(const char *of, DWORD size, bool key)
{
    char text[300] = "ABC";
    DWORD len = size;
    TRY(key ? GetServiceKeyNameA(manager, of, size == 999 ? NULL : text, &len)
            : GetServiceDisplayNameA(manager, of, size == 999 ? NULL : text, &len),
        "%s of %s, ANSI, %lu", key ? "key name" : "display name", of, size);
    tell("ANSI names: it is %s, %lu", text, len);
}

void all_names(void)
{
    SC_HANDLE service = make_service(name, L"service", NULL);
    static const DWORD sizes[] = {999, 0, 1, 2, 3, 10, 11, 12, 13, 21, 22, 23, 300};
    for (int key = 0; key < 2; key++) {
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            wide(key ? L"Shown GuestC" : name, sizes[i], key);
            ansi(key ? "Shown GuestC" : "PlumeGuestC", sizes[i], key);
            wide(L"PlumeNoSuchName", sizes[i], key);
            ansi("PlumeNoSuchName", sizes[i], key);
        }
        wide(L"", 300, key);
        wide(L"a/b", 300, key);
    }
    DWORD len = 10;
    wchar_t text[10];
    TRY(GetServiceDisplayNameW(manager, NULL, text, &len), "display name of no name");
    TRY(GetServiceKeyNameW(manager, NULL, text, &len), "key name of no name");
    remove_service(service);
}
