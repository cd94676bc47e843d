// Lists of processes and handles: what is not the VM's goes, what stays is as it was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/proclist.h"

// The system's structure (phnt's ntexapi.h), with pointers of this program's size.
struct process_information {
    uint32_t next, threads;
    int64_t working_set, hard_faults_and_threads, cycles, create_time, user_time, kernel_time;
    uint16_t name_length, name_room;
    const uint16_t *name;
    int32_t priority;
    uintptr_t id, parent;
    uint32_t handles, session;
    uint8_t rest[128];
};

enum { MAX = 16, NAME = 8 };

struct list {
    _Alignas(8) uint8_t bytes[MAX * (sizeof(struct process_information) + 3 * NAME)];
    size_t length, last;
};

/* An entry with a name of its id's digit, `odd` bytes longer than it need be. */
static void add(struct list *list, uintptr_t id, uintptr_t parent, size_t odd)
{
    struct process_information info = {.id = id, .parent = parent, .handles = (uint32_t)id + 1};
    uint8_t *at = list->bytes + list->length;
    uint16_t name[NAME / 2] = {'p', (uint16_t)('0' + id % 10), 0};
    if (list->length) {
        uint32_t step = (uint32_t)(list->length - list->last);
        memcpy(list->bytes + list->last, &step, sizeof step);
    }
    info.name_length = 4;
    info.name_room = 6;
    info.name = (const uint16_t *)(void *)(at + sizeof info);
    memcpy(at, &info, sizeof info);
    memcpy(at + sizeof info, name, sizeof name);
    list->last = list->length;
    list->length += sizeof info + NAME + odd;
}

/* What the list says, as text: "id<parent" each. */
static void tell(struct list *list, size_t length, uintptr_t target, char *text)
{
    size_t at = 0;
    uint8_t *entry;
    *text = 0;
    while ((entry = proclist_next(list->bytes, length, &at))) {
        struct process_information info;
        uint16_t name[2];
        memcpy(&info, entry, sizeof info);
        assert_int_equal(info.handles, info.id + 1);
        size_t offset = (uintptr_t)info.name - target;
        assert_true(offset < length);
        memcpy(name, list->bytes + offset, sizeof name);
        assert_int_equal(name[1], '0' + info.id % 10);
        text += sprintf(text, "%u<%u ", (unsigned)info.id, (unsigned)info.parent);
    }
}

static void expect(struct list *list, const struct proclist_ids *ids, bool orphan,
                   const char *wanted)
{
    char text[200];
    uintptr_t target = 0x10000;
    size_t length = proclist_cut(list->bytes, list->length, ids, orphan, target);
    tell(list, length, target, text);
    assert_string_equal(text, wanted);
}

static const uintptr_t before[] = {40, 44, 52}, after[] = {40, 52, 56};

static const struct proclist_ids some = {before, 3, after, 3, 48};

static void the_vms_stay(void **state)
{
    struct list list = {0};
    (void)state;
    add(&list, 0, 0, 0);
    add(&list, 4, 0, 1);
    add(&list, 36, 4, 2);  // a host's
    add(&list, 40, 36, 3); // the VM's, its parent is the host's
    add(&list, 44, 40, 0); // has ended meanwhile
    add(&list, 48, 40, 1); // the caller
    add(&list, 52, 32, 0); // its parent runs no more
    add(&list, 56, 48, 0); // its id may have been another's
    add(&list, 60, 48, 5);
    expect(&list, &some, false, "0<0 4<0 40<0 48<40 52<32 ");
}

static void the_first_and_last_go(void **state)
{
    struct list list = {0};
    (void)state;
    add(&list, 60, 0, 3);
    add(&list, 48, 60, 1);
    add(&list, 64, 48, 0);
    expect(&list, &some, false, "48<0 ");
}

static void an_orphan_has_no_parent(void **state)
{
    struct list list = {0};
    (void)state;
    add(&list, 40, 32, 0);
    add(&list, 48, 32, 0);
    expect(&list, &some, true, "40<32 48<0 ");
}

static void names_elsewhere_go(void **state)
{
    struct list list = {0};
    struct process_information info;
    (void)state;
    add(&list, 48, 0, 0);
    memcpy(&info, list.bytes, sizeof info);
    info.name = (const uint16_t *)(uintptr_t)0x1234;
    memcpy(list.bytes, &info, sizeof info);
    size_t length = proclist_cut(list.bytes, list.length, &some, false, 0x10000);
    assert_int_equal(length, list.length);
    memcpy(&info, list.bytes, sizeof info);
    assert_null(info.name);
    assert_int_equal(info.name_length, 0);
}

static void broken_lists_are_refused(void **state)
{
    struct list list = {0};
    (void)state;
    add(&list, 48, 0, 0);
    add(&list, 40, 0, 0);
    for (size_t length = 0; length < sizeof(struct process_information) / 2; length++)
        assert_int_equal(proclist_cut(list.bytes, length, &some, false, 0), 0);
    uint32_t step = 0x7fffffff;
    memcpy(list.bytes, &step, sizeof step);
    assert_int_equal(proclist_cut(list.bytes, list.length, &some, false, 0), 0);
    step = 8;
    memcpy(list.bytes, &step, sizeof step);
    assert_int_equal(proclist_cut(list.bytes, list.length, &some, false, 0), 0);
}

static void handles(void **state)
{
    enum { COUNT = 6 };
    static const uintptr_t owners[COUNT] = {36, 40, 40, 65536 + 40, 48, 4};
    struct proclist_handles *list = calloc(1, sizeof *list + COUNT * sizeof *list->handles);
    struct proclist_short_handles *few = calloc(1, sizeof *few + 2 * sizeof *few->handles);
    (void)state;
    list->count = COUNT;
    for (uint32_t i = 0; i < COUNT; i++)
        list->handles[i] = (struct proclist_handle){
            NULL, owners[i], 0x10004 + i * 4, i, 0, (uint16_t)(i + 1), 2, 0};
    assert_int_equal(proclist_cut_handles(list, &some), 3);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->handles[0].handle, 0x10008);
    assert_int_equal(list->handles[1].process, 40);
    assert_int_equal(list->handles[2].process, 48);
    proclist_shorten(list, few, 2);
    assert_int_equal(few->count, 3);
    assert_int_equal(few->handles[1].process, 40);
    assert_int_equal(few->handles[1].handle, 0xc);
    assert_int_equal(few->handles[1].type, 3);
    assert_int_equal(few->handles[1].access, 2);
    free(few);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vms_stay),
        cmocka_unit_test(the_first_and_last_go),
        cmocka_unit_test(an_orphan_has_no_parent),
        cmocka_unit_test(names_elsewhere_go),
        cmocka_unit_test(broken_lists_are_refused),
        cmocka_unit_test(handles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
