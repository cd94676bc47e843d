// A COM class with a custom interface and one for scripts, served by the guest com_calls as a
// program and as a service, and by dll_com in its caller's process.
#ifndef PLUME_TEST_GUEST_COM_CLASS_H
#define PLUME_TEST_GUEST_COM_CLASS_H

#include <winsock2.h>
#include <windows.h>
#include <objbase.h>
#include <oleauto.h>
#include "com_automation.h"
#include "com_test.h"

extern const CLSID com_local;     // a program serves it
extern const CLSID com_service;   // a service serves it
extern const CLSID com_in_proc;   // dll_com serves it
extern const CLSID com_surrogate; // dll_com serves it, in a process of the system's own
extern const CLSID com_proxies;   // dll_com's proxies and stubs
extern const CLSID com_nobody;    // nobody serves it
extern const IID com_library;     // the type library

/* The class factory for objects that say `mark`, which must stay, and are active as `id`. */
HRESULT com_factory(const wchar_t *mark, const CLSID *id, const IID *iid, void **factory);

/* How many objects and locks of the server there are. */
extern LONG com_users;
/* Called when there is none any more; NULL to have it not called. */
extern void (*com_unused)(void);

#endif
