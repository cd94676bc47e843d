#include "monitor/scm_names.h"

#include <stdlib.h>

enum {
    BUCKETS = 1024,
    KEPT_MAX = 4 * 4096, // beyond that, services come and go: begin anew
};

/* A key's time may be as coarse as a clock tick: one that was written shortly before it was read
 * may have been written again after that, at the same time. 100 ns. */
static const uint64_t settles = 2 * 10000000;

struct kept {
    struct kept *next;
    uint64_t written, read; // when; FILETIMEs
    wchar_t *shown;         // NULL: it is no service
    wchar_t name[SERVICE_NAME_MAX + 1];
};

static struct kept *buckets[BUCKETS];
static unsigned kept_count;

static uint64_t time_of(const FILETIME *time)
{
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

static void forget_all(void)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (buckets[i]) {
            struct kept *kept = buckets[i];
            buckets[i] = kept->next;
            free(kept->shown);
            free(kept);
        }
    }
    kept_count = 0;
}

static struct kept *entry_of(const wchar_t *name)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, str16_of((const uint16_t *)name)) % BUCKETS;
    struct kept *kept = buckets[hash];
    while (kept && _wcsicmp(kept->name, name) != 0)
        kept = kept->next;
    if (kept)
        return kept;
    kept = calloc(1, sizeof *kept);
    if (!kept)
        return NULL;
    wcscpy(kept->name, name);
    kept->next = buckets[hash];
    buckets[hash] = kept;
    kept_count++;
    return kept;
}

static void read_entry(struct kept *kept, uint64_t written)
{
    struct db_config config;
    FILETIME now;
    GetSystemTimeAsFileTime(&now); // before the reading
    free(kept->shown);
    kept->shown = NULL;
    kept->written = written;
    kept->read = time_of(&now);
    if (db_load_listed(kept->name, &config) != ERROR_SUCCESS)
        return;
    bool shown = config.display_name && *config.display_name;
    kept->shown = _wcsdup(shown ? config.display_name : kept->name);
    db_free(&config);
}

static bool is_shown(const struct kept *kept, struct str16 shown)
{
    return kept->shown && str16_equal_nocase(str16_of((const uint16_t *)kept->shown), shown);
}

bool scm_names_find(struct str16 shown, wchar_t *name)
{
    FILETIME time;
    if (kept_count > KEPT_MAX)
        forget_all();
    for (DWORD i = 0; db_enumerate_written(i, name, &time) == ERROR_SUCCESS; i++) {
        struct kept *kept = entry_of(name);
        uint64_t written = time_of(&time);
        if (!kept)
            return false;
        bool fresh = kept->written != written || kept->read < written + settles;
        if (fresh)
            read_entry(kept, written);
        if (!is_shown(kept, shown))
            continue;
        // What says yes is not believed without another look.
        if (!fresh)
            read_entry(kept, written);
        if (is_shown(kept, shown))
            return true;
    }
    return false;
}
