// Names that the system gives for handles, mappings and processes, as the VM has them.
#ifndef PLUME_LAYER_NAME_QUERY_H
#define PLUME_LAYER_NAME_QUERY_H

#include "layer/layer.h"

/* Replaces the host's name `host` (an NT name, or one of a file with its drive letter) by the VM's,
 * if it is one that the layer made: *translated, and *name in *memory, layer_alloc()'s. */
NTSTATUS name_translate(struct str16 host, uint16_t **memory, struct str16 *name, bool *translated);

/* A call that answers with a counted string and its text behind it. */
struct name_question {
    NTSTATUS(*ask)
    (const struct name_question *question, void *info, ULONG length, ULONG *returned);
    HANDLE handle;
    const void *address;
    ULONG class;
};

/* Makes it and answers as the system would if the VM's name were the host's: so does a buffer that
 * only the one or only the other fits in. No further call where the name is not the layer's. */
NTSTATUS name_answer(const struct name_question *question, void *info, ULONG length,
                     ULONG *returned);

/* Of a process that has not run yet, whose file is the VM's own: the name that its parameters give
 * it. Windows leaves there what the parent said, Wine puts the name that it was opened by
 * (dlls/ntdll/unix/env.c, create_startup_info); the loader takes the program's name and the
 * folder of its DLLs from it. */
NTSTATUS name_mend_parameters(HANDLE process);

struct process_id_information { // SYSTEM_PROCESS_ID_INFORMATION of phnt's ntexapi.h
    HANDLE process;             // an id
    UNICODE_STRING image;
};

/* NtQuerySystemInformation's class 88. The text is in a buffer that the program names, of
 * info->image.MaximumLength bytes; when that is too small, the length that it needs is put there.
 */
NTSTATUS name_of_process_id(struct process_id_information *info, ULONG length, ULONG *returned);

#endif
