// Registry values as the monitor reads and writes them: with a bound on their size, terminated.
#ifndef PLUME_MONITOR_REGISTRY_H
#define PLUME_MONITOR_REGISTRY_H

#include <windows.h>
#include <stdbool.h>
#include "core/str16.h"

enum { REGISTRY_TEXT_MAX = 16384 }; // units of a text; a longer one counts as damaged

/* A REG_SZ, REG_EXPAND_SZ (not expanded) or REG_MULTI_SZ value as malloc()ed text with two
 * terminators behind it; *len, if given, is in units without the final terminators. NULL where
 * there is none or it is of another kind. */
wchar_t *registry_text(HKEY key, const wchar_t *value, size_t *len);

/* The same as a person or a program is to see it: REG_EXPAND_SZ expanded, and "@file,-id" replaced
 * by the text it refers to where the system can (from NT 6.0) and finds it. */
wchar_t *registry_shown_text(HKEY key, const wchar_t *value);

bool registry_number(HKEY key, const wchar_t *value, DWORD *number);

/* A text of length 0 deletes the value where `empty_deletes`. */
DWORD registry_set_text(HKEY key, const wchar_t *value, DWORD type, struct str16 text,
                        bool empty_deletes);
DWORD registry_set_number(HKEY key, const wchar_t *value, DWORD number);

/* Deletes a key and all below it. */
DWORD registry_delete_tree(HKEY parent, const wchar_t *name);

#endif
