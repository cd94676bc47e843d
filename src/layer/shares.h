// Who of the VM has which of the host's files open: core/share.h over the VM's processes.
#ifndef PLUME_LAYER_SHARES_H
#define PLUME_LAYER_SHARES_H

#include "layer/shared.h"

enum shares_doom {
    SHARES_STAYS,
    SHARES_PENDING,  // is to be deleted: others may not open it any more
    SHARES_ON_CLOSE, // is deleted when this handle is closed; until then others may open it
};

enum { // what an entry's sharing says besides, of one that is no open: layer/view.h
    SHARES_VIEW = 0x1000,
    SHARES_AWAITED = 0x2000,
    SHARES_SECTION = 0x4000, // a section that was handed over: layer/handed.h
};

/* What the table knows a canonical name by. */
uint64_t shares_name(struct str16 canon);

/* Whether an open of `canon` with this access and sharing is excluded by one of the VM's processes
 * that has the host's file open. Makes system calls only if it seems so. */
bool shares_exclude(struct str16 canon, ACCESS_MASK access, ULONG share);

/* Whether `canon` is the host's file still, and to be deleted by one who has it open. Of one who
 * ended before he could, it is deleted here. */
bool shares_delete_pending(struct str16 canon);

/* Whether the system does this with what is to be deleted, as Windows does. Wine 8 does neither
 * (server/fd.c, open_fd; dlls/ntdll/unix/file.c, NtQueryInformationFile). */
enum shares_pending {
    SHARES_PENDING_REFUSED = 1, // to open it
    SHARES_PENDING_SHOWN = 2,   // by FileStandardInformation
};
bool shares_pending_is(enum shares_pending what);

/* A duplicate of a handle that one of the VM's processes has on the host's `canon`, with the right
 * to read; NULL when there is none. It is that process's open file: whoever has it is not to move
 * its position. */
HANDLE shares_borrow(struct str16 canon);

/* Tells those who have the host's `canon` open that `copy` is the VM's. */
void shares_tell_copied(struct str16 canon, HANDLE copy);

/* The same to those who were noted when the copy was in place already. */
void shares_look_for_copy(struct str16 canon);

/* The same before `copy`, which was opened to be written, is: who made it may have ended before he
 * had told all of them, or before they had exchanged their views. */
void shares_tell_rest(struct str16 canon, HANDLE copy);

#endif
