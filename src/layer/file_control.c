#include "layer/alias.h"
#include "layer/file_lower.h"
#include "layer/pipe.h"

// NtFsControlFile: requests to file systems and to the pipes' one.

enum {
    FSCTL_SET_REPARSE = 0x900a4,
    FSCTL_DELETE_REPARSE = 0x900ac,
    FSCTL_SET_REPARSE_EX = 0x9040c, // from Windows 10 on
};

NTSTATUS NTAPI layer_NtFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                                     void *apc_context, IO_STATUS_BLOCK *io, ULONG code, void *in,
                                     ULONG in_length, void *out, ULONG out_length)
{
    layer_cleanup_free void *rewritten = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    layer_wake();
    if (code == FSCTL_CREATE_OR_GET_OBJECT_ID) // changes a file that may only be read
        status = file_lower_own(&file);
    else if (code == FSCTL_PIPE_WAIT_CODE)
        status = pipe_rewrite_wait(&in, &in_length, &rewritten);
    if (status)
        return status;
    file = file_lower_current(file);
    status = real.NtFsControlFile(file, event, apc, apc_context, io, code, in, in_length, out,
                                  out_length);
    if (!status && (code == FSCTL_SET_REPARSE || code == FSCTL_DELETE_REPARSE ||
                    code == FSCTL_SET_REPARSE_EX)) {
        layer_cleanup_free uint16_t *memory = NULL;
        struct str16 canon;
        bool own;
        if (!file_name_of_handle(file, &memory, &canon, &own) && own)
            alias_link_changed(canon);
    }
    return status;
}
