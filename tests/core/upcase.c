// What core takes from the system elsewhere: upper case, here for ASCII, Latin-1 and Greek, enough
// to tell in tests that it is asked.
#include "core/keymerge.h"
#include "core/str16.h"

uint16_t str16_upcase(uint16_t unit)
{
    if (unit >= 'a' && unit <= 'z')
        return (uint16_t)(unit - 32);
    if (unit >= 0xe0 && unit <= 0xfe && unit != 0xf7)
        return (uint16_t)(unit - 32);
    if (unit >= 0x3b1 && unit <= 0x3c9 && unit != 0x3c2)
        return (uint16_t)(unit - 32);
    return unit;
}

uint16_t keymerge_downcase(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit + 32) : unit;
}
