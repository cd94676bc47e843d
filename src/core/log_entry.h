// A VM's log: what is in it, and how it is written. A line is a JSON object, so that a log that was
// being written when its writer was killed has at most one damaged line, its last.
#ifndef PLUME_CORE_LOG_ENTRY_H
#define PLUME_CORE_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

enum {
    LOG_TEXT_MAX = 8192,  // units of an entry's text; longer lines become several entries
    LOG_NAME_MAX = 256,   // units of a service's or source's name
    LOG_LINE_MAX = 65536, // bytes of a line, its end included
    LOG_HEADER_MAX = 64,  // bytes of the line that a file begins with, its end included
    LOG_UNITS_MAX = LOG_TEXT_MAX + 2 * LOG_NAME_MAX, // what log_entry_read() needs at most
};

enum log_stream {
    LOG_VM, // the VM's monitor
    LOG_STDOUT,
    LOG_STDERR,
    LOG_EVENT, // an event reported to the event log
};

struct log_entry {
    uint64_t time; // 100 ns since 1970-01-01 UTC
    enum log_stream stream;
    struct str16 service; // empty where it is no service's
    uint32_t pid;         // 0: unknown
    struct str16 text;
    bool partial; // the line goes on in the next entry of the same stream and process
    /* Of events only. */
    struct str16 source;
    uint32_t event_id;
    uint32_t event_type; // EVENTLOG_*_TYPE; 0 is success
    uint32_t category;
};

/* "stdout" and the like; NULL is none's. Static. */
const char *log_stream_name(enum log_stream stream);
/* "error", "warning", "information", "success", "audit success", "audit failure"; "event" for
 * others. Static. */
const char *log_event_type_name(uint32_t event_type);

/* Writes the entry as a line with its end and returns its length in bytes, 0 where there is not the
 * room (LOG_LINE_MAX is enough). Longer names and texts are cut. */
size_t log_entry_write(const struct log_entry *entry, char *out, size_t cap);

/* Reads a line without its end; its texts are put to `units`. False for what is no entry. */
bool log_entry_read(struct log_entry *entry, const char *line, size_t len, uint16_t *units,
                    size_t cap);

/* The line that a file of the log begins with: which in the order of all that there have been, from
 * 1 on. The reader returns 0 for what is no such line. */
size_t log_header_write(uint32_t number, char *out, size_t cap);
uint32_t log_header_read(const char *line, size_t len);

#endif
