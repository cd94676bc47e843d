// Which handles a new process inherits.
#ifndef PLUME_VM_HANDLE_LIST_H
#define PLUME_VM_HANDLE_LIST_H

#include <windows.h>
#include <stddef.h>

/* Since NT 6.0 a process can be given named handles and no others; before, it gets all that can be
 * inherited. */
struct handle_list {
    BOOL(WINAPI *init)(void *, DWORD, DWORD, SIZE_T *);
    BOOL(WINAPI *update)(void *, DWORD, DWORD_PTR, void *, SIZE_T, void *, SIZE_T *);
    void(WINAPI *done)(void *);
    void *attributes; // for STARTUPINFOEX; NULL where the system has no such lists
};

/* STARTUPINFOEXW, which older headers do not have. */
struct startup_with_list {
    STARTUPINFOW info;
    void *attributes;
};

/* The array must live as long as the list. */
struct handle_list handle_list_on(HANDLE *handles, size_t count);
void handle_list_free(struct handle_list *list);

#ifndef EXTENDED_STARTUPINFO_PRESENT
#define EXTENDED_STARTUPINFO_PRESENT 0x00080000
#endif

#endif
