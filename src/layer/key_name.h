// The names that key calls are given, and the keys that handles stand for.
#ifndef PLUME_LAYER_KEY_NAME_H
#define PLUME_LAYER_KEY_NAME_H

#include "core/keyname.h"
#include "core/rules.h"
#include "layer/handles.h"
#include "layer/layer.h"

#define KEY_REGISTRY_PREFIX "\\REGISTRY\\"
enum { KEY_REGISTRY_LEN = sizeof KEY_REGISTRY_PREFIX - 1 };

/* Set in the change index (as CHANGE_KEY_UPPER) once the VM has made a link: the name with which
 * one of its own keys is opened may not be the key's name. */
#define KEY_LINKS_FLAG u"*links*"

/* How often the VM has renamed keys since it was started: after a change, the name with which a
 * handle on one of the VM's own was opened has to be looked up again. */
uint32_t key_rename_count(void);
void key_rename_note(void); // after the renaming

struct key_name {
    uint16_t *memory;
    struct str16 canon;
    bool registry;   // else the name leads out of the registry, and nothing else here is set
    bool shared;     // the host's, by the rules
    bool root_lower; // RootDirectory is given and stands for a key of the host's
};

/* Reads what a call names. `access` holds the KEY_WOW64_* bits, `link` is whether the name may be a
 * link's own. STATUS_OBJECT_NAME_NOT_FOUND for what does not exist in any VM; free with
 * key_name_free() in any case. */
NTSTATUS key_name_read(const OBJECT_ATTRIBUTES *attributes, ACCESS_MASK access, bool link,
                       struct key_name *name);
void key_name_free(struct key_name *name);
#define layer_cleanup_key_name __attribute__((cleanup(key_name_free)))

/* The same for an absolute name, as the target of a link is. */
NTSTATUS key_name_parse(struct str16 absolute, ACCESS_MASK access, bool link,
                        struct key_name *name);

/* The canonical name of an open key, in memory of layer_alloc()'s: the VM's name for it, without
 * "\REGISTRY\". It is empty for \REGISTRY itself. STATUS_KEY_DELETED for a deleted one of the VM's
 * own; the system's failure for a handle that is no key's. */
NTSTATUS key_name_of_handle(HANDLE handle, uint16_t **memory, struct str16 *canon);

/* What a call does with a handle. */
struct key_handle {
    HANDLE handle;
    struct handle_record *record;
    struct str16 canon;
    bool lower;         // on the host's key, which it can only read
    bool shared;        // nothing of the VM's: the call is the system's
    bool dead;          // its key was deleted; there may be another of its name
    bool clean;         // on a key of the host's of which the VM has changed nothing
    ACCESS_MASK access; // that the program asked for, generic rights spelt out
};

/* STATUS_SUCCESS also for a handle that is no key's: `shared`, so that the system answers. Release
 * in any case. */
NTSTATUS key_handle_read(HANDLE handle, struct key_handle *key);

/* The same without asking the system whether a key of the VM's own was deleted, for a call that
 * goes on to the system with that handle and so gets its answer: `dead` is of the host's only. */
NTSTATUS key_handle_read_quickly(HANDLE handle, struct key_handle *key);

/* Whether the key of a handle that was read so was deleted. */
bool key_handle_is_dead(const struct key_handle *key);
void key_handle_release(struct key_handle *key);
#define layer_cleanup_key_handle __attribute__((cleanup(key_handle_release)))

/* A handle on the host's key stands for the VM's own key `canon` from now on, which *own is opened
 * on: that becomes the handle's. */
NTSTATUS key_handle_renamed(struct key_handle *key, struct str16 canon, HANDLE *own);

/* Whether `canon` is the place of all VMs' keys, or below it. */
bool key_name_is_store(struct str16 canon);

/* The key that holds the place of all VMs' keys, and the name of that place in it. */
void key_name_store(struct str16 *parent, struct str16 *leaf);

/* What the kernel calls the VM's own key `canon`, with room for `extra` units: tree is "\upper" and
 * the like. NULL when there is no memory. */
uint16_t *key_name_in_tree(const char *tree, struct str16 canon, struct str16_buf *name);

/* Object attributes for an absolute name, which `text` is made to hold. */
static inline OBJECT_ATTRIBUTES key_attributes(UNICODE_STRING *text, struct str16 name)
{
    *text = unicode_of_str16(name);
    return (OBJECT_ATTRIBUTES){.Length = sizeof(OBJECT_ATTRIBUTES),
                               .ObjectName = text,
                               .Attributes = OBJ_CASE_INSENSITIVE};
}

/* Notes a handle that was opened on the VM's own key. */
void key_handle_add_upper(HANDLE handle, struct str16 canon, ACCESS_MASK access);

/* Notes in a handle's record that the host has no such key. */
void key_handle_set_alone(HANDLE handle);

/* The name of an open key from the kernel, in memory of layer_alloc()'s. */
NTSTATUS key_name_from_kernel(HANDLE handle, uint16_t **memory, struct str16 *absolute);

#endif
