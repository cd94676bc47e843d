// Which tests `plume selftest` has on this machine.
#ifndef PLUME_CLI_SELFTEST_TESTS_H
#define PLUME_CLI_SELFTEST_TESTS_H

#include <windows.h>
#include "cli.h"
#include "core/selftest.h"
#include "selftest_report.h"
#include "vm/vm.h"

enum selftest_kind { TEST_PARITY, TEST_AT_ONCE, TEST_AT_ONCE_IN_VMS, TEST_HOST, TEST_SERVICE };

struct selftest_test {
    enum selftest_kind kind;
    wchar_t subject[SELFTEST_NAME_MAX]; // the guest, or the service
};

struct selftest_tests {
    const wchar_t *pattern; // NULL: all
    wchar_t guests[VM_PATH_MAX];
    struct selftest_test *tests;
    struct selftest_report report; // a row for each test
};

/* Fills it, but for the pattern: the guests in the folder `guests` (NULL: where they are beside
 * plume.exe), what the plan in there says, and the host's services that match one of `services`.
 * selftest_tests_free() is due in any case. */
bool selftest_tests_find(struct selftest_tests *self, const wchar_t *guests,
                         const struct text_list *services, struct plume_error *error);

void selftest_tests_free(struct selftest_tests *self);

#endif
