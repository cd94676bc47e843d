// Reading a VM's log, entry by entry, while it may be written.
#ifndef PLUME_CLI_LOG_READER_H
#define PLUME_CLI_LOG_READER_H

#include <windows.h>
#include "core/log_entry.h"
#include "vm/log_files.h"

struct log_reader {
    HANDLE files[LOG_FILES];
    int current;     // the file that is being read; -1: none yet
    uint32_t number; // its number, or the last one's
    uint64_t offset; // of what is in `bytes`
    size_t len, at;
    char bytes[2 * LOG_LINE_MAX];
    uint16_t units[LOG_UNITS_MAX];
};

/* Opens the log of the VM, at its first entry; works on after the VM is entered. NULL on failure;
 * to be given to log_reader_close(), as NULL may be. */
struct log_reader *log_reader_open(const struct vm *vm, struct plume_error *error);
void log_reader_close(struct log_reader *reader);

/* The next entry; its texts, and its line in UTF-8 without the end, are good until the next call.
 * False when there is no more at this time. */
bool log_reader_next(struct log_reader *reader, struct log_entry *entry, const char **line,
                     size_t *len);

#endif
