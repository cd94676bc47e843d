// What went wrong, carried as a value from where it is found to where it is told: a step that
// failed, what it was about, why, and what a person can do.
#ifndef PLUME_VM_ERROR_H
#define PLUME_VM_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

enum plume_error_kind {
    PLUME_ERROR_NONE,
    PLUME_ERROR_PLAIN,    // `message` says it
    PLUME_ERROR_WIN32,    // `code` is what GetLastError() returned
    PLUME_ERROR_NTSTATUS, // `code` is an NTSTATUS
};

/* Zero-initialised it means "nothing went wrong". All texts are terminated and cut where too long.
 */
struct plume_error {
    enum plume_error_kind kind;
    uint32_t code;
    wchar_t what[128];    // the step: "cannot create the VM"
    wchar_t subject[320]; // a name or a path, without quotes; empty: none
    wchar_t message[512]; // only for PLUME_ERROR_PLAIN
    wchar_t advice[256];  // empty: none
};

/* Each fills in *error and returns false, so that `return error_win32(...)` reads well. `subject`
 * and `advice` may be NULL. error_win32() reads GetLastError(). */
bool error_plain(struct plume_error *error, const wchar_t *what, const wchar_t *subject,
                 const wchar_t *message, const wchar_t *advice);
bool error_win32(struct plume_error *error, const wchar_t *what, const wchar_t *subject,
                 const wchar_t *advice);
bool error_win32_code(struct plume_error *error, uint32_t code, const wchar_t *what,
                      const wchar_t *subject, const wchar_t *advice);
bool error_ntstatus(struct plume_error *error, uint32_t status, const wchar_t *what,
                    const wchar_t *subject, const wchar_t *advice);

/* One line without its end: "<what> '<subject>': <message> (Win32 error 5); <advice>". Writes at
 * most `cap` units with the terminator. */
void error_format(const struct plume_error *error, wchar_t *out, size_t cap);

#endif
