// Which names a VM may have changed: a set of hashes in memory that all of its processes share.
//
// It only grows and needs no lock: the truth is on the disk (or in the registry), and the set says
// where to look for it. A name that is not in the set is as the host has it, without any system
// call (invariant I5); one that is may turn out to be unchanged after a look. So a hash collision
// costs a look, never a wrong answer, provided that a name is added before its change is made.
#ifndef PLUME_CORE_CHANGE_INDEX_H
#define PLUME_CORE_CHANGE_INDEX_H

#include "core/str16.h"

enum change {
    CHANGE_FILE_UPPER,  // the VM has a file or folder of this name
    CHANGE_FILE_HIDDEN, // the host's file or folder of this name, with all below it, does not exist
                        // for the VM
    CHANGE_FILE_LISTING, // the folder's listing differs from the host's
    CHANGE_KEY_UPPER,    // the same for keys
    CHANGE_KEY_HIDDEN,
    CHANGE_KEY_LISTING,
    CHANGE_KEY_NO_VALUE, // some of the key's values were deleted
    CHANGE_KEY_DELETED,  // a key of this name was deleted since the VM was started
    CHANGE_KEY_SECURITY, // the key may have been given a security descriptor
    CHANGE_FILE_COPIED,  // the VM's file or folder of this name came into being as a copy of the
                         // host's, since the VM started
    CHANGE_KEY_RENAMED,  // counted only: see change_index_note()
    CHANGE_KEY_VALUE_HIDDEN, // KEY\VALUE: this value of the host's key was deleted
    CHANGE_KEY_TIME,         // there may be a note on when the key was written
    CHANGE_KEY_TIMES_BELOW,  // there may be one on a sub-key of it
    CHANGE_FOLDER_RENAMED,   // counted only
    CHANGE_KINDS
};

struct change_index; // the shared memory

/* Bytes of shared memory for 1 << order hashes. */
size_t change_index_size(unsigned order);

/* Makes zeroed shared memory of change_index_size(order) an empty set. */
void change_index_init(struct change_index *index, unsigned order);

/* Adds; when the set is full, everything counts as changed from then on. */
void change_index_add(struct change_index *index, enum change change, struct str16 canon);

/* Whether `canon` may have been changed in this way. */
bool change_index_has(const struct change_index *index, enum change change, struct str16 canon);

/* The same two for the name canon\leaf. */
void change_index_add_leaf(struct change_index *index, enum change change, struct str16 canon,
                           struct str16 leaf);
bool change_index_has_leaf(const struct change_index *index, enum change change, struct str16 canon,
                           struct str16 leaf);

/* The same for `canon` or any name above it. */
bool change_index_has_above(const struct change_index *index, enum change change,
                            struct str16 canon);

/* Whether `canon` may have been changed in the way `here`, or it or any name above it in the way
 * `above`: both in one reading of the name. */
bool change_index_touched(const struct change_index *index, enum change here, enum change above,
                          struct str16 canon);

/* Counts one more change of a kind that names do not matter to. */
void change_index_note(struct change_index *index, enum change change);

/* How many names were added, or changes were noted, of this kind. No further names are counted when
 * the set is full. */
uint32_t change_index_count(const struct change_index *index, enum change change);

/* A number that is another one after every change_index_add() and change_index_note(): as long as
 * it is what it was before a look, what was not in the set then is not in it now. */
uint32_t change_index_version(const struct change_index *index);

/* A number that is another one after every change of the kind 'keys' (files have no use for it):
 * lets a process keep what it has read. */
uint32_t change_index_generation(const struct change_index *index);
uint32_t change_index_bump(struct change_index *index); // returns the new one

#endif
