// The VM's services by the system's own service API: in a process that has entered the VM, that is
// the VM's SCM.
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "core/log_time.h"
#include "launch.h"
#include "log_reader.h"
#include "output.h"
#include "service_act.h"
#include "service_key.h"
#include "service_show.h"
#include "trace_reader.h"
#include "trace_show.h"

enum {
    SAID_MAX = 5,     // entries of the log that are shown of a start that failed
    REFUSED_MAX = 10, // and of calls that were refused
};

enum action {
    ACTION_LIST,
    ACTION_START,
    ACTION_STOP,
    ACTION_RESTART,
    ACTION_PAUSE,
    ACTION_CONTINUE,
    ACTION_STATUS,
    ACTION_ENABLE,
    ACTION_DISABLE,
    ACTION_CONFIG,
    ACTION_IMPORT,
};

static const struct {
    const wchar_t *word;
    DWORD access;
} actions[] = {
    [ACTION_LIST] = {L"ls", 0},
    [ACTION_START] = {L"start", SERVICE_START | SERVICE_QUERY_STATUS},
    [ACTION_STOP] = {L"stop", SERVICE_ACT_ACCESS},
    [ACTION_RESTART] = {L"restart", SERVICE_ACT_ACCESS},
    [ACTION_PAUSE] = {L"pause", SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS},
    [ACTION_CONTINUE] = {L"continue", SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS},
    [ACTION_STATUS] = {L"status", SERVICE_QUERY_STATUS},
    [ACTION_ENABLE] = {L"enable", SERVICE_CHANGE_CONFIG},
    [ACTION_DISABLE] = {L"disable", SERVICE_CHANGE_CONFIG},
    [ACTION_CONFIG] = {L"config", SERVICE_CHANGE_CONFIG | SERVICE_QUERY_CONFIG},
    [ACTION_IMPORT] = {L"import", SERVICE_QUERY_CONFIG},
};

struct request {
    enum action action;
    const wchar_t *service;
    DWORD count; // arguments of a start
    const wchar_t **arguments;
    bool json_format, force;
    /* Of a configuration; NULL: stays as it is. */
    const wchar_t *start, *display_name, *description, *command_line;
    DWORD start_type; // START_AS_IT_IS, or what `start` says
    bool delayed;
};

/* ---- configuration ---- */

static bool read_start(const struct command *command, struct request *wanted)
{
    static const struct {
        const wchar_t *word;
        DWORD type;
        bool delayed;
    } words[] = {{L"auto", SERVICE_AUTO_START, false},
                 {L"delayed", SERVICE_AUTO_START, true},
                 {L"manual", SERVICE_DEMAND_START, false},
                 {L"disabled", SERVICE_DISABLED, false}};
    wanted->start_type = START_AS_IT_IS;
    if (!wanted->start)
        return true;
    for (size_t i = 0; i < ARRAYSIZE(words); i++) {
        if (wcscmp(words[i].word, wanted->start) == 0) {
            wanted->start_type = words[i].type;
            wanted->delayed = words[i].delayed;
            return true;
        }
    }
    fail_usage(command, L"a service starts 'auto', 'delayed', 'manual' or 'disabled', not",
               wanted->start);
    return false;
}

static bool change_start(SC_HANDLE service, const wchar_t *name, DWORD type, bool delayed,
                         struct plume_error *error)
{
    enum { DELAYED_AUTO_START = 3 }; // SERVICE_CONFIG_DELAYED_AUTO_START_INFO
    BOOL flag = delayed;
    if (ChangeServiceConfigW(service, SERVICE_NO_CHANGE, type, SERVICE_NO_CHANGE, NULL, NULL, NULL,
                             NULL, NULL, NULL, NULL) &&
        (type != SERVICE_AUTO_START || ChangeServiceConfig2W(service, DELAYED_AUTO_START, &flag)))
        return true;
    return error_win32(error, L"cannot configure the service", name, NULL);
}

static bool configure(SC_HANDLE service, const struct request *wanted, struct plume_error *error)
{
    const wchar_t *name = wanted->service;
    if (!wanted->start && !wanted->display_name && !wanted->description && !wanted->command_line)
        return service_show_config(service, name, wanted->json_format, error);
    if (wanted->start && !change_start(service, name, wanted->start_type, wanted->delayed, error))
        return false;
    SERVICE_DESCRIPTIONW description = {(wchar_t *)wanted->description};
    if (((wanted->display_name || wanted->command_line) &&
         !ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                               wanted->command_line, NULL, NULL, NULL, NULL, NULL,
                               wanted->display_name)) ||
        (wanted->description &&
         !ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &description)))
        return error_win32(error, L"cannot configure the service", name, NULL);
    return true;
}

static bool import(const struct request *wanted, struct plume_error *error)
{
    HKEY key, own;
    if (!service_key_open(wanted->service, &key, error))
        return false;
    LONG code = RegOpenKeyExW(key, NULL, 0, KEY_READ | KEY_WRITE, &own);
    RegCloseKey(key);
    if (code != ERROR_SUCCESS)
        return error_win32_code(error, (uint32_t)code, L"cannot take over the service",
                                wanted->service, NULL);
    bool ok = service_key_take(own, wanted->start_type, error);
    RegCloseKey(own);
    return ok;
}

/* ---- a start that failed ---- */

static uint64_t now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) -
           UINT64_C(116444736000000000);
}

/* What the service has said, or why the VM's SCM did not start it. */
static bool tells_why(const struct log_entry *entry, const wchar_t *service)
{
    wchar_t begin[SAID_MAX + 320];
    if (entry->stream != LOG_VM)
        return str16_equal_nocase(entry->service, str16_of(service));
    _snwprintf(begin, ARRAYSIZE(begin) - 1, L"service %.256ls: not ", service);
    begin[ARRAYSIZE(begin) - 1] = 0;
    return str16_starts_nocase(entry->text, str16_of(begin));
}

static void show_said(struct log_reader *log, const wchar_t *service, uint64_t since)
{
    static wchar_t said[SAID_MAX][512];
    size_t count = 0;
    struct log_entry entry;
    const char *line;
    size_t len;
    while (log && log_reader_next(log, &entry, &line, &len)) {
        if (entry.time >= since && tells_why(&entry, service))
            _snwprintf(said[count++ % SAID_MAX], 511, L"  %.*ls\n",
                       (int)(entry.text.len > 500 ? 500 : entry.text.len),
                       (const wchar_t *)entry.text.s);
    }
    for (size_t i = count > SAID_MAX ? count - SAID_MAX : 0; i < count; i++)
        write_text(GetStdHandle(STD_ERROR_HANDLE), said[i % SAID_MAX]);
}

static void show_refused(void *context, const struct trace_record *record, bool child)
{
    static wchar_t text[TRACE_NAME_MAX + 320], line[ARRAYSIZE(text) + 64];
    wchar_t image[TRACE_IMAGE_MAX + 1];
    unsigned *count = context;
    if (++*count > REFUSED_MAX)
        return;
    trace_show_refusal(record, text, ARRAYSIZE(text));
    trace_show_image(record, image);
    _snwprintf(line, ARRAYSIZE(line) - 1, L"  refused%ls%ls: %ls\n", child ? L" to " : L"",
               child ? image : L"", text);
    line[ARRAYSIZE(line) - 1] = 0;
    write_text(GetStdHandle(STD_ERROR_HANDLE), line);
}

/* ---- the verb ---- */

static bool act(SC_HANDLE scm, SC_HANDLE service, const struct request *wanted,
                struct plume_error *error)
{
    const wchar_t *name = wanted->service;
    switch (wanted->action) {
    case ACTION_LIST:
        break;
    case ACTION_START:
        return service_start(service, name, wanted->count, wanted->arguments, error);
    case ACTION_STOP:
        return service_stop(scm, service, name, wanted->force, error);
    case ACTION_RESTART:
        return service_restart(scm, service, name, wanted->force, error);
    case ACTION_PAUSE:
    case ACTION_CONTINUE:
        return service_pause(service, name, wanted->action == ACTION_CONTINUE, error);
    case ACTION_STATUS:
        return service_show_status(scm, service, name, wanted->json_format, error);
    case ACTION_ENABLE:
        return change_start(service, name, SERVICE_AUTO_START, wanted->delayed, error);
    case ACTION_DISABLE:
        return change_start(service, name, SERVICE_DISABLED, false, error);
    case ACTION_CONFIG:
        return configure(service, wanted, error);
    case ACTION_IMPORT:
        return import(wanted, error);
    }
    return true;
}

static int carry_out(const struct request *wanted, struct log_reader *log,
                     const struct trace_reader *trace)
{
    struct plume_error error;
    uint64_t begun = now();
    SC_HANDLE scm = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    if (!scm) {
        error_win32(&error, L"cannot reach the VM's services", NULL, NULL);
        return fail(&error);
    }
    if (!wanted->service) {
        int status = services_list(scm, wanted->json_format);
        CloseServiceHandle(scm);
        return status;
    }
    SC_HANDLE service = OpenServiceW(scm, wanted->service, actions[wanted->action].access);
    bool ok = service || error_win32(&error, L"cannot open the service", wanted->service, NULL);
    ok = ok && act(scm, service, wanted, &error);
    if (service)
        CloseServiceHandle(service);
    CloseServiceHandle(scm);
    int written = out_end();
    if (ok)
        return written;
    fail(&error);
    if (wanted->action == ACTION_START || wanted->action == ACTION_RESTART) {
        unsigned refused = 0;
        show_said(log, wanted->service, begun);
        if (trace)
            trace_reader_refused(trace, wanted->service, begun + UINT64_C(116444736000000000),
                                 show_refused, &refused);
        if (refused > REFUSED_MAX)
            note(L"%u more calls were refused; 'plume trace' shows them", refused - REFUSED_MAX);
    }
    return EXIT_PLUME;
}

/* Whether the options belong to the action, and the operands. */
static bool check(const struct command *command, const struct request *wanted)
{
    const wchar_t *word = command->args[1];
    bool sets = wanted->display_name || wanted->description || wanted->command_line;
    if (wanted->action != ACTION_LIST && wanted->action != ACTION_STATUS && !wanted->service)
        fail_usage(command, L"the name of a service is missing after", word);
    else if (wanted->action == ACTION_LIST && wanted->service)
        fail_usage(command, L"this is one operand too many:", wanted->service);
    else if (wanted->action != ACTION_START && wanted->count)
        fail_usage(command, L"this is one operand too many:", wanted->arguments[0]);
    else if (wanted->force && wanted->action != ACTION_STOP && wanted->action != ACTION_RESTART)
        fail_usage(command, L"'--force' is for 'stop' and 'restart', not for", word);
    else if (sets && wanted->action != ACTION_CONFIG)
        fail_usage(command, L"'--display-name', '--description' and '--command' are not for", word);
    else if (wanted->start && wanted->action != ACTION_CONFIG && wanted->action != ACTION_IMPORT)
        fail_usage(command, L"'--start' is for 'config' and 'import', not for", word);
    else
        return true;
    return false;
}

static int run(struct command *command)
{
    struct request wanted = {0};
    const struct option options[] = {
        {0, L"format", OPTION_FORMAT, &wanted.json_format},
        {L'f', L"force", OPTION_FLAG, &wanted.force},
        {0, L"start", OPTION_TEXT, &wanted.start},
        {0, L"display-name", OPTION_TEXT, &wanted.display_name},
        {0, L"description", OPTION_TEXT, &wanted.description},
        {0, L"command", OPTION_TEXT, &wanted.command_line},
    };
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    size_t action = 0;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 2, -1))
        return EXIT_PLUME;
    while (action < ARRAYSIZE(actions) && wcscmp(actions[action].word, command->args[1]) != 0)
        action++;
    if (action == ARRAYSIZE(actions))
        return fail_usage(command,
                          L"the actions are ls, start, stop, restart, pause, continue, status, "
                          L"enable, disable, config and import, not",
                          command->args[1]);
    wanted.action = (enum action)action;
    if (command->count > 2)
        wanted.service = command->args[2];
    if (command->count > 3) {
        wanted.count = (DWORD)command->count - 3;
        wanted.arguments = command->args + 3;
    }
    if (!check(command, &wanted) || !read_start(command, &wanted))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    // While the VM's store can be named.
    struct plume_error ignored;
    struct log_reader *log = log_reader_open(&vm, &ignored);
    struct trace_reader trace;
    bool traced = trace_reader_open(&trace, &vm, &ignored);
    int status =
        vm_enter(&vm, &error) ? carry_out(&wanted, log, traced ? &trace : NULL) : fail(&error);
    log_reader_close(log);
    return status;
}

const struct verb verb_service = {
    .name = L"service",
    .usage = L"[--format json] NAME "
             L"ls|start|stop|restart|pause|continue|status|enable|disable|config|import "
             L"[SERVICE] [ARG...]",
    .summary = L"List, control and configure the services of a VM",
    .details =
        L"ls                       all services that the VM has, those of the host that it sees\n"
        L"                         included\n"
        L"start SERVICE [ARG...]   start the VM's own instance, and wait until it runs\n"
        L"stop [-f] SERVICE        stop it, and wait until it has stopped; -f: also those that\n"
        L"                         depend on it\n"
        L"restart [-f] SERVICE     both; -f: those that depend on it, too\n"
        L"pause, continue SERVICE  hold it, and let it go on\n"
        L"status [SERVICE]         its state; without SERVICE the same as ls\n"
        L"enable, disable SERVICE  have it start with the VM; have it not start at all\n"
        L"config SERVICE           its configuration, or with --start "
        L"auto|delayed|manual|disabled,\n"
        L"                         --display-name, --description or --command a change of it\n"
        L"import SERVICE           make the host's configuration of it, as it is now, the VM's\n"
        L"                         own; one that starts by itself does so with the VM; --start\n"
        L"                         chooses\n"
        L"Only the VM's services are concerned, never the host's. Inside the VM the system's own "
        L"tools\n"
        L"(sc, net) do the same.\n",
    .run = run,
};
