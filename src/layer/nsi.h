// The system's lists of connections and addresses, without what is not the VM's: core/nsi.h.
#ifndef PLUME_LAYER_NSI_H
#define PLUME_LAYER_NSI_H

#include "layer/layer.h"

/* Does the NtDeviceIoControlFile with these arguments if it is for one of the lists; false where it
 * is not, and nothing is done. */
bool nsi_enumerate(HANDLE file, HANDLE event, IO_STATUS_BLOCK *io, ULONG code, const void *in,
                   ULONG in_length, void *out, ULONG out_length, NTSTATUS *status);

#endif
