// The VM's own files, in the store.
//
//   <folder>\files\C\dir\name        what the VM has at C:\dir\name: it hides the host's
//   <folder>\hidden\d.C\d.dir\h.name a mark ("l." before a part of a long name, see
//   STORE_MARK_UNITS): the host's C:\dir\name does not exist for the VM, nor does
//                                    anything below it
//   <folder>\work\                   files on their way into files\, each moved there in one step
//
// So a name is the VM's if it is in files\, else the host's if no mark hides it or a folder above
// it. Every change is a single creation, rename or deletion, in an order in which each intermediate
// state is a valid one: see docs/design.md, "The store".
#ifndef PLUME_LAYER_STORE_H
#define PLUME_LAYER_STORE_H

#include "layer/host.h"

/* Most units of a component that a mark's name has in one piece: with two more, in UTF-8, within
 * the 255 bytes that file systems below Wine allow. */
enum { STORE_MARK_UNITS = 80 };

/* What a canonical name (core/ntpath.h) stands for in the VM. */
struct store_view {
    ULONG upper;       // attributes of the VM's own, 0 when it has none
    ULONG lower;       // attributes of the host's as far as the VM sees it, 0 when it has none
    bool lower_hidden; // a mark hides the host's, whether it exists or not
    ULONG effective;   // attributes of what the VM sees, 0 for nothing
};

/* Spells the last component of `canon`, which is the host's, as the host does, in the VM's name
 * `upper` for it. What cannot be found out stays as it is. */
void store_spell_as_host(struct str16 canon, struct str16_buf *upper);

/* Whether the name, and what is above it, is as the host has it: answered from memory. Below a name
 * that is hidden the VM may have anything: a folder that was renamed to there. */
bool store_untouched(struct str16 canon);

/* Looks; makes no system call for what is untouched but the query of the host's attributes. */
NTSTATUS store_look(struct str16 canon, struct store_view *view);

/* The status for a name that does not exist: whether its folder is missing too, as the VM sees it.
 * `trailing`: a separator was given behind it, which Wine takes for a missing folder. */
NTSTATUS store_absent_status(struct str16 canon, bool trailing);

/* STATUS_DIRECTORY_NOT_EMPTY when the VM sees something in the host's folder `canon`. */
NTSTATUS store_check_lower_empty(struct str16 canon);

/* Whether a mark hides the host's file of this name. */
NTSTATUS store_is_hidden(struct str16 canon, bool *hidden);

/* The place of `canon` in files\ and on the host, as NT names in memory of layer_alloc()'s, with
 * room for `extra` more units; NULL when there is no memory. */
uint16_t *store_upper_name(struct str16 canon, size_t extra, struct str16_buf *name);
uint16_t *store_lower_name(struct str16 canon, size_t extra, struct str16_buf *name);

/* The canonical name of an entry of `folder`, in memory of layer_alloc()'s; NULL when there is
 * none. */
uint16_t *store_child_name(struct str16 folder, struct str16 name, struct str16 *child);

/* Makes the folder `canon` in files\, with those above it, each with the attributes of the host's.
 */
NTSTATUS store_make_folder(struct str16 canon);

/* Notes in memory that the VM is about to have `canon` of its own. */
void store_announce(struct str16 canon);

/* Copies the host's file `canon` to files\: its data (unless `empty`), times and attributes.
 * Atomic: the VM sees the host's until it sees the whole copy. Folders are made, without what is in
 * them. */
NTSTATUS store_copy_up(struct str16 canon, bool empty);

/* The same for a folder with everything below it that the VM sees. */
NTSTATUS store_copy_up_tree(struct str16 canon);

/* Takes a copied file in files\ away again: the VM sees the host's. */
void store_discard(struct str16 canon);

/* STATUS_DIRECTORY_NOT_EMPTY if the VM sees something of the host's in the folder `canon`, which
 * the host has. */
NTSTATUS store_check_lower_empty(struct str16 canon);

/* The folder in which the marks on what lies in the folder `canon` are, as store_upper_name(). */
uint16_t *store_marks_name(struct str16 canon, struct str16_buf *name);

/* The name that a mark in such a folder is for; false for what is no mark. */
bool store_marked_name(struct str16 mark, struct str16 *name);

/* Makes that folder. */
NTSTATUS store_make_marks_folder(struct str16 canon);

/* The name, relative to the folder of which store_marks_name() has the marks, that a mark at `path`
 * in it is for, put behind what *name has. False for what is no mark, but a folder of marks or
 * something else. */
bool store_marked_path(struct str16 path, struct str16_buf *name);

/* Sets the mark that hides the host's `canon`. */
NTSTATUS store_hide(struct str16 canon);

/* Takes the mark away if there is nothing of the host's that it hides. */
void store_forget_hidden(struct str16 canon);

/* The canonical name that an absolute NT name of the host has in the VM: of something in files\ the
 * name that the VM knows, and *own is set. *memory is layer_alloc()'s. STATUS_OBJECT_NAME_NOT_FOUND
 * for other names in the store, STATUS_OBJECT_TYPE_MISMATCH where it is no file's. */
NTSTATUS store_canon_of_host(struct str16 name, uint16_t **memory, struct str16 *canon, bool *own);

/* Whether `canon` is the store or below it. */
bool store_owns(struct str16 canon);

#endif
