// What the parts of the guest random_files share; see random_files.c.
#ifndef PLUME_TEST_GUEST_RANDOM_FILES_H
#define PLUME_TEST_GUEST_RANDOM_FILES_H

#include "layer/nt.h"
#include <stdbool.h>

enum {
    ROUND = 2500,
    SUM_EVERY = 500,
    SLOTS = 6,
    DEPTH = 3,
    PATH = 400,
    SHOWN = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
            FILE_ATTRIBUTE_DIRECTORY,
    SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
};
#define HASH_START UINT64_C(0xcbf29ce484222325)

enum { POOL = 5 };
extern const WCHAR *const pool[POOL]; // of which all names are

extern WCHAR base[PATH]; // the current round's tree, as Win32 names it
extern bool single, all, cases, shares;
extern uint64_t sum;

/* choices.c: what an operation does, drawn from the seed and its number. */
void seed_with(uint64_t seed, uint64_t number);
uint32_t draw(uint32_t below);
bool one_in(uint32_t n);
void draw_leaf(WCHAR *out);
void draw_relative(WCHAR *out, unsigned depth);
void draw_path(WCHAR *relative, bool may_trail);
void absolute(WCHAR *out, const WCHAR *relative);
int64_t draw_time(void);
ULONG draw_attributes(void);

/* choices.c: the line that is said of it. */
void note_begin(void);
void __attribute__((format(gnu_printf, 1, 2))) note(const char *format, ...);
void note_path(const WCHAR *relative);
void note_time(int64_t time);
const char *note_line(void);
uint64_t hash_more(uint64_t hash, const void *data, size_t size);

/* operations.c */
void run_operation(uint64_t seed, unsigned number);
void close_all(void);

/* tree.c: what there is before, and what is left. */
int compare_names(const void *a, const void *b);
void prepare(const WCHAR *folder, unsigned rounds);
void enter_round(const WCHAR *folder, unsigned round);
void walk(const WCHAR *folder, bool folder_last,
          void (*each)(const WCHAR *path, const WIN32_FIND_DATAW *found));
void show_entry(const WCHAR *path, const WIN32_FIND_DATAW *found);
void remove_tree(const WCHAR *folder);

#endif
