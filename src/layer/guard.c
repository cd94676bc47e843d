#include "layer/guard.h"

enum { PAGE = 4096 };

// In assembly, because it must be known what may fault: from guard_read_byte up to guard_fault.
#ifdef _WIN64
#define SYMBOL(name) name
#define ARGUMENT     "%rcx"
#define LOAD         ""
#else
#define SYMBOL(name) "_" name
#define ARGUMENT     "%ecx"
#define LOAD         "movl 4(%esp), %ecx\n"
#endif
int guard_read_byte(const void *at);
int guard_write_byte(void *at);
int guard_fault(void);
__asm__(
    ".text\n"
    ".globl " SYMBOL(
        "guard_read_byte") "\n"
                           ".globl " SYMBOL(
                               "guard_write_byte") "\n"
                                                   ".globl " SYMBOL("guard_fault") "\n" SYMBOL(
                                                       "guard_read_byte") ":\n" LOAD
                                                                          "movb (" ARGUMENT
                                                                          "), %al\n"
                                                                          "xorl %eax, %eax\n"
                                                                          "ret\n" SYMBOL(
                                                                              "guard_write_"
                                                                              "byte") ":\n" LOAD
                                                                                      "lock "
                                                                                      "orb $0, "
                                                                                      "(" ARGUMENT
                                                                                      ")\n"
                                                                                      "xorl "
                                                                                      "%eax, "
                                                                                      "%eax\n"
                                                                                      "ret"
                                                                                      "\n" SYMBOL(
                                                                                          "guar"
                                                                                          "d_"
                                                                                          "faul"
                                                                                          "t") ":\n"
                                                                                               "mov"
                                                                                               "l "
                                                                                               "$1,"
                                                                                               " %"
                                                                                               "eax"
                                                                                               "\n"
                                                                                               "ret"
                                                                                               "\n");

static LONG NTAPI on_exception(EXCEPTION_POINTERS *exception)
{
#ifdef _WIN64
    DWORD64 *at = &exception->ContextRecord->Rip;
#else
    DWORD *at = &exception->ContextRecord->Eip;
#endif
    if (*at < (uintptr_t)guard_read_byte || *at >= (uintptr_t)guard_fault)
        return EXCEPTION_CONTINUE_SEARCH;
    *at = (uintptr_t)guard_fault;
    return EXCEPTION_CONTINUE_EXECUTION;
}

void guard_start(void)
{
    RtlAddVectoredExceptionHandler(1, on_exception);
}

bool guard_readable(const void *memory, size_t size)
{
    const char *at = memory, *last = at + (size ? size - 1 : 0);
    if (!size)
        return true;
    if (last < at)
        return false;
    for (; at < last; at += PAGE)
        if (guard_read_byte(at))
            return false;
    return !guard_read_byte(last);
}

bool guard_writable(void *memory, size_t size)
{
    char *at = memory, *last = at + (size ? size - 1 : 0);
    if (!size)
        return true;
    if (last < at)
        return false;
    for (; at < last; at += PAGE)
        if (guard_write_byte(at))
            return false;
    return !guard_write_byte(last);
}

bool guard_attributes(const OBJECT_ATTRIBUTES *attributes)
{
    if (!attributes)
        return true;
    if (!guard_readable(attributes, sizeof *attributes))
        return false;
    const UNICODE_STRING *name = attributes->ObjectName;
    return !name ||
           (guard_readable(name, sizeof *name) && guard_readable(name->Buffer, name->Length));
}
