// What is known of names that lead to the same file: an alias (a folder reached through a link,
// another drive letter, a volume's GUID, a short name) and its true name, which is the one that all
// else is decided by.
//
// Like the change index it lies in memory that the VM's processes share, only grows, needs no lock
// and survives a process that is killed at any instruction. It is a memory of answers: what is
// missing in it is asked for again, so a full table costs time and is never wrong.
#ifndef PLUME_CORE_ALIAS_TABLE_H
#define PLUME_CORE_ALIAS_TABLE_H

#include "core/str16.h"

struct alias_table; // the shared memory

/* Bytes of shared memory that a table takes; zeroed memory is an empty one. */
size_t alias_table_size(void);

/* Notes that `canon` is a true name. */
void alias_table_add_true(struct alias_table *table, struct str16 canon);

/* Whether it was noted. */
bool alias_table_is_true(const struct alias_table *table, struct str16 canon);

/* Notes that `from` stands for `to`; a later note on the same name counts instead of an earlier
 * one, also of alias_table_add_true(). Names too long for the table are not noted. */
void alias_table_add(struct alias_table *table, struct str16 from, struct str16 to);

/* What `from` stands for, in the shared memory; false when nothing was noted. */
bool alias_table_find(const struct alias_table *table, struct str16 from, struct str16 *to);

#endif
