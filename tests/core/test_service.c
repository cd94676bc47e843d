// The service model against the documentation of the service functions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/scm_proto.h"
#include "core/service.h"

#define TEXT16(literal)                                                                            \
    ((struct str16){(const uint16_t *)u##literal, sizeof(u##literal) / sizeof(uint16_t) - 1})

static void names(void **state)
{
    (void)state;
    assert_true(service_name_valid(TEXT16("MySQL")));
    assert_true(service_name_valid(TEXT16("with space and .$")));
    assert_false(service_name_valid(TEXT16("")));
    assert_false(service_name_valid(TEXT16("a/b")));
    assert_false(service_name_valid(TEXT16("a\\b")));
    assert_false(service_name_valid(TEXT16("a\0b")));
    uint16_t longest[SERVICE_NAME_MAX + 1];
    for (size_t i = 0; i < SERVICE_NAME_MAX + 1; i++)
        longest[i] = 'x';
    assert_true(service_name_valid((struct str16){longest, SERVICE_NAME_MAX}));
    assert_false(service_name_valid((struct str16){longest, SERVICE_NAME_MAX + 1}));
    assert_true(service_display_name_valid(TEXT16("a/b")));
}

static void accounts(void **state)
{
    (void)state;
    assert_true(service_account_is_system((struct str16){0}));
    assert_true(service_account_is_system(TEXT16("localSystem")));
    assert_true(service_account_is_system(TEXT16(".\\LocalSystem")));
    assert_false(service_account_is_system(TEXT16("NT AUTHORITY\\LocalService")));
}

static void configurations(void **state)
{
    (void)state;
    struct str16 name = TEXT16("svc");
    struct service_config good = {
        .type = SVC_WIN32_OWN_PROCESS, .start = SVC_DEMAND_START, .error_control = 1};
    assert_int_equal(service_config_check(name, &good), SVC_OK);

    struct service_config c = good;
    c.type = SVC_WIN32;
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c = good;
    c.type = SVC_INTERACTIVE_PROCESS;
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c = good;
    c.start = SVC_BOOT_START;
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c.type = SVC_KERNEL_DRIVER;
    assert_int_equal(service_config_check(name, &c), SVC_OK);
    c = good;
    c.start = 5;
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c = good;
    c.error_control = 4;
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c = good;
    c.type |= SVC_INTERACTIVE_PROCESS;
    assert_int_equal(service_config_check(name, &c), SVC_OK);
    c.account = TEXT16("someone");
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c = good;
    c.dependencies = TEXT16("rpc\0+group\0");
    assert_int_equal(service_config_check(name, &c), SVC_OK);
    c.dependencies = TEXT16("rpc\0SVC\0");
    assert_int_equal(service_config_check(name, &c), SVC_E_CIRCULAR_DEPENDENCY);
    c.dependencies = TEXT16("+\0");
    assert_int_equal(service_config_check(name, &c), SVC_E_INVALID_PARAMETER);
    c.dependencies = TEXT16("a/b\0C:\\x.exe\0");
    assert_int_equal(service_config_check(name, &c), SVC_OK);
}

static void access_masks(void **state)
{
    (void)state;
    assert_true(service_access_is_known(SC_RIGHT_ALL | 0xf3000000, true));
    assert_false(service_access_is_known(SC_RIGHT_ALL | 0x100, true));
    assert_true(service_access_is_known(SVC_RIGHT_ALL | 0x80000000, false));
    assert_false(service_access_is_known(0x200, false));
    assert_int_equal(service_manager_access(0), SC_RIGHT_CONNECT);
    assert_int_equal(service_manager_access(SC_RIGHT_ALL), SC_RIGHT_ALL);
    assert_int_equal(service_manager_access(0x10000000), SC_RIGHT_ALL);
    assert_true(service_manager_access(0x80000000) & SC_RIGHT_ENUMERATE_SERVICE);
    assert_false(service_manager_access(0x80000000) & SC_RIGHT_CREATE_SERVICE);
    assert_int_equal(service_access(0x02000000), SVC_RIGHT_ALL);
    assert_int_equal(service_access(SVC_RIGHT_START), SVC_RIGHT_START);
    assert_true(service_access(0x20000000) & SVC_RIGHT_STOP);
    assert_false(service_access(0x20000000) & SVC_RIGHT_CHANGE_CONFIG);
    assert_true(service_access(0x40000000) & SVC_RIGHT_CHANGE_CONFIG);
}

static void control_rights(void **state)
{
    (void)state;
    assert_int_equal(service_control_right(SVC_CONTROL_STOP), SVC_RIGHT_STOP);
    assert_int_equal(service_control_right(SVC_CONTROL_PAUSE), SVC_RIGHT_PAUSE_CONTINUE);
    assert_int_equal(service_control_right(SVC_CONTROL_CONTINUE), SVC_RIGHT_PAUSE_CONTINUE);
    assert_int_equal(service_control_right(SVC_CONTROL_INTERROGATE), SVC_RIGHT_INTERROGATE);
    assert_int_equal(service_control_right(SVC_CONTROL_NETBINDDISABLE), SVC_RIGHT_PAUSE_CONTINUE);
    assert_int_equal(service_control_right(128), SVC_RIGHT_USER_DEFINED_CONTROL);
    assert_int_equal(service_control_right(255), SVC_RIGHT_USER_DEFINED_CONTROL);
    // These are the system's to send.
    static const uint32_t refused[] = {0,  SVC_CONTROL_SHUTDOWN,    11,  12, 13,
                                       14, SVC_CONTROL_PRESHUTDOWN, 127, 256};
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        assert_int_equal(service_control_right(refused[i]), 0);
}

// The table in the documentation of ControlService, with a service that accepts all, and one that
// accepts nothing.
static void control_table(void **state)
{
    (void)state;
    static const struct {
        uint32_t state, stop, other;
    } rows[] = {
        {SVC_STOPPED, SVC_E_NOT_ACTIVE, SVC_E_NOT_ACTIVE},
        {SVC_STOP_PENDING, SVC_E_CANNOT_ACCEPT_CTRL, SVC_E_CANNOT_ACCEPT_CTRL},
        {SVC_START_PENDING, SVC_OK, SVC_E_CANNOT_ACCEPT_CTRL},
        {SVC_RUNNING, SVC_OK, SVC_OK},
        {SVC_CONTINUE_PENDING, SVC_OK, SVC_OK},
        {SVC_PAUSE_PENDING, SVC_OK, SVC_OK},
        {SVC_PAUSED, SVC_OK, SVC_OK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct service_status all = {.state = rows[i].state, .accepted = 0xfff};
        assert_int_equal(service_control_check(&all, SVC_CONTROL_STOP), rows[i].stop);
        assert_int_equal(service_control_check(&all, SVC_CONTROL_PAUSE), rows[i].other);
        assert_int_equal(service_control_check(&all, SVC_CONTROL_INTERROGATE), rows[i].other);
        assert_int_equal(service_control_check(&all, 200), rows[i].other);
        struct service_status none = {.state = rows[i].state};
        assert_int_equal(service_control_check(&none, SVC_CONTROL_STOP),
                         rows[i].stop ? rows[i].stop : SVC_E_INVALID_SERVICE_CONTROL);
        assert_int_equal(service_control_check(&none, SVC_CONTROL_PARAMCHANGE),
                         rows[i].other ? rows[i].other : SVC_E_INVALID_SERVICE_CONTROL);
        assert_int_equal(service_control_check(&none, SVC_CONTROL_INTERROGATE), rows[i].other);
        assert_int_equal(service_control_check(&none, 128), rows[i].other);
    }
}

static void stop_reasons(void **state)
{
    (void)state;
    static const uint32_t valid[] = {0x40010001, 0x10060017, 0x40050006, 0x20400100,
                                     0x20ffffff, 0x60400100, 0x30ff0100, 0x20010100};
    static const uint32_t wrong[] = {0,          0x00010001, 0x40000000, 0x40010000, 0x40000001,
                                     0x50010001, 0x40070001, 0x40010019, 0x40400001, 0x40010100,
                                     0x20010001, 0x20000100, 0x20400000, 0x80010001, 0x41010001,
                                     0xffffffff, 0x203f0001, 0x204000ff, 0x70400100};
    for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
        assert_true(service_stop_reason_valid(valid[i]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(service_stop_reason_valid(wrong[i]));
}

static void reported_status(void **state)
{
    (void)state;
    struct service_status status = {.type = SVC_WIN32_OWN_PROCESS, .state = SVC_START_PENDING};
    struct service_status report = {
        .type = SVC_WIN32, .state = SVC_RUNNING, .accepted = 1, .exit_code = 3};
    assert_int_equal(service_status_check(&report), SVC_OK);
    service_status_apply(&status, &report);
    assert_int_equal(status.type, SVC_WIN32_OWN_PROCESS);
    assert_int_equal(status.state, SVC_RUNNING);
    assert_int_equal(status.exit_code, 3);
    report.state = SVC_STOPPED;
    service_status_apply(&status, &report);
    assert_int_equal(status.accepted, 0);

    report.state = 0;
    assert_int_equal(service_status_check(&report), SVC_E_INVALID_DATA);
    report.state = 8;
    assert_int_equal(service_status_check(&report), SVC_E_INVALID_DATA);
    report.state = SVC_RUNNING;
    report.accepted = 0x80000000;
    assert_int_equal(service_status_check(&report), SVC_E_INVALID_DATA);
    report.accepted = 0;
    report.type = 0;
    assert_int_equal(service_status_check(&report), SVC_E_INVALID_DATA);
    report.type = 0x1000 | SVC_WIN32_OWN_PROCESS;
    assert_int_equal(service_status_check(&report), SVC_E_INVALID_DATA);
}

static void listing(void **state)
{
    (void)state;
    assert_true(service_listed(SVC_WIN32_OWN_PROCESS, SVC_RUNNING, SVC_WIN32, 1));
    assert_true(service_listed(SVC_WIN32_OWN_PROCESS, SVC_STOP_PENDING, SVC_WIN32, 1));
    assert_false(service_listed(SVC_WIN32_OWN_PROCESS, SVC_STOPPED, SVC_WIN32, 1));
    assert_true(service_listed(SVC_WIN32_OWN_PROCESS, SVC_STOPPED, SVC_WIN32, 3));
    assert_false(service_listed(SVC_KERNEL_DRIVER, SVC_STOPPED, SVC_WIN32, 3));
}

static void lists(void **state)
{
    (void)state;
    struct str16 item;
    size_t at = 0;
    assert_false(service_list_next((struct str16){0}, &at, &item));
    struct str16 list = TEXT16("one\0two\0\0hidden\0");
    assert_true(service_list_next(list, &at, &item) && str16_equal(item, TEXT16("one")));
    assert_true(service_list_next(list, &at, &item) && str16_equal(item, TEXT16("two")));
    assert_false(service_list_next(list, &at, &item));
    assert_true(service_list_has(list, TEXT16("TWO")));
    assert_false(service_list_has(list, TEXT16("hidden")));
    assert_true(service_list_has(TEXT16("unterminated"), TEXT16("unterminated")));
}

// A graph as a matrix of edges, each row ended by -1.
static size_t matrix_edge(void *context, size_t service, size_t n)
{
    const int(*rows)[4] = context;
    return rows[service][n] < 0 ? SERVICE_NONE : (size_t)rows[service][n];
}

static uint32_t order_of(int (*rows)[4], size_t count, size_t first, size_t *order, size_t *ordered)
{
    size_t stack[8], next[8];
    uint8_t mark[8];
    struct service_order work = {order, stack, next, mark};
    return service_start_order(&work, count, first, matrix_edge, rows, ordered);
}

static void start_order(void **state)
{
    (void)state;
    size_t order[8], n;
    int diamond[4][4] = {{1, 2, -1}, {3, -1}, {3, -1}, {-1}};
    assert_int_equal(order_of(diamond, 4, 0, order, &n), SVC_OK);
    assert_int_equal(n, 4);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 2);
    assert_int_equal(order[3], 0);
    assert_int_equal(order_of(diamond, 4, 3, order, &n), SVC_OK);
    assert_int_equal(n, 1);
    int ring[3][4] = {{1, -1}, {2, -1}, {0, -1}};
    assert_int_equal(order_of(ring, 3, 1, order, &n), SVC_E_CIRCULAR_DEPENDENCY);
    int self[1][4] = {{0, -1}};
    assert_int_equal(order_of(self, 1, 0, order, &n), SVC_E_CIRCULAR_DEPENDENCY);
}

static void messages(void **state)
{
    (void)state;
    _Alignas(8) static uint8_t buffer[512];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    struct scm_config config = {
        .basic = {.type = 0x10,
                  .start = SCM_NO_CHANGE,
                  .error_control = 1,
                  .image_path = TEXT16("C:\\x.exe"),
                  .dependencies = TEXT16("a\0b\0")},
        .tag = 3,
    };
    struct scm_process_status status = {{1, 2, 3, 4, 5, 6, 7}, 8, 9};
    scm_put_config(&w, &config);
    scm_put_process_status(&w, &status);
    assert_false(w.failed);
    struct wire_reader r = wire_reader_on(buffer, w.len);
    struct scm_config got = scm_get_config(&r);
    struct scm_process_status got_status = scm_get_process_status(&r);
    assert_true(wire_done(&r));
    assert_int_equal(got.basic.start, SCM_NO_CHANGE);
    assert_true(str16_equal(got.basic.image_path, config.basic.image_path));
    assert_true(str16_equal(got.basic.dependencies, config.basic.dependencies));
    assert_null(got.basic.group.s);
    assert_null(got.password.s);
    assert_int_equal(got.tag, 3);
    assert_memory_equal(&got_status, &status, sizeof(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(accounts),
        cmocka_unit_test(configurations), cmocka_unit_test(access_masks),
        cmocka_unit_test(control_rights), cmocka_unit_test(control_table),
        cmocka_unit_test(stop_reasons),   cmocka_unit_test(reported_status),
        cmocka_unit_test(listing),        cmocka_unit_test(lists),
        cmocka_unit_test(start_order),    cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
