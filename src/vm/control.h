// What the command line asks of a running VM's monitor, over \\.\pipe\plume-ID\control: a pipe in
// message mode, one request and one reply a connection, both encoded with core/wire.h. The pipe's
// existence is also how anyone sees that the VM runs, and its first instance is the lock against a
// second monitor.
#ifndef PLUME_VM_CONTROL_H
#define PLUME_VM_CONTROL_H

enum {
    CONTROL_VERSION = 1,
    CONTROL_MESSAGE_MAX = 16384, // bytes of any message
};

/* Request: u32 CONTROL_VERSION, u32 one of these, and then what stands beside it. */
enum control_request {
    CONTROL_STATUS = 1, // nothing more
    CONTROL_STOP = 2,   // u32 seconds: how long services may take to stop; 0 does not ask them
    CONTROL_PORTS = 3,  // nothing more
    CONTROL_LIMITS = 4, // u64 memory, u32 cpus, u32 pids: as struct limits, 0 is none
    CONTROL_PAUSE = 5,  // nothing more; ERROR_INVALID_STATE (5023) where it is paused already
    CONTROL_RESUME = 6, // nothing more; the same where it is not paused
};

/* Reply: u32 CONTROL_VERSION, u32 a Win32 error (0 is success; nothing follows another one), and
 * then CONTROL_STATUS: u32 the monitor's process id. CONTROL_PORTS: u32 how many ports are
 * published, and for each u32 the host's address (host byte order, 0: all), u32 the host's port,
 * u32 the VM's port, u32 whether it is UDP's. CONTROL_LIMITS: u32 which the host does not keep
 * (enum job_limit). CONTROL_PAUSE: u32 how many processes are held. CONTROL_RESUME: nothing.
 * CONTROL_STOP: u32 the monitor's process id,
 * u32 how many services had not stopped in their time, and that many names (str16). Sent when the
 * job has been terminated; the monitor ends by itself right after, whatever becomes of the
 * connection. The client waits for that process. A second STOP while one is under way: the shorter
 * time counts, both are answered. */

#endif
