#include "core/publish.h"
#include "core/vmconfig.h"

static bool read_port(struct str16 text, uint16_t *port)
{
    uint32_t sum = 0;
    if (!text.len || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.s[i] < '0' || text.s[i] > '9')
            return false;
        sum = sum * 10 + (uint32_t)(text.s[i] - '0');
    }
    *port = (uint16_t)sum;
    return sum && sum <= 65535;
}

/* Where the unit stands, or the text's length. */
static size_t find(struct str16 text, uint16_t unit)
{
    size_t at = 0;
    while (at < text.len && text.s[at] != unit)
        at++;
    return at;
}

static bool read_range(struct str16 text, uint16_t *first, uint16_t *last)
{
    size_t dash = find(text, '-');
    if (!read_port(str16_first(text, dash), first))
        return false;
    *last = *first;
    return dash == text.len ||
           (read_port(str16_skip(text, dash + 1), last) && *last >= *first);
}

static bool read_address(struct str16 text, uint32_t *address)
{
    char ascii[16];
    if (text.len >= sizeof ascii)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.s[i] > 0x7f)
            return false;
        ascii[i] = (char)text.s[i];
    }
    return ipv4_from_text(address, ascii, text.len);
}

enum publish_fault publish_parse(struct publish *publish, struct str16 text)
{
    *publish = (struct publish){0};
    size_t slash = find(text, '/');
    if (slash < text.len) {
        struct str16 protocol = str16_skip(text, slash + 1);
        publish->udp = str16_equal_ascii(protocol, "udp");
        if (!publish->udp && !str16_equal_ascii(protocol, "tcp"))
            return PUBLISH_BAD_PROTOCOL;
        text = str16_first(text, slash);
    }
    if (!text.len)
        return PUBLISH_NO_PORT;
    // From the right: the VM's ports, the host's, the host's address.
    struct str16 parts[3] = {{0}};
    size_t count = 0;
    for (struct str16 rest = text; count < 3; count++) {
        size_t colon = find(rest, ':');
        parts[count] = str16_first(rest, colon);
        if (colon == rest.len) {
            count++;
            break;
        }
        rest = str16_skip(rest, colon + 1);
        if (count == 2)
            return PUBLISH_BAD_ADDRESS; // more than three: an IPv6 address, which is not done
    }
    struct str16 vm = parts[count - 1];
    if (!vm.len)
        return PUBLISH_NO_PORT;
    if (!read_range(vm, &publish->vm_first, &publish->vm_last))
        return PUBLISH_BAD_VM_PORT;
    if (count > 1 && parts[count - 2].len &&
        !read_range(parts[count - 2], &publish->host_first, &publish->host_last))
        return PUBLISH_BAD_HOST_PORT;
    if (count == 3 && parts[0].len && !read_address(parts[0], &publish->address))
        return PUBLISH_BAD_ADDRESS;
    unsigned length = (unsigned)publish->host_last - publish->host_first;
    if (publish->host_first && publish->vm_first != publish->vm_last &&
        length != (unsigned)publish->vm_last - publish->vm_first)
        return PUBLISH_BAD_RANGES;
    return PUBLISH_OK;
}

const char *publish_fault_text(enum publish_fault fault)
{
    switch (fault) {
    case PUBLISH_OK:
        return "";
    case PUBLISH_NO_PORT:
        return "there is no port of the VM in";
    case PUBLISH_BAD_PROTOCOL:
        return "the protocols are 'tcp' and 'udp', unlike in";
    case PUBLISH_BAD_VM_PORT:
        return "the VM's port must be 1 to 65535, or a range of these, unlike in";
    case PUBLISH_BAD_HOST_PORT:
        return "the host's port must be 1 to 65535, or a range of these, unlike in";
    case PUBLISH_BAD_ADDRESS:
        return "the host's address must be an IPv4 address, unlike in";
    case PUBLISH_BAD_RANGES:
        return "the host's range and the VM's must be equally long, unlike in";
    }
    return "";
}

static size_t put_number(char *out, uint32_t value)
{
    char digits[10];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

static size_t put_range(char *out, uint16_t first, uint16_t last)
{
    size_t len = put_number(out, first);
    if (last != first) {
        out[len++] = '-';
        len += put_number(out + len, last);
    }
    return len;
}

void publish_write(const struct publish *publish, char out[PUBLISH_TEXT_MAX])
{
    size_t len = 0;
    ipv4_to_text(publish->address, out);
    while (out[len])
        len++;
    out[len++] = ':';
    if (publish->host_first)
        len += put_range(out + len, publish->host_first, publish->host_last);
    out[len++] = ':';
    len += put_range(out + len, publish->vm_first, publish->vm_last);
    memcpy(out + len, publish->udp ? "/udp" : "/tcp", 5);
}

unsigned publish_count(const struct publish *publish)
{
    return (unsigned)publish->vm_last - publish->vm_first + 1;
}

void publish_candidates(const struct publish *publish, unsigned index, uint16_t *first,
                        uint16_t *last)
{
    *first = publish->host_first;
    *last = publish->host_last;
    if (publish->host_first && publish->vm_first != publish->vm_last)
        *first = *last = (uint16_t)(publish->host_first + index);
}
