// Where 32-bit programs on a 64-bit system find the system's folder: System32 is SysWOW64 to them,
// and System32 itself is to be had as Sysnative. The system does that below its system calls, so
// the names that the layer decides by must be led the same way.
//
// Microsoft, "File System Redirector" (WinProg64): which folders are left alone, and Sysnative
// (since Windows Vista). Wine does the same (dlls/ntdll/unix/file.c, get_redirect).
// %windir%\lastgood is not followed: no Windows since Vista has it.
#ifndef PLUME_CORE_REDIRECT_H
#define PLUME_CORE_REDIRECT_H

#include "core/str16.h"

enum { REDIRECT_ROOM = 16 }; // units that a name may grow by

/* Writes to `out` (canon.len + REDIRECT_ROOM units) where the canonical name `canon`
 * (core/ntpath.h) of a 32-bit program leads; `windows` is the system's folder, as C\Windows. `off`:
 * the program has turned it off for its thread, which Sysnative does not care about. False where it
 * leads nowhere else. */
bool redirect_name(struct str16 canon, struct str16 windows, bool off, struct str16_buf *out);

/* The other way: by which name a 32-bit program reaches what is really called `canon`. The same
 * room; false where it is that name itself. */
bool redirect_reach(struct str16 canon, struct str16 windows, struct str16_buf *out);

#endif
