#include "layer/bitness.h"
#include "layer/image.h"
#include "layer/layer.h"
#include "layer/limit.h"
#include "layer/name_query.h"
#include "layer/offsets.h"
#include "layer/pipe_trigger.h"
#include "layer/socket_ask.h"

// The side of the layer that is an ordinary DLL in the monitor and the command line: it maps the
// layer proper beside itself, as for any other process of the VM.

#ifdef __i386__
#define LAYER_IMAGE_BASE "___ImageBase"
#else
#define LAYER_IMAGE_BASE "__ImageBase"
#endif
extern const uint8_t layer_own_base[] __asm__(LAYER_IMAGE_BASE); // the linker's

static struct layer_outside outside;

static void set_outside(void)
{
    outside.create_named_pipe_file = real.NtCreateNamedPipeFile;
    outside.open_file = real.NtOpenFile;
    outside.limit_processes = limit_processes;
    outside.expect_pipes = pipe_trigger_expect;
    outside.check_processes = limit_check;
    outside.open_process = (__typeof__(outside.open_process))(void *)real.NtOpenProcess;
}

NTSTATUS plume_layer_share(const struct layer_config *config, const char **what)
{
    *what = "reading ntdll";
    NTSTATUS status = layer_real_from_ntdll();
    if (status)
        return status;
    layer_config = *config;
    status = layer_find_stubs(what);
    return status ? status : image_share(what);
}

const struct layer_outside *plume_layer_outside(void)
{
    if (!outside.create_named_pipe_file && !layer_real_from_ntdll())
        set_outside();
    return &outside;
}

NTSTATUS plume_layer_enter(const struct layer_config *config, const char **what)
{
    uint8_t *base;
    *what = "reading ntdll";
    NTSTATUS status = layer_real_from_ntdll();
    if (!status)
        status = offsets_check(what);
    if (status)
        return status;
    if (config->version != LAYER_CONFIG_VERSION) {
        *what = "the configuration is of another version";
        return STATUS_REVISION_MISMATCH;
    }
    layer_config = *config;
    status = layer_install(NtCurrentProcess(), 0, &base, what);
    if (status)
        return status;
    // From here on ntdll's own functions lead into the layer; around it lead its trampolines.
    memcpy(&real, base + ((const uint8_t *)&real - layer_own_base), sizeof real);
    set_outside();
    // The DLLs that this process has loaded already are not waited for.
#define IN_THE_MAPPED_LAYER(function)                                                              \
    ((__typeof__(&(function)))(base + ((const uint8_t *)(uintptr_t)(function)-layer_own_base)))
    outside.check_processes = IN_THE_MAPPED_LAYER(limit_check);
    outside.exempt_socket = IN_THE_MAPPED_LAYER(socket_exempt);
    outside.start_outside = IN_THE_MAPPED_LAYER(process_start_outside);
    outside.set_other_bitness = IN_THE_MAPPED_LAYER(bitness_set_give);
    IN_THE_MAPPED_LAYER(layer_wake)();
    return STATUS_SUCCESS;
}

NTSTATUS plume_layer_give(const struct layer_config *config, HANDLE process, uint32_t child,
                          const char **what)
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
    status = layer_install(process, child, NULL, what);
    if (!status && child & LAYER_CHILD_OWN_IMAGE) {
        *what = "telling the process its program's name";
        status = name_mend_parameters(process);
    }
    return status;
}
