// What the parts of the guest svc_calls share: an exerciser of the service functions, each with
// what is right and what is wrong with it.
#ifndef SVC_CALLS_H
#define SVC_CALLS_H

#include <windows.h>
#include <stdbool.h>

extern SC_HANDLE manager;         // with all rights
extern wchar_t own_path[];        // svc_own.exe, quoted, and a space
extern const wchar_t *const name; // of the service that the parts play with

/* Prints a line, as one that is not compared if differs.c says so of its beginning. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Calls and says how it ended. `call` is true when it succeeded. */
#define TRY(call, ...)                                                                             \
    do {                                                                                           \
        SetLastError(0);                                                                           \
        bool try_ok = (call) != 0;                                                                 \
        tell_end(try_ok, GetLastError(), __VA_ARGS__);                                             \
    } while (0)
void tell_end(bool ok, DWORD error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The reason why a line is not compared, or NULL. */
const char *differs(const char *line);

/* The service, made by svc_own.exe with `mode`; ends the guest where it cannot be made. */
SC_HANDLE make_service(const wchar_t *with_name, const wchar_t *mode, const wchar_t *dependencies);
/* Stops and deletes it, and closes the handle. */
void remove_service(SC_HANDLE service);
bool wait_for_state(SC_HANDLE service, DWORD state);

void rights(void);
void configuration(void);
void additional_configuration(void);
void lists(void);
void states(void);
void notifications(void);
void security(void);
void locks(void);
void all_names(void);
void ansi_functions(void);

#endif
