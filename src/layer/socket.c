#include "core/sockaddr.h"
#include "layer/handles.h"
#include "layer/nsi.h"
#include "layer/ports.h"
#include "layer/socket_ask.h"
#include "layer/trace.h"

// The network: requests to the socket driver get the VM's addresses, and their results lose them
// again. The decisions, and the forms of the requests, are in core/sockaddr.c.
//
// Binding any address with port 0 is special: a program does it before ConnectEx, to reach
// anything, and before listening. What is bound to loopback reaches nothing else, so a stream
// socket is bound only when it is known what for: when it listens (the VM's address) or is asked
// for its name (the same), or connects (any address, the system's choice). Datagram sockets are
// bound to any address in that case (and not bound at all when they send unbound, as ever): an
// ephemeral port collides with nobody's.
//
// IPv4 datagram sockets under Wine have 127.0.0.1 instead of the VM's address: see struct
// sockaddr_ports. What comes from 127.0.0.1 itself is answered there.
//
// Not translated, because it arrives in the program's memory when the layer is not looking: the
// peer's address of an overlapped WSARecvFrom that does not complete at once, the addresses that
// AcceptEx leaves in its buffer, and addresses in control messages. They then show the VM's own
// address, with which the program can go on just as well. Nor does the layer see bindings of a
// socket that another process gave it: of those, what was bound as any address is shown as
// loopback.

#define STATUS_INVALID_ADDRESS_COMPONENT ((NTSTATUS)0xC0000207) // WSAEADDRNOTAVAIL
#ifndef STATUS_NETWORK_UNREACHABLE
#define STATUS_NETWORK_UNREACHABLE ((NTSTATUS)0xC000023C) // WSAENETUNREACH
#endif
#define STATUS_ADDRESS_ALREADY_ASSOCIATED ((NTSTATUS)0xC0000238) // WSAEINVAL
#ifndef STATUS_SHARING_VIOLATION
#define STATUS_SHARING_VIOLATION ((NTSTATUS)0xC0000043) // WSAEADDRINUSE
#endif

enum { INPUT_MAX = 128 }; // a larger input is copied to allocated memory

/* What the layer keeps of a socket, as the units of a handle's record. */
enum socket_flag {
    SOCKET_PENDING = 1,   // the binding is only noted
    SOCKET_IPV6_ONLY = 2, // the program's view: the system's socket no longer is
    SOCKET_OPENED = 4,    // it has been made to take IPv4 too, if it did not
    SOCKET_EXEMPT = 8,    // nothing is translated
};
struct socket_note {
    enum sockaddr_kind bound; // what the program named, or SOCKADDR_OTHER
    unsigned flags;
};

struct call {
    HANDLE file, event;
    PIO_APC_ROUTINE apc;
    void *apc_context;
    IO_STATUS_BLOCK *io;
    ULONG code;
    void *in;
    ULONG in_length;
    void *out;
    ULONG out_length;
};

static struct socket_note get_note(HANDLE socket)
{
    struct socket_note note = {SOCKADDR_OTHER, 0};
    layer_cleanup_record struct handle_record *record = handles_get(socket, HANDLE_SOCKET);
    if (record && record->canon.len == 2) {
        note.bound = record->canon.s[0];
        note.flags = record->canon.s[1];
    }
    return note;
}

static void set_note(HANDLE socket, struct socket_note note)
{
    const uint16_t units[2] = {(uint16_t)note.bound, (uint16_t)note.flags};
    if (note.bound == SOCKADDR_OTHER && !note.flags)
        handles_remove(socket);
    else
        handles_add(socket, HANDLE_SOCKET, (struct str16){units, 2}, false, 0);
}

void socket_exempt(HANDLE socket)
{
    set_note(socket, (struct socket_note){SOCKADDR_OTHER, SOCKET_EXEMPT});
}

static NTSTATUS pass(const struct call *call)
{
    return real.NtDeviceIoControlFile(call->file, call->event, call->apc, call->apc_context,
                                      call->io, call->code, call->in, call->in_length, call->out,
                                      call->out_length);
}

static NTSTATUS pass_and_wait(const struct call *call)
{
    NTSTATUS status = pass(call);
    return status == STATUS_PENDING && call->event && !call->apc
               ? socket_wait(call->event, call->io, false)
               : status;
}

/* Makes a socket take the mapped addresses, as far as it still can. */
static void open_to_ipv4(HANDLE socket, struct socket_note *note)
{
    if (note->flags & SOCKET_OPENED)
        return;
    if (socket_is_ipv6_only(socket)) {
        socket_set_ipv6_only(socket, FALSE);
        note->flags |= SOCKET_IPV6_ONLY;
    }
    note->flags |= SOCKET_OPENED;
}

/* Notes the port that a datagram socket has at 127.0.0.1, unless it is known. */
static void note_own_port(HANDLE socket)
{
    uint8_t bytes[64] = {0};
    struct sockaddr_view view;
    struct sockaddr_vm addresses = socket_vm();
    struct sockaddr_ports *ports = layer_ports;
    if (socket_end(socket, false, bytes, sizeof bytes, &view) &&
        sockaddr_kind(&addresses, view) == SOCKADDR_LOOPBACK4 &&
        !ports->program[sockaddr_port(view)])
        ports_note_datagram(sockaddr_port(view), sockaddr_port(view));
}

/* Replaces what a program addresses by where that is. */
static void to_reach(struct sockaddr_view view, enum socket_type type)
{
    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view), target;
    bool ipv6 = kind == SOCKADDR_LOOPBACK6 || kind == SOCKADDR_ANY6;
    unsigned port = sockaddr_port(view);
    target = sockaddr_to_reach(kind, SOCKADDR_PORT_NONE);
    if (target == SOCKADDR_OTHER)
        return;
    struct sockaddr_ports *ports = layer_ports;
    if (ipv6) {
        target = sockaddr_to_reach(kind, ports->state[port]);
    } else if (type != SOCKET_STREAM && (ports->datagram[port] || ports->program[port])) {
        // To one at 127.0.0.1, by the port that the program knows or by the one that it has.
        target = sockaddr_is_ipv6(view) ? SOCKADDR_MAPPED_LOOPBACK : SOCKADDR_LOOPBACK4;
        if (ports->datagram[port])
            sockaddr_set_port(view, ports->datagram[port]);
    }
    if (ports && type == SOCKET_STREAM && !(ports->taken[port] & sockaddr_taken(target)))
        sockaddr_set_port(view, SOCKADDR_REFUSING_PORT);
    sockaddr_set(&addresses, view, target);
}

/* The port that the program knows, of an address at 127.0.0.1. */
static void show_port(enum sockaddr_kind kind, struct sockaddr_view view)
{
    if (kind != SOCKADDR_LOOPBACK4 && kind != SOCKADDR_MAPPED_LOOPBACK)
        return;
    unsigned program = layer_ports->program[sockaddr_port(view)];
    if (program)
        sockaddr_set_port(view, program);
}

/* Does what was put off: binds the socket inside the VM, or to any address. */
static NTSTATUS bind_pending(HANDLE socket, struct socket_note *note, bool inside)
{
    bool ipv6 = note->bound == SOCKADDR_ANY6, only = note->flags & SOCKET_IPV6_ONLY;
    enum sockaddr_kind kind = inside ? sockaddr_to_bind(note->bound, only) : note->bound;
    if (inside && only)
        socket_set_ipv6_only(socket, FALSE);
    NTSTATUS status = socket_bind(socket, kind, ipv6);
    if (status)
        return status;
    note->flags = (note->flags & ~(unsigned)SOCKET_PENDING) | (inside ? SOCKET_OPENED : 0);
    set_note(socket, *note);
    uint8_t bytes[64] = {0};
    struct sockaddr_view view;
    if (inside && socket_end(socket, false, bytes, sizeof bytes, &view))
        ports_note(kind, sockaddr_port(view));
    return STATUS_SUCCESS;
}

/* Completes a request without the system. */
static NTSTATUS complete(const struct call *call, ULONG_PTR information)
{
    call->io->Status = STATUS_SUCCESS;
    call->io->Information = information;
    if (call->event)
        real.NtSetEvent(call->event, NULL);
    return STATUS_SUCCESS;
}

/* Binding any address with port 0. True when the request is answered, with *status. */
static bool bind_any_port(const struct call *call, enum sockaddr_kind kind,
                          struct sockaddr_view view, NTSTATUS *status)
{
    uint8_t bytes[64] = {0};
    struct sockaddr_view bound;
    bool only = kind == SOCKADDR_ANY6 && socket_is_ipv6_only(call->file);
    struct socket_note note = {kind, only ? SOCKET_IPV6_ONLY : 0};

    if (socket_type_of(call->file) != SOCKET_STREAM) {
        if (only)
            socket_set_ipv6_only(call->file, FALSE); // so that it can send to the VM's address too
        note.flags |= SOCKET_OPENED;
        *status = pass_and_wait(call);
        if (!*status)
            set_note(call->file, note);
        else if (only)
            socket_set_ipv6_only(call->file, TRUE);
        return true;
    }
    if (socket_end(call->file, false, bytes, sizeof bytes, &bound))
        return false; // is bound: let the system say what it says to that
    note.flags |= SOCKET_PENDING;
    set_note(call->file, note);
    if (!(get_note(call->file).flags & SOCKET_PENDING))
        return false; // no memory to keep it in
    ULONG length = sockaddr_is_ipv6(view) ? SOCKADDR_MAX : 16;
    if (call->out && call->out_length >= length)
        memcpy(call->out, view.at, length);
    *status = complete(call, length);
    return true;
}

/* Binds an IPv4 datagram socket to 127.0.0.1, because Wine would not bind it to V. */
static NTSTATUS bind_datagram(const struct call *call, enum sockaddr_kind kind,
                              struct sockaddr_view view)
{
    struct sockaddr_vm addresses = socket_vm();
    struct sockaddr_ports *ports = layer_ports;
    struct sockaddr_view result;
    unsigned named = sockaddr_port(view);
    sockaddr_set(&addresses, view, SOCKADDR_LOOPBACK4);
    // The port that this VM had in its place before: if that is in use, it is by the VM itself.
    bool before = named && ports->datagram[named];
    if (before)
        sockaddr_set_port(view, ports->datagram[named]);
    NTSTATUS status = pass_and_wait(call);
    if (status == STATUS_SHARING_VIOLATION && named && !before) {
        sockaddr_set_port(view, 0);
        status = pass_and_wait(call);
    }
    if (status)
        return status;
    unsigned port = sockaddr_port(view);
    if (call->out && sockaddr_find_result(call->out, call->out_length, &result)) {
        port = sockaddr_port(result);
        sockaddr_set_port(result, named ? named : port);
        sockaddr_set(&addresses, result, kind);
    }
    ports_note_datagram(named ? named : port, port);
    ports_note_named(SOCKADDR_OWN4, kind, named ? named : port);
    set_note(call->file, (struct socket_note){kind, SOCKET_OPENED});
    return status;
}

static NTSTATUS do_bind(const struct call *call, struct sockaddr_view view)
{
    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view), target;
    NTSTATUS status;

    if (get_note(call->file).flags & SOCKET_PENDING)
        return STATUS_ADDRESS_ALREADY_ASSOCIATED;
    if ((kind == SOCKADDR_ANY4 || kind == SOCKADDR_ANY6) && !sockaddr_port(view) && call->io &&
        bind_any_port(call, kind, view, &status))
        return status;
    bool only = sockaddr_is_ipv6(view) && socket_is_ipv6_only(call->file);
    target = sockaddr_to_bind(kind, only);
    if (target == SOCKADDR_OTHER)
        return STATUS_INVALID_ADDRESS_COMPONENT;
    bool takes_ipv4 = target == SOCKADDR_OWN4 || target == SOCKADDR_MAPPED_OWN;
    enum socket_type type = takes_ipv4 ? socket_type_of(call->file) : SOCKET_STREAM;
    if (target == SOCKADDR_OWN4 && type == SOCKET_WINE_DATAGRAM)
        return bind_datagram(call, kind, view);
    if (only)
        socket_set_ipv6_only(call->file, FALSE);
    unsigned port = sockaddr_port(view);
    sockaddr_set(&addresses, view, target);
    status = pass_and_wait(call);
    if (status < 0 && only)
        socket_set_ipv6_only(call->file, TRUE);
    if (status == STATUS_PENDING)
        ports_note(target, port); // without an event to wait for, the result comes unseen
    if (status)
        return status;

    set_note(call->file, (struct socket_note){kind, SOCKET_OPENED | (only ? SOCKET_IPV6_ONLY : 0)});
    struct sockaddr_view result;
    if (call->out && sockaddr_find_result(call->out, call->out_length, &result) &&
        sockaddr_kind(&addresses, result) == target) {
        port = sockaddr_port(result);
        sockaddr_set(&addresses, result, kind);
    }
    ports_note(target, port);
    ports_note_named(target, kind, port);
    if (type != SOCKET_STREAM)
        ports_forget_datagram(port);
    return status;
}

static NTSTATUS do_connect(const struct call *call, struct sockaddr_view view)
{
    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view);
    enum socket_type type = SOCKET_STREAM;
    struct socket_note note = get_note(call->file);
    bool ipv6 = kind == SOCKADDR_LOOPBACK6 || kind == SOCKADDR_ANY6,
         pending = note.flags & SOCKET_PENDING;
    NTSTATUS status;

    if (kind == SOCKADDR_OTHER && layer_config.no_network)
        return STATUS_NETWORK_UNREACHABLE;
    if (sockaddr_to_reach(kind, SOCKADDR_PORT_NONE) != SOCKADDR_OTHER && !pending)
        type = socket_type_of(call->file);
    if (ipv6 && (pending || !sockaddr_must_be_bound(call->code, call->in, call->in_length))) {
        // To ::1, from the twin: that fails where the socket is bound, and then it is sent from
        // where it is.
        if (pending && note.flags & SOCKET_IPV6_ONLY)
            socket_set_ipv6_only(call->file, FALSE);
        else
            open_to_ipv4(call->file, &note);
        socket_bind(call->file, SOCKADDR_MAPPED_TWIN, true);
    } else if (type != SOCKET_STREAM && !sockaddr_is_ipv6(view)) {
        // A datagram socket that is connected takes only what comes to its own address, and answers
        // are sent to the VM's.
        socket_bind(call->file, type == SOCKET_DATAGRAM ? SOCKADDR_OWN4 : SOCKADDR_LOOPBACK4,
                    false);
    } else if (pending) {
        // Who connects out of a VM with an address of the host's is seen there with that one.
        status = bind_pending(call->file, &note,
                              sockaddr_is_hosts(&addresses) && note.bound == SOCKADDR_ANY4);
        if (status)
            return status;
    } else if (kind == SOCKADDR_OTHER && sockaddr_is_hosts(&addresses) && !sockaddr_is_ipv6(view) &&
               !sockaddr_must_be_bound(call->code, call->in, call->in_length) &&
               socket_type_of(call->file) == SOCKET_STREAM) {
        socket_bind(call->file, SOCKADDR_OWN4, false); // the same; fails where it is bound
    }
    to_reach(view, type);
    // What is connected has the address that it uses, no longer what it was bound to.
    note.bound = SOCKADDR_OTHER;
    note.flags &= ~(unsigned)SOCKET_PENDING;
    status = pass(call);
    if (status >= 0) {
        set_note(call->file, note);
        if (type == SOCKET_WINE_DATAGRAM)
            note_own_port(call->file);
    }
    return status;
}

/* The same, recorded with the address that the program gave. */
static NTSTATUS with_trace(const struct call *call, struct sockaddr_view view, bool binds)
{
    struct sockaddr_vm addresses = socket_vm();
    bool outside = sockaddr_kind(&addresses, view) == SOCKADDR_OTHER;
    struct trace_what what = {TRACE_SOCKET, outside ? TRACE_SHARED : TRACE_PRIVATE,
                              binds ? "bind" : "connect", 0, 0};
    uint16_t units[SOCKADDR_TEXT_MAX];
    struct str16_buf text = {.s = units, .cap = SOCKADDR_TEXT_MAX};
    sockaddr_put_text(&text, view);
    what.status = binds ? do_bind(call, view) : do_connect(call, view);
    if (outside && what.status < 0 && (binds || layer_config.no_network))
        what.outcome = TRACE_DENIED;
    trace_put(&what, (struct str16){0}, str16_view(&text));
    return what.status;
}

/* Requests with an address in their input: made with a copy, which the system has read when the
 * call returns. */
static NTSTATUS with_input(const struct call *call, const struct sockaddr_request *form)
{
    uint8_t small[INPUT_MAX];
    layer_cleanup_free uint8_t *large =
        call->in_length > sizeof small ? layer_alloc(call->in_length) : NULL;
    struct call copy = *call;
    struct sockaddr_view view;
    if (call->in_length > sizeof small && !large)
        return STATUS_INSUFFICIENT_RESOURCES;
    copy.in = large ? large : small;
    memcpy(copy.in, call->in, call->in_length);
    if (!sockaddr_find((uint8_t *)copy.in + form->address, call->in_length - form->address, &view))
        return pass(call); // changed under our hands
    if (!trace_is_on())
        return form->role == SOCKADDR_BIND ? do_bind(&copy, view) : do_connect(&copy, view);
    return with_trace(&copy, view, form->role == SOCKADDR_BIND);
}

/* Addresses for requests that may be read long after the call: kept for good, one for each
 * destination. */
static uint8_t *keep_address(const uint8_t *bytes, size_t size)
{
    enum { CHAINS = 256 };
    struct kept {
        struct kept *next;
        uint8_t bytes[SOCKADDR_MAX];
        uint8_t size;
    };
    static struct kept *chains[CHAINS];
    static struct layer_lock lock;

    struct kept **chain = &chains[bytes[3]]; // the port's lower half
    layer_lock(&lock);
    struct kept *found = *chain;
    while (found && (found->size != size || memcmp(found->bytes, bytes, size) != 0))
        found = found->next;
    if (!found && (found = layer_alloc(sizeof *found))) {
        memcpy(found->bytes, bytes, size);
        found->size = (uint8_t)size;
        found->next = *chain;
        *chain = found;
    }
    layer_unlock(&lock);
    return found ? found->bytes : NULL;
}

static uintptr_t read_pointer(const uint8_t *at, bool wide)
{
    uint64_t value64;
    uintptr_t value;
    if (wide) {
        memcpy(&value64, at, sizeof value64);
        return (uintptr_t)value64;
    }
    memcpy(&value, at, sizeof value);
    return value;
}

static void write_pointer(uint8_t *at, bool wide, uintptr_t value)
{
    uint64_t value64 = value;
    memcpy(at, wide ? (void *)&value64 : (void *)&value, wide ? sizeof value64 : sizeof value);
}

static NTSTATUS do_send(const struct call *call, const struct sockaddr_request *form)
{
    uint8_t request[INPUT_MAX], bytes[SOCKADDR_MAX + 8];
    uint8_t *address = (uint8_t *)read_pointer((uint8_t *)call->in + form->address, form->wide);
    ULONG length;
    struct sockaddr_view view;
    if (!address || call->in_length > sizeof request)
        return pass(call);
    memcpy(&length, (uint8_t *)call->in + form->length, sizeof length);
    if (!form->size) { // WSASendMsg on Windows: the headers have a pointer there, as for receiving
        uintptr_t at = read_pointer((uint8_t *)call->in + form->length, form->wide);
        length = at > 0xffff ? *(const ULONG *)at : (ULONG)at;
    }
    if (length < 16 || length > 128)
        return pass(call); // nothing that could be one of ours
    length = length < sizeof bytes ? length : sizeof bytes;
    memcpy(bytes, address, length);
    if (!sockaddr_find(bytes, length, &view))
        return pass(call);

    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view);
    bool ipv6 = kind == SOCKADDR_LOOPBACK6 || kind == SOCKADDR_ANY6;
    if (kind == SOCKADDR_OTHER && layer_config.no_network)
        return STATUS_NETWORK_UNREACHABLE;
    if (sockaddr_to_reach(kind, SOCKADDR_PORT_NONE) == SOCKADDR_OTHER)
        return pass(call);
    struct socket_note note = get_note(call->file);
    if (note.flags & SOCKET_EXEMPT)
        return pass(call);
    if (ipv6 && !(note.flags & SOCKET_OPENED)) {
        open_to_ipv4(call->file, &note);
        set_note(call->file, note);
    }
    to_reach(view, SOCKET_WINE_DATAGRAM);
    uint8_t *kept = keep_address(bytes, length);
    if (!kept)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(request, call->in, call->in_length);
    write_pointer(request + form->address, form->wide, (uintptr_t)kept);
    struct call copy = *call;
    copy.in = request;
    return pass(&copy);
}

/* An address of the host's that the VM has is what both ends of a connection from outside see. */
static bool is_shown_as_it_is(enum sockaddr_kind kind, enum sockaddr_kind bound)
{
    struct sockaddr_vm addresses = socket_vm();
    return bound == SOCKADDR_OTHER && sockaddr_is_hosts(&addresses) &&
           (kind == SOCKADDR_OWN4 || kind == SOCKADDR_MAPPED_OWN);
}

static void show_peer(HANDLE socket, struct sockaddr_view view, bool connected)
{
    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view);
    bool ipv6 = false;
    if (kind == SOCKADDR_MAPPED_OWN || kind == SOCKADDR_MAPPED_LOOPBACK)
        ipv6 = (get_note(socket).flags & SOCKET_IPV6_ONLY) ||
               (connected && socket_end_is_twin(socket, false));
    show_port(kind, view);
    if (is_shown_as_it_is(kind, SOCKADDR_OTHER))
        return;
    enum sockaddr_kind shown = sockaddr_peer_shown(kind, ipv6);
    if (shown != SOCKADDR_OTHER)
        sockaddr_set(&addresses, view, shown);
}

/* A datagram came from 127.0.0.1 itself, so that is where an answer must go: to a socket that was
 * not bound, or bound to any address, when it was connected. */
static void note_sender(struct sockaddr_view view)
{
    struct sockaddr_vm addresses = socket_vm();
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view);
    unsigned port = sockaddr_port(view);
    struct sockaddr_ports *ports =
        kind == SOCKADDR_LOOPBACK4 || kind == SOCKADDR_MAPPED_LOOPBACK ? layer_ports : NULL;
    if (ports && !ports->program[port] && !ports->datagram[port])
        ports_note_datagram(port, port);
}

static NTSTATUS do_receive(const struct call *call, const struct sockaddr_request *form)
{
    const uint8_t *in = call->in;
    uint8_t *address = (uint8_t *)read_pointer(in + form->address, form->wide);
    const int *length = (const int *)read_pointer(in + form->length, form->wide);
    int offered, flag = 1;
    if (!address || !length)
        return pass(call);
    offered = *length;
    if (form->wait)
        memcpy(&flag, in + form->wait, sizeof flag);
    NTSTATUS status = pass(call);
    if (status == STATUS_PENDING && !flag && call->event && !call->apc)
        status = socket_wait(call->event, call->io, true);
    struct sockaddr_view view;
    if ((status >= 0 && status != STATUS_PENDING) || status == STATUS_BUFFER_OVERFLOW) {
        // A stream's address is not filled in; what the program has there then is nothing to
        // translate.
        int size = *length < offered ? *length : offered;
        if (size > 0 && sockaddr_find(address, (size_t)size, &view) &&
            !(get_note(call->file).flags & SOCKET_EXEMPT)) {
            note_sender(view);
            show_peer(call->file, view, false);
        }
    }
    return status;
}

static NTSTATUS do_local(const struct call *call)
{
    struct sockaddr_vm addresses = socket_vm();
    struct socket_note note = get_note(call->file);
    struct sockaddr_view view;
    if (note.flags & SOCKET_PENDING)
        bind_pending(call->file, &note, true);
    NTSTATUS status = pass(call);
    if (status || !call->out || !sockaddr_find_result(call->out, call->out_length, &view))
        return status;
    enum sockaddr_kind kind = sockaddr_kind(&addresses, view);
    bool ipv6 = false;
    if (note.bound == SOCKADDR_OTHER &&
        (kind == SOCKADDR_MAPPED_OWN || kind == SOCKADDR_MAPPED_LOOPBACK))
        ipv6 = note.flags & SOCKET_IPV6_ONLY || socket_end_is_twin(call->file, true);
    show_port(kind, view);
    enum sockaddr_kind shown = is_shown_as_it_is(kind, note.bound)
                                   ? SOCKADDR_OTHER
                                   : sockaddr_local_shown(kind, note.bound, ipv6);
    if (shown != SOCKADDR_OTHER)
        sockaddr_set(&addresses, view, shown);
    return status;
}

static NTSTATUS do_peer(const struct call *call, size_t offset)
{
    struct sockaddr_view view;
    NTSTATUS status = pass(call);
    if (!status && call->out && call->out_length > offset &&
        sockaddr_find_result((uint8_t *)call->out + offset, call->out_length - offset, &view))
        show_peer(call->file, view, offset == 0);
    return status;
}

static NTSTATUS do_listen(const struct call *call)
{
    struct socket_note note = get_note(call->file);
    NTSTATUS status =
        note.flags & SOCKET_PENDING ? bind_pending(call->file, &note, true) : STATUS_SUCCESS;
    return status ? status : pass(call);
}

static NTSTATUS do_ipv6_only(const struct call *call)
{
    ULONG on = TRUE;
    NTSTATUS status = pass(call);
    if (!status && call->out && call->out_length && get_note(call->file).flags & SOCKET_IPV6_ONLY)
        memcpy(call->out, &on, call->out_length < sizeof on ? call->out_length : sizeof on);
    return status;
}

NTSTATUS NTAPI layer_NtDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                                           void *apc_context, IO_STATUS_BLOCK *io, ULONG code,
                                           void *in, ULONG in_length, void *out, ULONG out_length)
{
    layer_wake();
    struct call call = {file, event, apc, apc_context, io, code, in, in_length, out, out_length};
    const struct sockaddr_request *form = sockaddr_request(code, sizeof(void *), in, in_length);
    NTSTATUS status;
    // The mount manager's requests that need write access change which volume has which letter, on
    // the host. (Device type 'm', ntddk's and Wine's mountmgr.h.)
    if (code >> 16 == 'm' && code >> 14 & FILE_WRITE_ACCESS)
        return trace_refuse(TRACE_CALL, STATUS_ACCESS_DENIED);
    if (!layer_config.ipv4)
        return pass(&call);
    if (!form)
        return nsi_enumerate(file, event, io, code, in, in_length, out, out_length, &status)
                   ? status
                   : pass(&call);
    switch (form->role) {
    case SOCKADDR_BIND:
    case SOCKADDR_CONNECT:
        return with_input(&call, form);
    case SOCKADDR_LISTEN:
        return do_listen(&call);
    case SOCKADDR_SEND:
        return do_send(&call, form);
    case SOCKADDR_RECEIVE:
        return do_receive(&call, form);
    case SOCKADDR_LOCAL:
        return do_local(&call);
    case SOCKADDR_PEER:
        return do_peer(&call, 0);
    case SOCKADDR_ACCEPTED:
        return do_peer(&call, form->address);
    case SOCKADDR_IPV6_ONLY:
        return do_ipv6_only(&call);
    default:
        return pass(&call);
    }
}
