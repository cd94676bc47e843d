// What the compiler of interfaces has the headers include for system_types.idl: the system's own.
#ifndef PLUME_TEST_GUEST_COM_SYSTEM_TYPES_H
#define PLUME_TEST_GUEST_COM_SYSTEM_TYPES_H

#include <objidl.h>
#include <oaidl.h>

// rpcrt4's, which the proxies' tables name and the system's headers do not all declare.
HRESULT WINAPI IUnknown_QueryInterface_Proxy(IUnknown *object, REFIID wanted, void **found);
ULONG WINAPI IUnknown_AddRef_Proxy(IUnknown *object);
ULONG WINAPI IUnknown_Release_Proxy(IUnknown *object);

#endif
