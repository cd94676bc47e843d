// NT names of registry keys: one canonical form for the ways to spell a key.
//
// The canonical form is the absolute name without "\REGISTRY\" before it, with single backslashes
// and none at the end: MACHINE\SOFTWARE\Vendor. It is the physical name, as a 64-bit process sees
// it.
#ifndef PLUME_CORE_KEYNAME_H
#define PLUME_CORE_KEYNAME_H

#include "core/str16.h"

/* Appends each component of `name` with a backslash before it. Empty components are dropped: to the
 * system, `a\\b\` is `a\b`. */
void keyname_append(struct str16_buf *out, struct str16 name);

/* The canonical part of an absolute name that keyname_append() made; it is empty for \REGISTRY
 * itself. False for a name that is no key's. */
bool keyname_canon(struct str16 absolute, struct str16 *canon);

/* If `name` is `root` or lies below it, gives what follows, without the backslash between them. */
bool keyname_below(struct str16 name, struct str16 root, struct str16 *rest);

/* Puts `by` in the place of the first `len` units of `buf` from `start` on. On overflow buf says
 * so. */
void keyname_replace(struct str16_buf *buf, size_t start, size_t len, struct str16 by);

/* Rewrites the name in `buf` (its canonical part begins at `start`) to what a 32-bit process means
 * by it on a 64-bit system: see "Registry Keys Affected by WOW64" in Microsoft's documentation,
 * from Windows 7 on. `shares`: the system has the keys in common that this lists as shared below
 * SOFTWARE, other than the classes. Those are one key, however they were come to: who opens them
 * step by step has a handle on SOFTWARE\Wow6432Node before. Not done: the users' Classes. */
void keyname_to_wow64(struct str16_buf *buf, size_t start, bool shares);

/* What the names of those values begin with that the layer keeps in keys, and that no program sees.
 */
#define KEYNAME_RESERVED u"\x0001plume."
bool keyname_is_reserved(struct str16 value);

/* What access a handle has that was asked for with this mask, when nothing was denied: the generic
 * rights and MAXIMUM_ALLOWED spelt out by the key type's mapping, without the KEY_WOW64_* bits. */
uint32_t keyname_access_granted(uint32_t asked);

enum { // winnt.h
    KEYNAME_QUERY_VALUE = 0x1,
    KEYNAME_SET_VALUE = 0x2,
    KEYNAME_CREATE_SUB_KEY = 0x4,
    KEYNAME_ENUMERATE = 0x8,
    KEYNAME_NOTIFY = 0x10,
    KEYNAME_DELETE = 0x10000,
    KEYNAME_READ = 0x20019,
    KEYNAME_WRITE = 0x20006,
    KEYNAME_ALL = 0xf003f,
    KEYNAME_WOW64_64KEY = 0x100,
    KEYNAME_WOW64_32KEY = 0x200,
};

#endif
