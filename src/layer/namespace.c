#include "core/boundary.h"
#include "layer/guard.h"
#include "layer/layer.h"

// Private namespaces of named objects. They have no names in the tree of objects: the kernel knows
// one by its boundary descriptor, so that of a VM's has a mark. What is made and opened in one is
// named relative to its handle and needs nothing more. Wine 8 has neither the calls nor the
// functions that make them.

typedef NTSTATUS(NTAPI namespace_fn)(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *,
                                     const void *);

static NTSTATUS marked(namespace_fn *call, HANDLE *handle, ACCESS_MASK access,
                       const OBJECT_ATTRIBUTES *attributes, const uint8_t *boundary)
{
    uint16_t units[LAYER_ID_MAX + 8];
    struct str16_buf mark = {.s = units, .cap = sizeof units / sizeof *units};
    uint32_t size;
    layer_wake();
    if (!guard_readable(boundary, BOUNDARY_HEADER))
        return call(handle, access, attributes, boundary);
    memcpy(&size, boundary + BOUNDARY_SIZE_AT, sizeof size);
    if (size > BOUNDARY_MAX || !guard_readable(boundary, size))
        return STATUS_INVALID_PARAMETER;
    str16_put_ascii(&mark, "plume-");
    str16_put(&mark, str16_of(layer_config.id));
    str16_put_unit(&mark, '!');
    size_t room = size + mark.len * sizeof *mark.s + 8;
    layer_cleanup_free uint8_t *own = layer_alloc(room);
    if (!own)
        return STATUS_INSUFFICIENT_RESOURCES;
    // What the layer does not know could be the same namespace in two VMs.
    if (!boundary_mark(boundary, size, str16_view(&mark), own, room))
        return STATUS_INVALID_PARAMETER;
    return call(handle, access, attributes, own);
}

NTSTATUS NTAPI layer_NtCreatePrivateNamespace(HANDLE *handle, ACCESS_MASK access,
                                              const OBJECT_ATTRIBUTES *attributes,
                                              const void *boundary)
{
    return marked(real.NtCreatePrivateNamespace, handle, access, attributes, boundary);
}

NTSTATUS NTAPI layer_NtOpenPrivateNamespace(HANDLE *handle, ACCESS_MASK access,
                                            const OBJECT_ATTRIBUTES *attributes,
                                            const void *boundary)
{
    return marked(real.NtOpenPrivateNamespace, handle, access, attributes, boundary);
}
