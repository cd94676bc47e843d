// What the parts of a copy-up offer each other and those who make files of the VM's in other ways.
#ifndef PLUME_LAYER_COPYUP_H
#define PLUME_LAYER_COPYUP_H

#include "layer/host.h"

enum { COPYUP_WORK_NAME_MAX = LAYER_PATH_MAX + 48 }; // units of a name in work\.

/* Makes a new file or folder (by `options`) in work\, of a name that no other process takes.
 * *name is kept in `units`, which has room for COPYUP_WORK_NAME_MAX. */
NTSTATUS copyup_make_work(ACCESS_MASK access, ULONG options, ULONG attributes, uint16_t *units,
                          struct str16_buf *name, HANDLE *handle);

/* Copies the data of `from`, an open file or stream, to the empty `to`, whose volume's means it
 * uses: shared blocks, holes. `attributes` are those of the file that `from` is of. */
NTSTATUS copyup_data(HANDLE from, HANDLE to, ULONG attributes);

/* The same through memory that `from` is mapped to, without its holes: for a handle that others
 * read through, whose position stays. */
NTSTATUS copyup_mapped(HANDLE from, HANDLE to);

/* Copies what a file or folder has besides its data, attributes and times: security, extended
 * attributes, named streams. What a file system does not have is left out. `from_name` and
 * `to_name` are the absolute names. */
NTSTATUS copyup_properties(HANDLE from, struct str16 from_name, HANDLE to, struct str16 to_name,
                           ULONG attributes);

/* The same without what an overwriting throws away: the security alone. */
NTSTATUS copyup_security(HANDLE from, struct str16 from_name, HANDLE to, struct str16 to_name);

/* The security descriptor of an open file, in *memory of layer_alloc()'s. */
NTSTATUS copyup_read_security(HANDLE file, SECURITY_INFORMATION what, void **memory);

/* Whether a failure says that a file system or the system has no such thing. */
bool copyup_is_lacking(NTSTATUS status);

/* Makes the VM's folder `canon`, at `upper`, as a copy of the host's at `lower`, without what is in
 * it, in one step. It is no failure if it is there. */
NTSTATUS copyup_folder(struct str16 canon, struct str16 lower, struct str16 upper);

#endif
