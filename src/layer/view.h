// Sections of the host's files and the views of them, and what becomes of them when the VM gets a
// copy of the file.
//
// Natively a file and all views of it are one memory: what is written to the file is seen through
// the views. A section that was made of the host's file is one that can only be read, or written
// privately. When there is a copy, the views of that section are exchanged for such of the copy, at
// the same addresses, while all other threads of the process are held (layer/threads.h); pages that
// were written privately stay. A section without views is exchanged when it is mapped next. Whoever
// makes the copy waits until that has happened, so that nobody's view misses what is written then.
//
// The process that has the views does this itself: in the call that makes the copy, if it makes it;
// else in a thread of its own, which there is from the first view on of a file that was opened so
// that others may write it. (What was opened otherwise nobody can write but after it was closed,
// and nobody expects to see it change; its views are exchanged with the next call that the layer
// has to look for copies in.) Of a section that a process has not made, but opened by its name or
// got from another (handed.h), the first view tells which file it is of.
//
// What stays on the host's file: views in a process that is suspended or too slow to answer
// (PATIENCE in view.c), until it runs again; of a section that is mapped into another process; of a
// placeholder. A system call that is given addresses in a view at the very moment of the exchange
// may find none there.
#ifndef PLUME_LAYER_VIEW_H
#define PLUME_LAYER_VIEW_H

#include "layer/lock.h"
#include "layer/shares.h"

struct view_section {
    struct view_section *next, **link; // of all
    LONG references;
    uint64_t name;
    uint32_t entry, awaited;         // in the table of opens
    struct share_open noted, thread; // what is there
    ACCESS_MASK access;              // the file's
    bool shared;                     // the file was opened so that others may write it
    bool settled;                    // nothing can be done any more
    HANDLE current;                  // the section of the copy
    LARGE_INTEGER size;              // 0: the file's
    ULONG protection, kind;
    struct str16 canon; // in this block
};

struct view {
    struct view *next;
    struct view_section *section;
    uint8_t *base;
    SIZE_T size;
    LARGE_INTEGER offset;
    ULONG inherit, kind, protection; // as it was mapped
};

/* Notes that `section` was made of `file`, if that is one of the host's. */
void view_note_section(HANDLE section, HANDLE file, const LARGE_INTEGER *size, ULONG protection,
                       ULONG kind);

/* Another handle's or view's share in it, and the end of one. */
void view_section_hold(struct view_section *section);
void view_section_drop(struct view_section *section);

/* Exchanges those views of which there is a copy by now. */
void view_settle(void);

/* Has all processes of the VM exchange their views of `canon`, whose copy they were told of
 * (shares_tell_copied()), and waits until they have. */
void view_settle_all(struct str16 canon);

/* Whether a process of the VM has a view of the host's `canon`, or a section to make one. */
bool view_exists(struct str16 canon);

/* Makes a section of the copy with the number `id`, in *copy, and one of the host's file that may
 * only be read, in *host. */
NTSTATUS view_make_sections(const struct view_section *section, uint64_t id, HANDLE *copy,
                            HANDLE *host);

/* Exchanges one view of `host` for one of `copy`. Other threads of the process must not take the
 * layer's lock on views meanwhile. On failure nothing has changed. */
NTSTATUS view_exchange(const struct view *view, HANDLE copy, HANDLE host);

#endif
