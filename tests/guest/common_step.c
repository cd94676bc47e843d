#include "common_step.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ws2tcpip.h>

BOOL step(const char *name, BOOL good)
{
    DWORD error = GetLastError();
    if (good)
        printf("%s: ok\n", name);
    else
        printf("%s: error %lu\n", name, error);
    fflush(stdout);
    SetLastError(error);
    return good;
}

void step_code(const char *name, DWORD code)
{
    say(name, "%lu", code);
}

void say(const char *name, const char *format, ...)
{
    DWORD error = GetLastError();
    va_list arguments;
    va_start(arguments, format);
    printf("%s: ", name);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
    SetLastError(error);
}

void say_address(const char *name, const struct sockaddr *address, unsigned port)
{
    char text[160];
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    unsigned found = 0;
    if (address->sa_family == AF_INET) {
        const unsigned char *b = (const unsigned char *)&in->sin_addr;
        snprintf(text, sizeof text, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
        found = ntohs(in->sin_port);
    } else if (address->sa_family == AF_INET6) {
        size_t used = 0;
        for (unsigned i = 0; i < 16; i += 2)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%x", i ? ":" : "",
                                 in6->sin6_addr.s6_addr[i] << 8 | in6->sin6_addr.s6_addr[i + 1]);
        found = ntohs(in6->sin6_port);
    } else {
        snprintf(text, sizeof text, "family %d", address->sa_family);
    }
    say(name, "%s port %s", text, !found ? "none" : found == port ? "same" : "other");
}

void step_write_file(const wchar_t *path, const char *text)
{
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    step("write", WriteFile(file, text, (DWORD)strlen(text), &written, NULL));
    CloseHandle(file);
}
