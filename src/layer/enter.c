#include "layer/layer.h"
#include "core/pe.h"

// The side of the layer that is an ordinary DLL in the monitor and the command line: it maps the
// layer proper beside itself, as for any other process of the VM.

static struct layer_outside outside;

static void set_outside(void)
{
    outside.create_file = real.NtCreateFile;
    outside.create_named_pipe_file = real.NtCreateNamedPipeFile;
}

const struct layer_outside *plume_layer_outside(void)
{
    if (!outside.create_file && !layer_real_from_ntdll())
        set_outside();
    return &outside;
}

NTSTATUS plume_layer_enter(const struct layer_config *config, const char **what)
{
    *what = "reading ntdll";
    NTSTATUS status = layer_real_from_ntdll();
    if (status)
        return status;
    if (config->version != LAYER_CONFIG_VERSION) {
        *what = "the configuration is of another version";
        return STATUS_REVISION_MISMATCH;
    }
    layer_config = *config;
    return layer_install(NtCurrentProcess(), what);
}
