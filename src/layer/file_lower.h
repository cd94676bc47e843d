// Handles on the host's files, and what becomes of them when the VM gets a copy of the file.
//
// A program that has a file open sees what others write to it. So a handle that was opened before
// the copy was made leads to the copy from then on: the layer opens a second one, the shadow, with
// the same access, sharing and options, gives it the position, the locks and the completion port of
// the first, and uses it in its place. As long as no file that this process has open was copied,
// finding that out is a comparison in memory.
//
// Views that were mapped before: layer/view.h. Handles that a process has from another:
// layer/handed.h.
//
// A handle that may delete but not write costs no copy either: the layer remembers that it may, and
// hides the name when it is closed. To rename it makes the copy first.
#ifndef PLUME_LAYER_FILE_LOWER_H
#define PLUME_LAYER_FILE_LOWER_H

#include "layer/shares.h"

struct file_lower; // what is behind one handle and its duplicates

/* How a file was opened, as NtCreateFile takes it. */
struct file_lower_open {
    ACCESS_MASK access; // asked for; the handle itself has no right to delete
    ULONG share, options;
};

/* Notes that `handle` was opened on the host's `canon`; as a folder only if it was to be one.
 * `entry` is what the table of opens has of it already, 0 for nothing. No memory only costs what
 * it is for. */
void file_lower_note(HANDLE handle, struct str16 canon, const struct file_lower_open *open,
                     uint32_t entry);

/* What the table of opens says of it: until it is dropped. *name is the file's there. */
const struct share_open *file_lower_noted(const struct file_lower *file, uint64_t *name);

/* To be called when the process starts, for handles that it did not open. */
void file_lower_begin(void);

/* Another handle's share in it, and the end of one; the last one to end deletes the file if it is
 * to be deleted. */
void file_lower_hold(struct file_lower *file);
void file_lower_drop(struct file_lower *file);

/* How it was opened. */
const struct file_lower_open *file_lower_opened(const struct file_lower *file);

/* Opens the VM's copy of `canon` with the number `id`, wherever it is by now, with what `open` has
 * of access, sharing and options. */
NTSTATUS file_lower_open_copy(struct str16 canon, uint64_t id, const struct file_lower_open *open,
                              HANDLE *copy);

/* To be called when the process ends: its handles exclude nobody any more. What is to be deleted
 * then, others find out. Takes no lock, as the threads that had one may be gone. */
void file_lower_end(void);

/* See file_lower_current(). */
struct file_lower_state {
    struct share_table *table; // NULL: no handle on a file of the host's yet
    uint32_t settled;          // share_news() when all handles were last looked at
    uint32_t moved;            // how many lead to a copy
};
extern struct file_lower_state file_lower_state;
HANDLE file_lower_find(HANDLE handle);

/* The handle that is to be used for `handle`, of whatever kind it is. */
static inline HANDLE file_lower_current(HANDLE handle)
{
    struct share_table *table = __atomic_load_n(&file_lower_state.table, __ATOMIC_ACQUIRE);
    if (!table ||
        (share_news(table) == __atomic_load_n(&file_lower_state.settled, __ATOMIC_RELAXED) &&
         !__atomic_load_n(&file_lower_state.moved, __ATOMIC_RELAXED)))
        return handle;
    return file_lower_find(handle);
}

/* The same, with a copy made if there is none: for what would change the host's file through a
 * handle that may only read. */
NTSTATUS file_lower_own(HANDLE *handle);

/* The one of both handles that the last call was made on that signals its file when it is done. */
HANDLE file_lower_signalled(HANDLE handle);

/* What a handle shows of itself beyond what the system knows of it: the right to delete that it was
 * opened with, and whether its file is to be deleted. Nothing for other handles. */
struct file_lower_shown {
    ACCESS_MASK access;
    bool pending;
};
struct file_lower_shown file_lower_shows(HANDLE handle);

/* What NtSetInformationFile is to do with a handle on the host's file: true when it is done, with
 * *status; else *handle is the one to go on with. */
bool file_lower_set(HANDLE *handle, IO_STATUS_BLOCK *io, void *info, ULONG length, ULONG class,
                    NTSTATUS *status);

#endif
