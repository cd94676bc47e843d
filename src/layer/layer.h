// What the files of the layer share: the process's state.
#ifndef PLUME_LAYER_LAYER_H
#define PLUME_LAYER_LAYER_H

#include "core/str16.h"
#include "core/stub.h"
#include "layer/calls.h"
#include "layer/heap.h"
#include "layer/plume_layer.h"

/* One interposed stub of ntdll, as it was before. */
struct layer_stub {
    void *address; // NULL where this ntdll does not have the call
    uint8_t original[STUB_SCAN];
};

enum { LAYER_THUNK = 8 }; // bytes written to a new process's first code: see begin.h

/* Written once, by whoever maps the layer into the process, before its first instruction runs. */
struct layer_state {
    uint32_t size;  // of this structure: parent and child must be of the same build
    uint32_t calls; // LAYER_CALL_COUNT
    void *ntdll;    // its base, the same in all processes of one bitness
    bool entered;   // the process is the monitor or a command: it came in from outside, by itself
    bool service;   // a service, or what one has started, whose session natively is 0
    bool orphan;    // its parent is such a process, which the VM does not see
    bool handed;    // it has handles from its parent, see handed.h
    uint16_t handed_over; // share_handed_over() before it began, as far as it fits
    bool shared;    // this image is a view of the VM's (image.h), not memory of the process's own
    uint8_t *base;  // where this image stands,
    void *entry;    // and layer_entry in it
    uint8_t *thunk; // ntdll's LdrInitializeThunk, where every thread begins,
    uint8_t thunk_original[LAYER_THUNK];
    struct layer_stub stubs[LAYER_INTERPOSED_COUNT];
};
extern struct layer_state layer_state;
extern struct layer_config layer_config;

/* Trampolines, STUB_TRAMPOLINE_MAX bytes for each interposed call: code of the layer's image that
 * is written when it is mapped. */
extern uint8_t layer_trampolines[LAYER_INTERPOSED_COUNT * STUB_TRAMPOLINE_MAX];

/* Maps the layer into `process`, which runs no thread yet or is the caller's own, and sees to it
 * that it begins with the layer (begin.h). `child` is of enum layer_child. STATUS_NOT_SUPPORTED
 * where it is of the other bitness (layer/bitness.h). *base (may be NULL) gets where the layer
 * stands there. On failure the status, and in *what (static ASCII, may be NULL) the step that
 * failed; the process may then not be resumed. */
NTSTATUS layer_install(HANDLE process, uint32_t child, uint8_t **base, const char **what);

/* Fills `real` with ntdll's own functions and layer_state.ntdll: for a process which the layer is
 * not in (yet). */
NTSTATUS layer_real_from_ntdll(void);

/* Notes what ntdll's stubs are and where processes begin, in one in which they are as the system
 * made them. On failure the status, with the step in *what. */
NTSTATUS layer_find_stubs(const char **what);

/* A function that ntdll exports, NULL where it does not. */
void *layer_ntdll_function(const char *name);

/* Called at the head of every interposed call: does once per process what could not be done from
 * outside, as soon as the process is far enough for it. */
void layer_wake(void);

/* This process's number. */
static inline uint32_t layer_process_id(void)
{
    return (uint32_t)(ULONG_PTR)((void **)NtCurrentTeb())[8]; // ClientId.UniqueProcess
}

/* This thread's number. */
static inline uint32_t layer_thread_id(void)
{
    return (uint32_t)(ULONG_PTR)((void **)NtCurrentTeb())[9]; // ClientId.UniqueThread
}

/* Converts between the system's counted strings and the core's. */
static inline struct str16 str16_of_unicode(const UNICODE_STRING *text)
{
    return (struct str16){(const uint16_t *)text->Buffer, text->Length / sizeof(WCHAR)};
}

static inline UNICODE_STRING unicode_of_str16(struct str16 text)
{
    return (UNICODE_STRING){(USHORT)(text.len * sizeof(WCHAR)), (USHORT)(text.len * sizeof(WCHAR)),
                            (WCHAR *)text.s};
}

#define layer_cleanup_free __attribute__((cleanup(layer_free_at)))
static inline void layer_free_at(void *pointer)
{
    layer_free(*(void **)pointer);
}

#define layer_cleanup_handle __attribute__((cleanup(layer_close_at)))
static inline void layer_close_at(HANDLE *handle)
{
    if (*handle)
        real.NtClose(*handle);
}

#endif
