#include "layer/layer.h"
#include <stddef.h>

struct real_calls real;
struct layer_state layer_state;
struct layer_config layer_config;

const char *const layer_call_names[LAYER_CALL_COUNT] = {
#define LAYER_NAME(name) #name,
    LAYER_INTERPOSED(LAYER_NAME) LAYER_USED(LAYER_NAME)};

void *const layer_replacements[LAYER_INTERPOSED_COUNT] = {
#define LAYER_REPLACEMENT(name) (void *)layer_##name,
    LAYER_INTERPOSED(LAYER_REPLACEMENT)};

bool layer_call_is_newer(unsigned index)
{
    enum { NEXT_THREAD = offsetof(struct real_calls, NtGetNextThread) / sizeof(void *) };
    return index == NEXT_THREAD;
}

#ifdef __i386__
#define SYMBOL "_layer_trampolines"
#else
#define SYMBOL "layer_trampolines"
#endif
#define TEXT_OF(x)  #x
#define VALUE_OF(x) TEXT_OF(x)
// 256 slots of 32 bytes; checked below. In assembly, because C has no way to say that an array is
// code.
__asm__(".section .tramp,\"xr\"\n"
        ".globl " SYMBOL "\n"
        ".balign 32\n" SYMBOL ":\n"
        ".fill 256*32,1,0xcc\n"
        ".text\n");
_Static_assert(LAYER_INTERPOSED_COUNT <= 256 && STUB_TRAMPOLINE_MAX == 32,
               "the reserved trampolines do not suffice");

uint16_t str16_upcase(uint16_t unit)
{
    return unit < 0x80 ? (unit >= 'a' && unit <= 'z' ? unit - 32 : unit)
                       : RtlUpcaseUnicodeChar(unit);
}
