// What guests print: one line a step, the same natively and in a VM.
#ifndef PLUME_TEST_GUEST_STEP_H
#define PLUME_TEST_GUEST_STEP_H

#include <winsock2.h>
#include <windows.h>

/* "NAME: ok", or "NAME: error N" with GetLastError(), which stays as it was. Returns `good`. */
BOOL step(const char *name, BOOL good);

/* "NAME: N": the error code whatever happened, 0 for none; for calls that set it also when they
 * succeed. */
void step_code(const char *name, DWORD code);

/* "NAME: text", formatted. */
void say(const char *name, const char *format, ...) __attribute__((format(gnu_printf, 2, 3)));

/* Makes the file with that text, or replaces it: the step "write". */
void step_write_file(const wchar_t *path, const char *text);

/* An address and whether its port is `port`: "127.0.0.1 port same". */
void say_address(const char *name, const struct sockaddr *address, unsigned port);

#endif
