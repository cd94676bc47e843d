// What the parts of the guest com_calls share.
#ifndef PLUME_TEST_GUEST_COM_CALLS_H
#define PLUME_TEST_GUEST_COM_CALLS_H

#include <stdbool.h>
#include "../com/class.h"
#include "../common_step.h"

#define SERVICE L"PlumeTestCom"
// A server that has nothing to do any more ends at once, or not at all.
enum { PATIENCE_MS = 60000, END_MS = 5000, LINE = 600, MARK = 64 };

extern const CLSID com_fragile; // served like com_local, by a process of its own
extern const CLSID com_missing; // its program is not there
extern const CLSID com_ending;  // its program ends without serving it

// ---- registration.c ----

/* Registers all classes for all users, with regsvr32 what it can; `mark` is what they say. The
 * servers that are programs run in a multi-threaded apartment, or else in one of one thread. */
bool register_all(const wchar_t *mark, bool multi_threaded);
void unregister_all(void);
/* The class in the DLL, for this user alone. */
void register_for_user(const wchar_t *mark);
void unregister_for_user(void);

// ---- serve.c ----

/* As a program: until nobody uses it any more. */
int serve(const wchar_t *class, const wchar_t *mark, const wchar_t *apartment);
/* As a service: until it is stopped. */
int serve_as_service(const wchar_t *mark);

// ---- com_calls.c ----

/* Says the result of a call: 0 or the error, in hexadecimal. Returns whether it is S_OK. */
bool told(const char *what, HRESULT result);
/* Starts this program with the arguments; its exit status, once it has ended. */
DWORD run_own(const wchar_t *arguments);
DWORD run_line(wchar_t *line);
HRESULT create(const CLSID *class, DWORD context, IPlumeTest **object);
/* The server's process, opened, or NULL. */
HANDLE process_of(IPlumeTest *object);
/* Lets the object go, and waits for its server to end, as it does when nobody uses it. */
void release_and_wait(IPlumeTest *object);
/* The same, but the server is told to end: Wine 8 leaves references to proxies that were in the
 * global table behind (CoReleaseMarshalData of a proxy fails). */
void end_and_wait(IPlumeTest *object);

// ---- the parts ----

void classes(void);    // in_process, local, service, surrogate, and those that cannot be had
void apartments(void); // between threads and processes
void running(void);    // the running object table
void automation(void); // late binding, and scripts
int unmarshal(const wchar_t *file); // what marshalling between processes starts
int find_active(void);              // likewise the running object table
/* The names in the running object table that begin with "plume", a line each. */
void list_running(void);

#endif
