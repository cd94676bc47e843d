// Records of what a VM's processes name: that a reader gets what was written, in order, counts what
// it did not get, and takes nothing that makes no sense; and what the records mean.
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/trace.h"

enum { ORDER = 4, RECORDS = 1 << ORDER };

static struct trace_ring *ring_of(unsigned order)
{
    return calloc(1, trace_ring_size(order));
}

static struct str16 wide(const char *ascii, uint16_t *units, size_t cap)
{
    struct str16_buf buf = {.s = units, .cap = cap};
    str16_put_ascii(&buf, ascii);
    return str16_view(&buf);
}

static void fill(struct trace_record *record, unsigned kind, unsigned outcome, const char *call,
                 const char *name)
{
    uint16_t units[1024];
    memset(record, 0, sizeof *record);
    record->kind = (uint16_t)kind;
    record->outcome = (uint16_t)outcome;
    trace_set_call(record, call);
    trace_set_image(record, wide("\\??\\C:\\dir\\program.exe", units, 1024));
    trace_set_name(record, (struct str16){0}, wide(name, units, 1024));
}

static void write_one(struct trace_ring *ring, unsigned order, uint32_t value)
{
    uint32_t number;
    struct trace_record *record = trace_begin(ring, order, &number);
    record->kind = TRACE_OBJECT;
    record->outcome = TRACE_PRIVATE;
    record->subject = value;
    record->name_units = record->image_units = 0;
    trace_set_call(record, "NtCreateEvent");
    trace_commit(record, number);
}

static void in_order(void **state)
{
    (void)state;
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_cursor cursor = trace_cursor_on(ring, ORDER, false);
    struct trace_record record;
    assert_int_equal(trace_next(&cursor, &record), TRACE_READ_NONE);
    for (uint32_t round = 0; round < 5 * RECORDS; round += RECORDS / 2) {
        for (uint32_t i = 0; i < RECORDS / 2; i++)
            write_one(ring, ORDER, round + i);
        for (uint32_t i = 0; i < RECORDS / 2; i++) {
            assert_int_equal(trace_next(&cursor, &record), TRACE_READ_ONE);
            assert_int_equal(record.subject, round + i);
        }
        assert_int_equal(trace_next(&cursor, &record), TRACE_READ_NONE);
    }
    assert_int_equal(cursor.lost, 0);
    free(ring);
}

static void overwritten(void **state)
{
    (void)state;
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_cursor cursor = trace_cursor_on(ring, ORDER, false);
    struct trace_record record;
    for (uint32_t i = 0; i < 3 * RECORDS + 1; i++)
        write_one(ring, ORDER, i);
    for (uint32_t i = 2 * RECORDS + 1; i < 3 * RECORDS + 1; i++) {
        assert_int_equal(trace_next(&cursor, &record), TRACE_READ_ONE);
        assert_int_equal(record.subject, i);
    }
    assert_int_equal(trace_next(&cursor, &record), TRACE_READ_NONE);
    assert_int_equal(cursor.lost, 2 * RECORDS + 1);
    // The oldest that there are.
    cursor = trace_cursor_on(ring, ORDER, true);
    assert_int_equal(trace_next(&cursor, &record), TRACE_READ_ONE);
    assert_int_equal(record.subject, 2 * RECORDS + 1);
    free(ring);
}

/* A writer that was killed: the reader waits, then goes on with the next. */
static void unfinished(void **state)
{
    (void)state;
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_cursor cursor = trace_cursor_on(ring, ORDER, false);
    struct trace_record record;
    uint32_t number;
    for (int round = 0; round < 40; round++) { // also where there was a record before
        trace_begin(ring, ORDER, &number);
        assert_int_equal(trace_next(&cursor, &record), TRACE_READ_BUSY);
        write_one(ring, ORDER, 7);
        assert_int_equal(trace_next(&cursor, &record), TRACE_READ_BUSY);
        trace_skip_busy(&cursor);
        assert_int_equal(trace_next(&cursor, &record), TRACE_READ_ONE);
        assert_int_equal(record.subject, 7);
    }
    assert_int_equal(cursor.lost, 40);
    trace_begin(ring, ORDER, &number);
    trace_skip_busy(&cursor);
    assert_int_equal(trace_next(&cursor, &record), TRACE_READ_NONE);
    free(ring);
}

static void numbers_wrap(void **state)
{
    (void)state;
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_record record;
    for (unsigned where = 0; where < 2; where++) {
        ring->next = where ? UINT32_MAX - 3 : UINT32_MAX / 2 - 3;
        // As after all the records before.
        for (uint32_t i = 0; i < RECORDS; i++) {
            uint32_t n = ring->next - RECORDS + i;
            ring->records[n & (RECORDS - 1)].sequence = 2 * n + 2;
        }
        struct trace_cursor cursor = trace_cursor_on(ring, ORDER, false);
        for (uint32_t i = 0; i < 8; i++) {
            assert_int_equal(trace_next(&cursor, &record), TRACE_READ_NONE);
            write_one(ring, ORDER, i);
            assert_int_equal(trace_next(&cursor, &record), TRACE_READ_ONE);
            assert_int_equal(record.subject, i);
        }
        assert_int_equal(cursor.lost, 0);
    }
    free(ring);
}

static void senseless(void **state)
{
    (void)state;
    struct trace_record good, bad;
    fill(&good, TRACE_FILE, TRACE_COPIED, "NtCreateFile", "C\\x");
    assert_true(trace_check(&good));
    bad = good;
    bad.kind = TRACE_KINDS;
    assert_false(trace_check(&bad));
    bad = good;
    bad.outcome = TRACE_OUTCOMES;
    assert_false(trace_check(&bad));
    bad = good;
    bad.name_units = TRACE_NAME_MAX + 1;
    assert_false(trace_check(&bad));
    bad = good;
    bad.image_units = TRACE_IMAGE_MAX + 1;
    assert_false(trace_check(&bad));
    bad = good;
    bad.call[2] = '\x1b';
    assert_false(trace_check(&bad));
    bad = good;
    memset(bad.call, 'a', sizeof bad.call);
    assert_false(trace_check(&bad));
    // It is lost, and the next is read.
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_cursor cursor = trace_cursor_on(ring, ORDER, false);
    write_one(ring, ORDER, 1);
    ring->records[0].kind = 0xffff;
    write_one(ring, ORDER, 2);
    assert_int_equal(trace_next(&cursor, &bad), TRACE_READ_ONE);
    assert_int_equal(bad.subject, 2);
    assert_int_equal(cursor.lost, 1);
    free(ring);
}

static void texts_are_cut(void **state)
{
    (void)state;
    static uint16_t units[2000];
    struct trace_record record = {0};
    for (size_t i = 0; i < 2000; i++)
        units[i] = 'n';
    struct str16 exactly = {units, TRACE_NAME_MAX}, more = {units, TRACE_NAME_MAX + 1};
    trace_set_name(&record, (struct str16){0}, exactly);
    assert_int_equal(record.name_units, TRACE_NAME_MAX);
    assert_false(record.cut);
    trace_set_name(&record, (struct str16){units, 1}, exactly);
    assert_int_equal(record.name_units, TRACE_NAME_MAX);
    assert_true(record.cut);
    trace_set_name(&record, more, (struct str16){0});
    assert_true(record.cut);
    trace_set_image(&record, (struct str16){units, 2000});
    assert_int_equal(record.image_units, TRACE_IMAGE_MAX);
    trace_set_call(&record, "NtAVeryLongNameOfACallThatDoesNotFitAtAll");
    assert_int_equal(strlen(record.call), TRACE_CALL_MAX - 1);
}

static bool nobody(uint32_t process)
{
    (void)process;
    return false;
}

static bool all(uint32_t process)
{
    (void)process;
    return true;
}

static void readers(void **state)
{
    (void)state;
    struct trace_ring *ring = ring_of(ORDER);
    struct trace_readers readers = {0};
    for (uint32_t i = 0; i < TRACE_READERS; i++)
        assert_int_equal(trace_attach(&readers, 100 + i, 0, all), i);
    assert_int_equal(trace_attach(&readers, 200, 0, all), -1);
    assert_int_equal(readers.wanted, 1);
    // The place of one that is no more is taken over.
    assert_int_equal(trace_attach(&readers, 200, 0, nobody), 0);
    for (int i = 0; i < TRACE_READERS; i++) {
        assert_int_equal(readers.wanted, 1);
        trace_detach(&readers, i);
    }
    assert_int_equal(readers.wanted, 0);
    // Writers wait for one that is behind, until they give it up.
    int slow = trace_attach(&readers, 1, 0, all), quick = trace_attach(&readers, 2, 0, all);
    for (uint32_t i = 0; i < RECORDS; i++) {
        assert_int_equal(trace_must_wait(&readers, ring, ORDER), i >= 3 * RECORDS / 4);
        write_one(ring, ORDER, i);
        assert_false(trace_progress(&readers, quick, i + 1));
    }
    trace_give_up(&readers, ring, ORDER);
    assert_false(trace_must_wait(&readers, ring, ORDER));
    assert_int_equal(readers.wanted, 1);
    trace_detach(&readers, quick);
    assert_int_equal(readers.wanted, 0); // none is left that reads
    assert_true(trace_progress(&readers, slow, RECORDS));
    assert_int_equal(readers.wanted, 1); // it has come back
    assert_false(trace_progress(&readers, slow, RECORDS));
    trace_detach(&readers, slow);
    assert_int_equal(readers.wanted, 0);
    free(ring);
}

enum { THREADS = 4, EACH = 20000, THREAD_ORDER = 8 };

struct shared {
    struct trace_ring *ring;
    struct trace_readers readers;
};

static void *writes(void *context)
{
    struct shared *shared = context;
    for (uint32_t i = 0; i < EACH; i++) {
        write_one(shared->ring, THREAD_ORDER, i);
        while (trace_must_wait(&shared->readers, shared->ring, THREAD_ORDER))
            sched_yield();
    }
    return NULL;
}

/* With writers that wait nothing is lost, however they come in each other's way. */
static void threads(void **state)
{
    (void)state;
    static struct shared shared;
    pthread_t writers[THREADS];
    struct trace_record record;
    uint64_t sum = 0, count = 0;
    shared = (struct shared){.ring = ring_of(THREAD_ORDER)};
    struct trace_cursor cursor = trace_cursor_on(shared.ring, THREAD_ORDER, false);
    int place = trace_attach(&shared.readers, 1, 0, all);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, writes, &shared), 0);
    while (count < (uint64_t)THREADS * EACH) {
        if (trace_next(&cursor, &record) == TRACE_READ_ONE) {
            sum += record.subject;
            count++;
        } else {
            sched_yield();
        }
        trace_progress(&shared.readers, place, cursor.position);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(writers[i], NULL);
    assert_int_equal(cursor.lost, 0);
    assert_int_equal(sum, (uint64_t)THREADS * EACH * (EACH - 1) / 2);
    free(shared.ring);
}

/* ---- what they mean ---- */

static void check_name(unsigned kind, const char *name, const char *shown, const char *pattern)
{
    uint16_t units[600], wanted[600];
    struct trace_record record;
    struct str16_buf buf = {.s = units, .cap = 600};
    fill(&record, kind, TRACE_PRIVATE, "", name);
    trace_put_name(&buf, &record);
    assert_true(str16_equal(str16_view(&buf), wide(shown, wanted, 600)));
    const struct rule *rule = trace_rule(&record);
    if (pattern)
        assert_string_equal(rule->pattern, pattern);
    else
        assert_null(rule);
    assert_non_null(trace_reason(&record));
}

static void names(void **state)
{
    (void)state;
    check_name(TRACE_FILE, "C\\dir\\x", "C:\\dir\\x", "*");
    check_name(TRACE_FILE, "C", "C:\\", "*");
    check_name(TRACE_FILE, "UNC\\server\\share\\x", "\\\\server\\share\\x", "*");
    check_name(TRACE_FILE, "", "", "*");
    check_name(TRACE_FILE, "Device\\Floppy0\\x", "Device\\Floppy0\\x", "*");
    check_name(TRACE_PIPE, "x", "\\\\.\\pipe\\x", "Device\\NamedPipe\\*");
    check_name(TRACE_MAILSLOT, "x", "\\\\.\\mailslot\\x", "Device\\Mailslot\\*");
    check_name(TRACE_DEVICE, "\\Device\\Afd\\Endpoint", "\\Device\\Afd\\Endpoint",
               "Device\\Afd\\*");
    check_name(TRACE_DEVICE, "\\??\\Nsi", "\\??\\Nsi", "Device\\Nsi\\*");
    check_name(TRACE_DEVICE, "\\??\\PhysicalDrive0", "\\??\\PhysicalDrive0", NULL);
    check_name(TRACE_KEY, "\\REGISTRY\\MACHINE\\x", "\\REGISTRY\\MACHINE\\x",
               "\\REGISTRY\\MACHINE\\*");
    check_name(TRACE_OBJECT, "\\KnownDlls\\x.dll", "\\KnownDlls\\x.dll", "\\KnownDlls\\*");
    check_name(TRACE_PORT, "\\RPC Control\\x", "\\RPC Control\\x", "\\RPC Control\\*");
    check_name(TRACE_SOCKET, "127.0.0.1:80", "127.0.0.1:80", NULL);
    check_name(TRACE_MACHINE, "SetSystemTime", "SetSystemTime", NULL);
}

static void words(void **state)
{
    (void)state;
    uint16_t units[32];
    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        enum trace_kind kind;
        assert_true(trace_kind_of(wide(trace_kind_name(i), units, 32), &kind));
        assert_int_equal(kind, i);
    }
    enum trace_kind kind;
    assert_false(trace_kind_of(wide("no", units, 32), &kind));
    assert_false(trace_kind_of((struct str16){0}, &kind));
    for (unsigned i = 0; i < TRACE_OUTCOMES; i++)
        assert_string_not_equal(trace_outcome_name(i), "?");
    assert_string_equal(trace_outcome_name(TRACE_OUTCOMES), "?");
    assert_string_equal(trace_kind_name(TRACE_KINDS), "?");
    assert_true(trace_is_refused(TRACE_DENIED, 0));
    assert_true(trace_is_refused(TRACE_OWN, 0xC0000022));
    assert_true(trace_is_refused(TRACE_OWN, 0xC0000061));
    assert_false(trace_is_refused(TRACE_OWN, 0xC0000034));
}

static void writing_shared(void **state)
{
    (void)state;
    struct trace_record record;
    fill(&record, TRACE_OBJECT, TRACE_SHARED, "NtCreateEvent", "\\KernelObjects\\x");
    assert_true(trace_writes_shared(&record));
    record.status = 0xC0000022;
    assert_false(trace_writes_shared(&record));
    fill(&record, TRACE_OBJECT, TRACE_SHARED, "NtOpenEvent", "\\KernelObjects\\x");
    assert_false(trace_writes_shared(&record));
    fill(&record, TRACE_OBJECT, TRACE_PRIVATE, "NtCreateEvent", "\\BaseNamedObjects\\x");
    assert_false(trace_writes_shared(&record));
    fill(&record, TRACE_DEVICE, TRACE_SHARED, "NtCreateFile", "\\Device\\Afd");
    assert_false(trace_writes_shared(&record));
}

static void as_json(void **state)
{
    (void)state;
    static char line[TRACE_LINE_MAX];
    uint16_t service[8];
    struct trace_record record;
    fill(&record, TRACE_PROCESS, TRACE_STARTED, "NtCreateUserProcess", "C\\a \"b\".exe");
    record.process = 4;
    record.thread = 8;
    record.subject = 12;
    record.status = 0x00ab;
    record.time_low = 0xd53e8000; // 1970-01-01
    record.time_high = 0x019db1de;
    size_t len = trace_write_json(&record, wide("S", service, 8), line, sizeof line);
    line[len] = 0;
    assert_string_equal(
        line,
        "{\"time\":\"1970-01-01T00:00:00.0000000Z\",\"pid\":4,\"tid\":8,\"image\":\"program.exe\","
        "\"service\":\"S\",\"call\":\"NtCreateUserProcess\",\"kind\":\"process\","
        "\"name\":\"C:\\\\a \\\"b\\\".exe\",\"outcome\":\"started\",\"status\":\"0x000000AB\","
        "\"started\":12,\"rule\":null,\"reason\":\"it has the layer before it runs\"}");
    assert_int_equal(trace_write_json(&record, (struct str16){0}, line, 40), 0);
    // The longest there is fits: each unit of a name can become six bytes.
    memset(&record, 0, sizeof record);
    record.kind = TRACE_FILE;
    record.name_units = TRACE_NAME_MAX;
    record.image_units = TRACE_IMAGE_MAX;
    record.cut = 1;
    for (size_t i = 0; i < TRACE_NAME_MAX; i++)
        record.name[i] = 0xd800;
    for (size_t i = 0; i < TRACE_IMAGE_MAX; i++)
        record.image[i] = 1;
    memset(record.call, 'c', TRACE_CALL_MAX - 1);
    record.time_high = record.time_low = UINT32_MAX;
    uint16_t long_service[64];
    for (size_t i = 0; i < 64; i++)
        long_service[i] = 2;
    assert_true(trace_write_json(&record, (struct str16){long_service, 64}, line, sizeof line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),       cmocka_unit_test(overwritten),
        cmocka_unit_test(unfinished),     cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(senseless),      cmocka_unit_test(texts_are_cut),
        cmocka_unit_test(readers),        cmocka_unit_test(threads),
        cmocka_unit_test(names),          cmocka_unit_test(words),
        cmocka_unit_test(writing_shared), cmocka_unit_test(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
