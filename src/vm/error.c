#include <windows.h>
#include <winternl.h>
#include <stdio.h>
#include "vm/error.h"

static void copy_text(wchar_t *out, size_t cap, const wchar_t *text)
{
    size_t len = 0;
    while (text && text[len] && len + 1 < cap) {
        out[len] = text[len];
        len++;
    }
    out[len] = 0;
}

static bool fill(struct plume_error *error, enum plume_error_kind kind, uint32_t code,
                 const wchar_t *what, const wchar_t *subject, const wchar_t *message,
                 const wchar_t *advice)
{
    // `what` and the others may point into *error itself: read everything before it is written.
    struct plume_error made = {.kind = kind, .code = code};
    copy_text(made.what, ARRAYSIZE(made.what), what);
    copy_text(made.subject, ARRAYSIZE(made.subject), subject);
    copy_text(made.message, ARRAYSIZE(made.message), message);
    copy_text(made.advice, ARRAYSIZE(made.advice), advice);
    *error = made;
    return false;
}

bool error_plain(struct plume_error *error, const wchar_t *what, const wchar_t *subject,
                 const wchar_t *message, const wchar_t *advice)
{
    return fill(error, PLUME_ERROR_PLAIN, 0, what, subject, message, advice);
}

bool error_win32(struct plume_error *error, const wchar_t *what, const wchar_t *subject,
                 const wchar_t *advice)
{
    return error_win32_code(error, GetLastError(), what, subject, advice);
}

bool error_win32_code(struct plume_error *error, uint32_t code, const wchar_t *what,
                      const wchar_t *subject, const wchar_t *advice)
{
    return fill(error, PLUME_ERROR_WIN32, code, what, subject, NULL, advice);
}

bool error_ntstatus(struct plume_error *error, uint32_t status, const wchar_t *what,
                    const wchar_t *subject, const wchar_t *advice)
{
    return fill(error, PLUME_ERROR_NTSTATUS, status, what, subject, NULL, advice);
}

/* The system's own text for a Win32 error, in the user's language, without its full stop. */
static void system_message(uint32_t code, wchar_t *out, DWORD cap)
{
    DWORD len = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                   FORMAT_MESSAGE_MAX_WIDTH_MASK,
                               NULL, code, 0, out, cap, NULL);
    while (len && (out[len - 1] == L' ' || out[len - 1] == L'.' || out[len - 1] == L'\r' ||
                   out[len - 1] == L'\n'))
        len--;
    if (len == 0)
        _snwprintf(out, cap, L"the system has no text for this error");
    else
        out[len] = 0;
    out[cap - 1] = 0;
}

void error_format(const struct plume_error *error, wchar_t *out, size_t cap)
{
    wchar_t message[512], code[64] = L"";
    copy_text(message, ARRAYSIZE(message), error->message);
    if (error->kind == PLUME_ERROR_WIN32) {
        system_message(error->code, message, ARRAYSIZE(message));
        _snwprintf(code, ARRAYSIZE(code) - 1, L" (Win32 error %u)", (unsigned)error->code);
    } else if (error->kind == PLUME_ERROR_NTSTATUS) {
        system_message(RtlNtStatusToDosError((NTSTATUS)error->code), message, ARRAYSIZE(message));
        _snwprintf(code, ARRAYSIZE(code) - 1, L" (NTSTATUS 0x%08X)", (unsigned)error->code);
    }
    _snwprintf(out, cap, L"%ls%ls%ls%ls%ls%ls%ls%ls%ls", error->what,
               error->subject[0] ? L" '" : L"", error->subject, error->subject[0] ? L"'" : L"",
               message[0] ? L": " : L"", message, code, error->advice[0] ? L"; " : L"",
               error->advice);
    out[cap - 1] = 0;
}
