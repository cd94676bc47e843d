#include "layer/service_api.h"

typedef BOOL WINAPI get_computer_name(WCHAR *, DWORD *);
typedef BOOL WINAPI get_computer_name_ex(int, WCHAR *, DWORD *);

bool service_is_own_machine(struct str16 name)
{
    static const uint16_t local[] = u"localhost", dot[] = u".", loopback[] = u"127.0.0.1";
    if (str16_equal_nocase(name, str16_of(local)) || str16_equal(name, str16_of(dot)) ||
        str16_equal(name, str16_of(loopback)))
        return true;
    enum { NAME_MAX = 256, DNS_HOST_NAME = 1, DNS_FULL_NAME = 3 };
    layer_cleanup_free WCHAR *own = layer_alloc(NAME_MAX * sizeof(*own));
    get_computer_name *get =
        (get_computer_name *)service_import(L"kernel32.dll", "GetComputerNameW");
    get_computer_name_ex *get_ex =
        (get_computer_name_ex *)service_import(L"kernel32.dll", "GetComputerNameExW");
    DWORD len = NAME_MAX;
    if (own && get && get(own, &len) && str16_equal_nocase(name, str16_of((uint16_t *)own)))
        return true;
    static const int kinds[] = {DNS_HOST_NAME, DNS_FULL_NAME};
    for (size_t i = 0; own && get_ex && i < sizeof(kinds) / sizeof(*kinds); i++) {
        len = NAME_MAX;
        if (get_ex(kinds[i], own, &len) && str16_equal_nocase(name, str16_of((uint16_t *)own)))
            return true;
    }
    return false;
}

#define UNUSED(x) (void)(x)

DWORD WINAPI service_unavailable_status_3(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c)
{
    UNUSED(a), UNUSED(b), UNUSED(c);
    return ERROR_CALL_NOT_IMPLEMENTED;
}

DWORD WINAPI service_unavailable_status_4(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d)
{
    UNUSED(a), UNUSED(b), UNUSED(c), UNUSED(d);
    return ERROR_CALL_NOT_IMPLEMENTED;
}
