// What plume-layer.dll offers to the programs that make virtual machines (the monitor and the
// command line). A process of a VM never sees it: there the layer is no module and has no exports.
#ifndef PLUME_LAYER_H
#define PLUME_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include "nt.h"

struct trace_readers;
struct trace_ring;

enum {
    LAYER_ID_MAX = 96,    // UTF-16 units, terminator included
    LAYER_PATH_MAX = 520, // the same, for the VM's roots
    LAYER_DEVICE_MAX = 64,
    LAYER_MACHINE_MAX = 64,
    LAYER_CONFIG_VERSION = 1,
};

/* Everything that makes a process one of a certain VM's: filled in once by whoever starts the VM
 * and copied from each process to its children. All strings are UTF-16, terminated, NT paths
 * without a trailing backslash. */
struct layer_config {
    uint32_t version;          // LAYER_CONFIG_VERSION
    uint32_t ipv4;             // the VM's address, network byte order as on the wire
    uint32_t twin;             // for IPv6, likewise: core/sockaddr.h
    uint32_t no_network;       // whether it reaches only itself
    uint32_t emulate_nt;       // 0x0502: do without what NT 5.2 has not, for tests; 0: no
    uint32_t interactive;      // whether the process is on the user's desktop, and not the VM's
    uint16_t id[LAYER_ID_MAX]; // unique on the machine: see vm_id() in core/vmname.h
    uint16_t folder[LAYER_PATH_MAX];  // \??\C:\...\plume\vms\NAME: files\ and hidden\ lie in it
    uint16_t store[LAYER_PATH_MAX];   // \??\C:\...\plume: no VM can name it
    uint16_t objects[LAYER_PATH_MAX]; // \Sessions\1\BaseNamedObjects\plume-ID: its object directory
    uint16_t pipes[LAYER_PATH_MAX];   // \Device\NamedPipe\plume-ID: scm, control, pipe\...
    uint16_t
        keys[LAYER_PATH_MAX]; // \REGISTRY\USER\S-...\Software\Plume\vms\ID: upper, hidden, novalue
    uint16_t
        images[2][LAYER_PATH_MAX]; // the layer's own file: [0] for 64-bit, [1] for 32-bit children
    uint16_t machine[3][LAYER_MACHINE_MAX]; // names of the VM's machine, and of the host's
    uint16_t drives[26][LAYER_DEVICE_MAX]; // what \??\A: ... \??\Z: are links to, empty where there
                                           // is none
};

enum layer_child {             // what is said of a process that is given the layer
    LAYER_CHILD_ORPHAN = 1,    // its parent is one that the VM does not see
    LAYER_CHILD_SERVICE = 2,   // a service, or what one has started
    LAYER_CHILD_INHERITS = 4,  // it has handles from its parent
    LAYER_CHILD_OWN_IMAGE = 8, // its program's file is the VM's own, and is told by the VM's name
    LAYER_CHILD_INTERACTIVE = 16, // it is on the user's desktop, as its parent is
};

/* The system calls as they are without the layer, for the few things that the monitor and the
 * command line do outside of the VM after they have entered it. */
struct layer_outside {
    NTSTATUS(NTAPI *create_named_pipe_file)
    (HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG, ULONG, ULONG, ULONG,
     ULONG, ULONG, ULONG, ULONG, LARGE_INTEGER *);
    NTSTATUS(NTAPI *open_file)
    (HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG);
    /* What goes through this socket of the process's keeps its addresses: it was bound outside.
     * NULL before plume_layer_enter(). */
    void (*exempt_socket)(HANDLE socket);
    /* How many processes the VM may have, from now on and where its job does not keep that itself;
     * 0: no limit. After plume_layer_prepare(). */
    void (*limit_processes)(uint32_t most);
    /* For how many pipes, once they are opened, there is a service to start: whether a program that
     * opens one that there is not asks the monitor. After plume_layer_prepare(). */
    void (*expect_pipes)(uint32_t count);
    /* Whether the VM has more than that, STATUS_QUOTA_EXCEEDED, now that another is in its job.
     * After plume_layer_enter(). */
    NTSTATUS (*check_processes)(void);
    NTSTATUS(NTAPI *open_process)
    (HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, CLIENT_ID *);
    /* From here to the same with NULL, what the calling thread of an entered process starts is no
     * program of the VM's: its file is the host's of that name, and it gets no layer. NULL before
     * plume_layer_enter(), as is the next. */
    void (*start_outside)(bool on);
    /* Who gives the layer to children of the other bitness: by default the monitor is asked. For
     * the monitor itself. The function is given the process, which has not run yet, and enum
     * layer_child. */
    void (*set_other_bitness)(NTSTATUS (*give)(HANDLE process, uint32_t child));
};

/* Makes what the VM's processes need to find in the kernel: its object directory and the shared
 * index of what it has changed. For the monitor, once, before it enters; all of it lasts as long as
 * the calling process. Leftovers of an interrupted copy-up are removed from the store. Returns
 * STATUS_SUCCESS, or the status of the step that failed with its name in *what. */
NTSTATUS plume_layer_prepare(const struct layer_config *config, const char **what);

/* Makes the calling process one of the VM's, for good: what it names from now on are the VM's
 * names, and what it starts carries the layer. To be called while the process has one thread.
 * Returns STATUS_SUCCESS, or the status of the step that failed with its name in *what (static
 * ASCII); the process is then as it was. */
NTSTATUS plume_layer_enter(const struct layer_config *config, const char **what);

/* Where a running VM's processes record what they do: core/trace.h, of the orders that it names.
 * Written to by hostile processes while it is read. */
struct layer_traced {
    struct trace_readers *readers;
    struct trace_ring *all, *refused, *services, *starts;
};

/* Maps the memory of a running VM into this process, for as long as that lives. To be called before
 * plume_layer_enter(), if that is called at all. */
NTSTATUS plume_layer_trace_open(const struct layer_config *config, struct layer_traced *traced);

/* For the monitor, after plume_layer_prepare(): a service was started in this process. */
void plume_layer_trace_service(const uint16_t *service, uint32_t process);

/* Gives the layer to a process of the calling one's bitness, which has not run yet, on behalf of
 * its parent. For the bridge (bridge/bridge.h), which is in no VM; `child` is of enum layer_child.
 * Returns as plume_layer_enter(). */
NTSTATUS plume_layer_give(const struct layer_config *config, HANDLE process, uint32_t child,
                          const char **what);

/* Makes the layer's image that all processes of the VM of the calling one's bitness share; it lasts
 * as long as the calling process. Without it each process gets an image of its own. For the monitor
 * and the bridge. Returns as plume_layer_enter(). */
NTSTATUS plume_layer_share(const struct layer_config *config, const char **what);

/* The calls of the outside; valid also before plume_layer_enter(). */
const struct layer_outside *plume_layer_outside(void);

#endif
