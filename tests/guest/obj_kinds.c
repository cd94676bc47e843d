// Every kind of named object, made by one way to write its name and opened by every other: NT
// names, Global\ and Local\, relative to directories, as another kind.
#include <stdio.h>
#include <wchar.h>
#include "common_step.h"
#include <winternl.h>

typedef NTSTATUS NTAPI open_fn(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
#define HEAD HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *

static void *in_ntdll(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"ntdll"), name);
}

enum { EVENT, MUTANT, SEMAPHORE, TIMER, SECTION, JOB, KEYED, COMPLETION, DIRECTORY, LINK, KINDS };

static const char *const kinds[KINDS] = {
    "Event",     "Mutant",     "Semaphore",    "Timer",           "Section",
    "JobObject", "KeyedEvent", "IoCompletion", "DirectoryObject", "SymbolicLinkObject"};

static void *call_for(const char *verb, int kind)
{
    char name[64];
    snprintf(name, sizeof name, "Nt%s%s", verb, kinds[kind]);
    return in_ntdll(name);
}

static NTSTATUS make(int kind, HANDLE *handle, OBJECT_ATTRIBUTES *a)
{
    void *call = call_for("Create", kind);
    LARGE_INTEGER size = {.QuadPart = 4096};
    UNICODE_STRING target;
    ACCESS_MASK all = GENERIC_ALL;
    RtlInitUnicodeString(&target, L"\\Device\\Null");
    *handle = NULL;
    if (!call)
        return -1;
    switch (kind) {
    case EVENT:
        return ((NTSTATUS(NTAPI *)(HEAD, ULONG, BOOLEAN))call)(handle, all, a, 0, FALSE);
    case MUTANT:
        return ((NTSTATUS(NTAPI *)(HEAD, BOOLEAN))call)(handle, all, a, FALSE);
    case SEMAPHORE:
        return ((NTSTATUS(NTAPI *)(HEAD, LONG, LONG))call)(handle, all, a, 1, 2);
    case TIMER:
    case KEYED:
    case COMPLETION:
        return ((NTSTATUS(NTAPI *)(HEAD, ULONG))call)(handle, all, a, 0);
    case SECTION:
        return ((NTSTATUS(NTAPI *)(HEAD, LARGE_INTEGER *, ULONG, ULONG, HANDLE))call)(
            handle, all, a, &size, PAGE_READWRITE, SEC_COMMIT, NULL);
    case LINK:
        return ((NTSTATUS(NTAPI *)(HEAD, UNICODE_STRING *))call)(handle, all, a, &target);
    default:
        return ((open_fn *)call)(handle, all, a);
    }
}

static NTSTATUS open_kind(int kind, HANDLE *handle, OBJECT_ATTRIBUTES *a)
{
    open_fn *call = call_for("Open", kind);
    *handle = NULL;
    return call ? call(handle, MAXIMUM_ALLOWED, a) : -1;
}

static OBJECT_ATTRIBUTES named(const wchar_t *text, HANDLE root, UNICODE_STRING *name, ULONG flags)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, flags, root, NULL);
    return attributes;
}

static HANDLE directory(const wchar_t *path)
{
    UNICODE_STRING name;
    HANDLE handle = NULL;
    OBJECT_ATTRIBUTES attributes = named(path, NULL, &name, OBJ_CASE_INSENSITIVE);
    ((open_fn *)in_ntdll("NtOpenDirectoryObject"))(&handle, 3, &attributes);
    return handle;
}

/* A way to write a name: a format with the session's number and the name, below a directory. */
static const struct form {
    const wchar_t *directory, *format;
} forms[] = {
    {NULL, L"\\BaseNamedObjects\\%2$ls"},
    {NULL, L"\\Sessions\\%1$lu\\BaseNamedObjects\\%2$ls"},
    {NULL, L"\\Sessions\\%1$lu\\BaseNamedObjects\\Global\\%2$ls"},
    {NULL, L"\\Sessions\\%1$lu\\BaseNamedObjects\\Local\\%2$ls"},
    {NULL, L"\\??\\GLOBALROOT\\BaseNamedObjects\\%2$ls"},
    {NULL, L"\\RPC Control\\%2$ls"},
    {NULL, L"\\KernelObjects\\%2$ls"},
    {NULL, L"\\%2$ls"},
    {NULL, L"\\BaseNamedObjects\\none\\%2$ls"},
    {NULL, L"\\BaseNamedObjects\\%2$ls\\"},
    {NULL, L"BaseNamedObjects\\%2$ls"},
    {L"\\BaseNamedObjects", L"%2$ls"},
    {L"\\BaseNamedObjects", L"\\%2$ls"},
    {L"\\Sessions\\%lu\\BaseNamedObjects", L"%2$ls"},
    {L"\\Sessions\\%lu\\BaseNamedObjects", L"Global\\%2$ls"},
    {L"\\", L"BaseNamedObjects\\%2$ls"},
    {L"\\KernelObjects", L"%2$ls"},
};
enum { FORMS = sizeof forms / sizeof *forms, FORM_OF_PORTS = 5 };

static HANDLE roots[FORMS];
static DWORD session;

static OBJECT_ATTRIBUTES written(int form, const wchar_t *leaf, wchar_t *text, UNICODE_STRING *name,
                                 ULONG flags)
{
    // The format's arguments by their places, which the system's runtime does not know.
    const wchar_t *from = forms[form].format;
    size_t at = 0;
    for (; *from && at < 200; from++) {
        if (from[0] == L'%' && from[1] == L'1') {
            at += (size_t)_snwprintf(text + at, 20, L"%lu", session);
            from += 4;
        } else if (from[0] == L'%') {
            at += (size_t)_snwprintf(text + at, 60, L"%ls", leaf);
            from += 4;
        } else {
            text[at++] = *from;
        }
    }
    text[at] = 0;
    return named(text, roots[form], name, flags);
}

static void one_kind(int kind)
{
    wchar_t text[300], leaf[40];
    UNICODE_STRING name;
    HANDLE made, again, other;
    for (int form = 0; form < FORMS; form++) {
        _snwprintf(leaf, 40, L"plume-Kinds-%d-%d", kind, form);
        OBJECT_ATTRIBUTES a = written(form, leaf, text, &name, OBJ_CASE_INSENSITIVE);
        NTSTATUS status = make(kind, &made, &a);
        if (form == FORM_OF_PORTS) // Wine has no such directory; a VM's ports lie in one
            printf("differs: ");
        printf("%s, form %d: made %08lx", kinds[kind], form, status);
        if (!status) {
            printf(", again %08lx", make(kind, &again, &a));
            a.Attributes |= OBJ_OPENIF;
            printf(", if not there %08lx", make(kind, &other, &a));
            CloseHandle(other);
            int as = (kind + 1) % KINDS;
            printf(", as %s %08lx", kinds[as], open_kind(as, &other, &a));
            printf(", opened by");
            for (int by = 0; by < FORMS; by++) {
                OBJECT_ATTRIBUTES b = written(by, leaf, text, &name, OBJ_CASE_INSENSITIVE);
                status = open_kind(kind, &other, &b);
                if (!status)
                    printf(" %d", by);
                if (other)
                    CloseHandle(other);
            }
            _snwprintf(leaf, 40, L"PLUME-kinds-%d-%d", kind, form);
            OBJECT_ATTRIBUTES b = written(form, leaf, text, &name, 0);
            printf(", in other case %08lx", open_kind(kind, &other, &b));
            if (other)
                CloseHandle(other);
            CloseHandle(made);
            b.Attributes = OBJ_CASE_INSENSITIVE;
            printf(", then %08lx", open_kind(kind, &other, &b));
        }
        printf("\n");
    }
}

int main(void)
{
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    for (int i = 0; i < FORMS; i++) {
        wchar_t path[100];
        if (forms[i].directory) {
            _snwprintf(path, 100, forms[i].directory, session);
            roots[i] = directory(path);
        }
    }
    for (int kind = 0; kind < KINDS; kind++)
        one_kind(kind);
    return 0;
}
