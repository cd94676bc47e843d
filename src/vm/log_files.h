// The files of a VM's log: a ring of which the oldest is emptied when the newest is full. They are
// opened before the VM is entered, which cannot name them, and used through their handles.
// core/log_entry.h says what is in them.
#ifndef PLUME_VM_LOG_FILES_H
#define PLUME_VM_LOG_FILES_H

#include <windows.h>
#include "vm/vm.h"

enum { LOG_FILES = 3 };

/* Opens them all, for one writer; makes those that there are not, and their folder. */
bool log_files_create(const struct vm *vm, HANDLE files[LOG_FILES], struct plume_error *error);

/* Opens them for reading; NULL for those that there are not. */
bool log_files_open(const struct vm *vm, HANDLE files[LOG_FILES], struct plume_error *error);

void log_files_close(HANDLE files[LOG_FILES]);

/* Reads up to `len` bytes at `offset`; less at the end, 0 also where it cannot be read. */
DWORD log_file_read(HANDLE file, uint64_t offset, void *out, DWORD len);

/* Which in the order of all files that there have been: 0 for one that has nothing in it. *begin
 * (may be NULL) gets where its entries begin. */
uint32_t log_file_number(HANDLE file, uint64_t *begin);

#endif
