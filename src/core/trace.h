// What names a VM's processes use and what became of each: how that is recorded in memory that all
// of them share, and what the records mean.
//
// Whoever writes may be killed at any instruction and may be hostile: a reader bounds its work by
// the size of the ring, takes a copy of each record and looks whether that makes sense.
#ifndef PLUME_CORE_TRACE_H
#define PLUME_CORE_TRACE_H

#include "core/rules.h"
#include "core/str16.h"

enum trace_kind {
    TRACE_FILE,     // canonical: core/ntpath.h
    TRACE_PIPE,     // the pipe's name
    TRACE_MAILSLOT, // likewise
    TRACE_DEVICE,   // as the program gave it
    TRACE_KEY,      // absolute, from \REGISTRY on
    TRACE_OBJECT,   // absolute
    TRACE_PORT,     // absolute
    TRACE_PROCESS,  // the canonical name of the image that was started, or a number
    TRACE_SOCKET,   // "tcp 127.0.0.1:80"
    TRACE_STATION,  // window stations and desktops
    TRACE_SERVICE,
    TRACE_MACHINE, // what would change the machine itself
    TRACE_KINDS
};

enum trace_outcome {
    TRACE_HOSTS,   // read from the host, where the VM has not changed it
    TRACE_OWN,     // the VM's own file or key
    TRACE_COPIED,  // the VM got its own copy
    TRACE_HIDDEN,  // the VM deleted it: from now on it does not see the host's
    TRACE_ABSENT,  // there is none in the VM
    TRACE_PRIVATE, // rewritten to a name of the VM's
    TRACE_SHARED,  // the host's, by the rules
    TRACE_DENIED,  // refused by the layer
    TRACE_STARTED, // a process; a service, by the VM's service manager
    TRACE_OUTCOMES
};

enum {
    TRACE_NAME_MAX = 448, // units of a name that are kept
    TRACE_IMAGE_MAX = 26,
    TRACE_CALL_MAX = 32, // bytes, terminator included
    TRACE_READERS = 4,
    TRACE_ORDER = 12,          // 4,096 records, 4 MiB
    TRACE_REFUSED_ORDER = 7,   // the last 128 refusals
    TRACE_SERVICES_ORDER = 10, // the last 1,024 starts of services
    TRACE_STARTS_ORDER = 8     // the last 256 that programs have started
};

/* No pointers and nothing wider than 32 bits: processes of both bitnesses share it. */
struct trace_record {
    uint32_t sequence;            // 2n + 1: the nth is being written; 2n + 2: it is there
    uint32_t time_low, time_high; // 100 ns since 1601-01-01 UTC
    uint32_t process, thread;     // whose call it was
    uint32_t status;              // NTSTATUS that the call returned
    uint32_t subject;             // of TRACE_STARTED: the process that was started
    uint16_t kind, outcome;       // enum trace_kind, enum trace_outcome
    uint16_t name_units, image_units;
    uint16_t cut, reserved;          // whether the name was longer
    char call[TRACE_CALL_MAX];       // the call's name
    uint16_t image[TRACE_IMAGE_MAX]; // the end of the name of the process's image
    uint16_t name[TRACE_NAME_MAX];
};

struct trace_ring {
    uint32_t next; // number of the next record
    struct trace_record records[];
};

static inline size_t trace_ring_size(unsigned order)
{
    return sizeof(struct trace_ring) + (sizeof(struct trace_record) << order);
}

/* The place of a new record in a ring of this order (which begins as zeros), whose number goes to
 * *number. To be filled, then trace_commit(). Never waits: what nobody has read yet is overwritten.
 */
struct trace_record *trace_begin(struct trace_ring *ring, unsigned order, uint32_t *number);
void trace_commit(struct trace_record *record, uint32_t number);

/* Fill in texts: of a name that is too long its beginning, of an image its last component's end. */
void trace_set_name(struct trace_record *record, struct str16 before, struct str16 name);
void trace_set_image(struct trace_record *record, struct str16 image);
void trace_set_call(struct trace_record *record, const char *call);

/* Whether a record makes sense: sizes, kinds, the call's name. */
bool trace_check(const struct trace_record *record);

/* A reader's place in a ring. */
struct trace_cursor {
    const struct trace_ring *ring;
    uint32_t order;    // what the ring was made with
    uint32_t position; // number of the next record to read
    uint32_t lost;     // records that were overwritten, left unfinished or made no sense
};

/* From what is written next on; or from the oldest that there is. */
struct trace_cursor trace_cursor_on(const struct trace_ring *ring, unsigned order, bool oldest);

enum trace_read {
    TRACE_READ_ONE,  // *record is a copy of the next
    TRACE_READ_NONE, // all were read
    TRACE_READ_BUSY, // the next is being written; or never will be, when its writer was killed
};
enum trace_read trace_next(struct trace_cursor *cursor, struct trace_record *record);

/* Gives up the records that are being written, up to the next that is there. */
void trace_skip_busy(struct trace_cursor *cursor);

/* Who reads the ring of all records. A writer waits for a reader that is behind, but not for one
 * that does not come. */
struct trace_readers {
    uint32_t wanted; // whether anything is to be recorded
    struct {
        uint32_t process; // 0: free
        uint32_t position;
        uint32_t given_up; // it did not read for too long, and its records are lost
    } readers[TRACE_READERS];
};

/* Takes a place for a process, from `position` on; -1 when none is free. `is_alive` tells whether
 * the process of a place that is taken still exists. */
int trace_attach(struct trace_readers *readers, uint32_t process, uint32_t position,
                 bool (*is_alive)(uint32_t process));
/* Tells how far the reader has come; true when it was given up meanwhile. */
bool trace_progress(struct trace_readers *readers, int index, uint32_t position);
void trace_detach(struct trace_readers *readers, int index);

/* Whether a reader is so far behind that a writer should wait. */
bool trace_must_wait(const struct trace_readers *readers, const struct trace_ring *ring,
                     unsigned order);
/* Gives up the readers that are that far behind. */
void trace_give_up(struct trace_readers *readers, const struct trace_ring *ring, unsigned order);

/* ---- what the records mean ---- */

/* "file", "copied" and the like: static ASCII. */
const char *trace_kind_name(unsigned kind);
const char *trace_outcome_name(unsigned outcome);
bool trace_kind_of(struct str16 name, enum trace_kind *kind);

/* Whether the call was refused: by the layer, or by the system for want of rights. */
bool trace_is_refused(unsigned outcome, uint32_t status);

/* The row of the rule table that decided; NULL where no row did, which trace_reason() explains all
 * the same. */
const struct rule *trace_rule(const struct trace_record *record);
const char *trace_reason(const struct trace_record *record);

/* Whether something was made, or may have been changed, that is the host's and every VM's. */
bool trace_writes_shared(const struct trace_record *record);

/* The name as a person writes it: C:\x, \\.\pipe\x. */
void trace_put_name(struct str16_buf *out, const struct trace_record *record);

/* The record as a JSON object on one line, without its end; `service` may be empty. Returns its
 * length in bytes, 0 where there is not the room (TRACE_LINE_MAX is enough). */
enum { TRACE_LINE_MAX = 6144 };
size_t trace_write_json(const struct trace_record *record, struct str16 service, char *out,
                        size_t cap);

#endif
