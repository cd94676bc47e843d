#include "layer/ports.h"
#include "layer/lock.h"

// The section is made by the first process of the VM that binds an IPv6 socket and lives as long as
// one that did: it says nothing that is needed after them.
#define PORTS_SUFFIX ".ports"

static struct sockaddr_ports *ports;

static struct sockaddr_ports *get_ports(bool create)
{
    static struct layer_lock lock;
    struct sockaddr_ports *found = __atomic_load_n(&ports, __ATOMIC_ACQUIRE);
    if (found)
        return found;

    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    str16_put(&text, str16_of(layer_config.objects));
    str16_put_ascii(&text, PORTS_SUFFIX);
    UNICODE_STRING name = unicode_of_str16(str16_view(&text));
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .ObjectName = &name,
                                    .Attributes = OBJ_CASE_INSENSITIVE | (create ? OBJ_OPENIF : 0)};
    HANDLE section = NULL;
    void *view = NULL;
    SIZE_T view_size = 0;
    layer_lock(&lock);
    found = ports;
    if (!found) {
        LARGE_INTEGER size = {.QuadPart = sizeof *ports};
        NTSTATUS status = create ? real.NtCreateSection(&section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes, &size,
                                                        PAGE_READWRITE, SEC_COMMIT, NULL)
                                 : real.NtOpenSection(&section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes);
        if (status >= 0)
            status = real.NtMapViewOfSection(section, NtCurrentProcess(), &view, 0, 0, NULL, &view_size, 2 /* ViewUnmap */, 0,
                                             PAGE_READWRITE);
        if (status >= 0) {
            found = view; // the handle stays open: it keeps the name
            __atomic_store_n(&ports, found, __ATOMIC_RELEASE);
        } else if (section) {
            real.NtClose(section);
        }
    }
    layer_unlock(&lock);
    return found;
}

enum sockaddr_port_state ports_get(unsigned port)
{
    const struct sockaddr_ports *all = get_ports(false);
    return all ? __atomic_load_n(&all->state[port & 0xffff], __ATOMIC_RELAXED) : SOCKADDR_PORT_NONE;
}

void ports_set(unsigned port, enum sockaddr_port_state state)
{
    struct sockaddr_ports *all = get_ports(true);
    if (all)
        __atomic_store_n(&all->state[port & 0xffff], (uint8_t)state, __ATOMIC_RELAXED);
}
