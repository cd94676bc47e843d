// Who of the VM's processes has which of the host's files open, in memory that they all share.
//
// The system checks sharing modes between those who have the same file open. When the VM gets a
// copy of a file, its processes that opened the host's before are not among those who have the copy
// open; this table says who they are, so that the check can be made for them, and tells them that
// there is a copy. It needs no lock. A process may be killed at any instruction: what it leaves
// behind is an entry that says something untrue of a handle, which whoever meets it finds out by
// looking at the handle.
#ifndef PLUME_CORE_SHARE_H
#define PLUME_CORE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct share_table; // the shared memory

/* One open: a handle of a process with the access that it was asked for, the sharing that it allows
 * and its options, all as NtCreateFile takes them. */
struct share_open {
    uint32_t process, handle;
    uint32_t access, share, options;
};

/* Bytes of shared memory for 1 << order opens. */
size_t share_table_size(unsigned order);

/* Makes zeroed shared memory of share_table_size(order) an empty table; to do so again harms
 * nothing. */
void share_table_init(struct share_table *table, unsigned order);

/* Notes an open of the file `name`, a hash that is not 0. Returns the entry's number, or 0 when
 * there is no room near the name's place; the open then goes unnoticed. */
uint32_t share_add(struct share_table *table, uint64_t name, const struct share_open *open);

/* Takes the entry away, if it is still this one. */
void share_remove(struct share_table *table, uint32_t entry, uint64_t name,
                  const struct share_open *open);

/* Finds the entries of `name` one after the other: *at is 0 before the first. False after the
 * last. */
bool share_next(const struct share_table *table, uint64_t name, uint32_t *at,
                struct share_open *open);

/* Finds the entries of `process` one after the other, whatever their names: for what happens
 * rarely, as it looks at all places that were ever in use. */
bool share_next_of(const struct share_table *table, uint32_t process, uint32_t *at, uint64_t *name,
                   struct share_open *open);

/* Tells a process that another has added an entry for it, of a handle that it does not know of. */
void share_hand_over(struct share_table *table);

/* Grows with each share_hand_over(), and share_news() with it. */
uint32_t share_handed_over(const struct share_table *table);

/* Whether two opens of one file exclude each other. */
bool share_conflict(uint32_t access, uint32_t share, uint32_t other_access, uint32_t other_share);

/* Tells all who have `name` open that the VM has a copy of it, the file `id` of its volume (not
 * 0). True if there is any. */
bool share_tell_copied(struct share_table *table, uint64_t name, uint64_t id);

/* What share_tell_copied() told the entry; 0 for nothing. */
uint64_t share_copied(const struct share_table *table, uint32_t entry, uint64_t name);

/* Whether somebody has `name` open who was not told that there is a copy. */
bool share_untold(const struct share_table *table, uint64_t name);

/* Grows with each share_tell_copied() that told anybody and each share_hand_over(): as long as it
 * stays, nothing new is to be learned from share_copied(). */
uint32_t share_news(const struct share_table *table);

/* A number that is the caller's to give a meaning: what is to become of the file when the handle is
 * closed. 0 at first. */
void share_set_doom(struct share_table *table, uint32_t entry, uint32_t doom);
uint32_t share_doom(const struct share_table *table, uint32_t entry);

#endif
