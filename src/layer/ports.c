#include "layer/ports.h"
#include "layer/lock.h"

// The section is made by the first process of the VM that needs it and lives as long as one that
// did: it says nothing that is needed after them.
#define PORTS_SUFFIX ".ports"

struct sockaddr_ports *ports_table(void)
{
    static struct layer_lock lock;
    static struct sockaddr_ports *table;
    struct sockaddr_ports *found = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    if (found)
        return found;

    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    str16_put(&text, str16_of(layer_config.objects));
    str16_put_ascii(&text, PORTS_SUFFIX);
    UNICODE_STRING name = unicode_of_str16(str16_view(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    attributes.Attributes |= OBJ_OPENIF;
    HANDLE section = NULL;
    bool made;
    void *view = NULL;
    SIZE_T view_size = 0;
    LARGE_INTEGER size = {.QuadPart = sizeof *table};
    layer_lock(&lock);
    found = table;
    if (!found) {
        NTSTATUS status =
            real.NtCreateSection(&section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes, &size,
                                 PAGE_READWRITE, SEC_COMMIT, NULL);
        made = status == STATUS_SUCCESS; // else STATUS_OBJECT_NAME_EXISTS
        if (status >= 0)
            status = real.NtMapViewOfSection(section, NtCurrentProcess(), &view, 0, 0, NULL,
                                             &view_size, 2 /* ViewUnmap */, 0, PAGE_READWRITE);
        if (status >= 0) {
            found = view;
            __atomic_store_n(&table, found, __ATOMIC_RELEASE);
        }
        // The name lasts as long as the handle of the one who made it.
        if (section && (status < 0 || !made))
            real.NtClose(section);
    }
    layer_unlock(&lock);
    return found;
}

void ports_note(enum sockaddr_kind kind, unsigned port)
{
    struct sockaddr_ports *ports = ports_table();
    if (!ports || !port)
        return;
    __atomic_or_fetch(&ports->taken[port], (uint8_t)sockaddr_taken(kind), __ATOMIC_RELAXED);
    if (kind == SOCKADDR_MAPPED_TWIN)
        ports->state[port] = SOCKADDR_PORT_TWIN;
    else if (kind == SOCKADDR_MAPPED_OWN)
        ports->state[port] = SOCKADDR_PORT_OWN;
}

void ports_note_datagram(unsigned named, unsigned port)
{
    struct sockaddr_ports *ports = ports_table();
    if (!ports || !port)
        return;
    ports->datagram[named] = (uint16_t)port;
    ports->program[port] = (uint16_t)named;
}

void ports_forget_datagram(unsigned named)
{
    struct sockaddr_ports *ports = ports_table();
    if (ports && ports->datagram[named]) {
        ports->program[ports->datagram[named]] = 0;
        ports->datagram[named] = 0;
    }
}
