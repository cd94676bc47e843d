#include "log_reader.h"

#include <stdlib.h>
#include <string.h>

struct log_reader *log_reader_open(const struct vm *vm, struct plume_error *error)
{
    struct log_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) {
        error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot read the log of the VM", vm->name,
                         NULL);
        return NULL;
    }
    reader->current = -1;
    if (log_files_open(vm, reader->files, error))
        return reader;
    free(reader);
    return NULL;
}

void log_reader_close(struct log_reader *reader)
{
    if (!reader)
        return;
    log_files_close(reader->files);
    free(reader);
}

/* Goes to the oldest file that is newer than the last one. */
static bool next_file(struct log_reader *r)
{
    int best = -1;
    uint32_t lowest = 0;
    uint64_t begin = 0, its_begin;
    for (int i = 0; i < LOG_FILES; i++) {
        uint32_t number = r->files[i] ? log_file_number(r->files[i], &its_begin) : 0;
        if (number > r->number && (best < 0 || number < lowest)) {
            best = i;
            lowest = number;
            begin = its_begin;
        }
    }
    if (best < 0)
        return false;
    r->current = best;
    r->number = lowest;
    r->offset = begin;
    r->len = r->at = 0;
    return true;
}

/* Gets more of the current file; false where there is no more, or the file was begun anew (then
 * there is no current one). */
static bool fill(struct log_reader *r)
{
    memmove(r->bytes, r->bytes + r->at, r->len - r->at);
    r->offset += r->at;
    r->len -= r->at;
    r->at = 0;
    if (r->len == sizeof(r->bytes)) { // no line is so long
        r->offset += r->len;
        r->len = 0;
    }
    DWORD got = log_file_read(r->files[r->current], r->offset + r->len, r->bytes + r->len,
                              (DWORD)(sizeof(r->bytes) - r->len));
    if (log_file_number(r->files[r->current], NULL) != r->number) {
        r->current = -1;
        return false;
    }
    r->len += got;
    return got != 0;
}

struct place {
    int current;
    uint32_t number;
    uint64_t offset;
    size_t len;
};

bool log_reader_next(struct log_reader *r, struct log_entry *entry, const char **line, size_t *len)
{
    for (;;) {
        if (r->current < 0 && !next_file(r))
            return false;
        const char *end = memchr(r->bytes + r->at, '\n', r->len - r->at);
        if (end) {
            *line = r->bytes + r->at;
            *len = (size_t)(end - *line);
            r->at += *len + 1;
            if (log_entry_read(entry, *line, *len, r->units, LOG_UNITS_MAX))
                return true;
            continue; // a damaged one
        }
        if (fill(r))
            continue;
        if (r->current < 0)
            continue;
        // The writer goes to the next file after its last line in this one, which may have come
        // since this one was looked at.
        struct place here = {r->current, r->number, r->offset, r->len};
        if (!next_file(r))
            return false;
        if (log_file_read(r->files[here.current], here.offset + here.len, r->bytes, 1) &&
            log_file_number(r->files[here.current], NULL) == here.number) {
            r->current = here.current;
            r->number = here.number;
            r->offset = here.offset; // what was read of a line is read again
        }
    }
}
