// What this process changed of the VM's keys last, so that a listing that it is in the middle of
// need not be read anew for its own changes: who deletes 10,000 sub-keys one after the other, each
// found by enumeration, reads the listing once.
#ifndef PLUME_LAYER_KEY_JOURNAL_H
#define PLUME_LAYER_KEY_JOURNAL_H

#include "layer/changes.h"

enum key_change {
    KEY_CHANGE_ADDED,         // the key got a sub-key
    KEY_CHANGE_REMOVED,       // the key lost the sub-key `name`
    KEY_CHANGE_VALUE_SET,     // the key got a value, or one was changed
    KEY_CHANGE_VALUE_REMOVED, // the key lost the value `name`
    KEY_CHANGE_OTHER,         // anything, anywhere
};

/* Tells all processes of the VM that its keys have changed; to be called after the change. `name`
 * may be empty where it does not count. */
void key_changed(enum key_change change, struct str16 canon, struct str16 name);

struct key_listing;

/* Brings part `values` of the listing of `canon` from its generation to the present one, if all the
 * changes since are this process's and known. False: it has to be read. */
bool key_journal_apply(struct str16 canon, bool values, struct key_listing *listing);

#endif
