#include "vm/wine.h"
#include <windows.h>

bool vm_on_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}
