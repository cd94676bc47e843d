#include "vm/handle_list.h"

#include <stdlib.h>

#ifndef PROC_THREAD_ATTRIBUTE_HANDLE_LIST
#define PROC_THREAD_ATTRIBUTE_HANDLE_LIST 0x00020002
#endif

struct handle_list handle_list_on(HANDLE *handles, size_t count)
{
    struct handle_list list = {0};
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");
    SIZE_T size = 0;
    list.init = (BOOL(WINAPI *)(void *, DWORD, DWORD, SIZE_T *))(void (*)(void))GetProcAddress(
        kernel32, "InitializeProcThreadAttributeList");
    list.update = (BOOL(WINAPI *)(void *, DWORD, DWORD_PTR, void *, SIZE_T, void *, SIZE_T *))(
        void (*)(void))GetProcAddress(kernel32, "UpdateProcThreadAttribute");
    list.done = (void(WINAPI *)(void *))(void (*)(void))GetProcAddress(
        kernel32, "DeleteProcThreadAttributeList");
    if (!list.init || !list.update || !list.done)
        return list;
    list.init(NULL, 1, 0, &size);
    list.attributes = calloc(1, size);
    if (list.attributes && list.init(list.attributes, 1, 0, &size)) {
        if (list.update(list.attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                        count * sizeof(*handles), NULL, NULL))
            return list;
        list.done(list.attributes);
    }
    free(list.attributes);
    list.attributes = NULL;
    return list;
}

void handle_list_free(struct handle_list *list)
{
    if (list->attributes)
        list->done(list->attributes);
    free(list->attributes);
}
