// plume-monitor.exe --vm FOLDER --ready HANDLE: runs the VM whose folder this is, until it is told
// to stop. Writes "ok" and a line end to the handle once the VM is ready, or why it is not.
#include <windows.h>
#include <wchar.h>
#include <stdlib.h>
#include "layer/plume_layer.h"
#include "monitor/bridge.h"
#include "monitor/control_server.h"
#include "monitor/identity.h"
#include "monitor/limits.h"
#include "monitor/log.h"
#include "monitor/loop.h"
#include "monitor/output.h"
#include "monitor/outside.h"
#include "monitor/pause.h"
#include "monitor/publish.h"
#include "monitor/scm.h"
#include "monitor/scm_autostart.h"
#include "monitor/station.h"
#include "vm/vm.h"

enum { LINE_MAX = 2048 };

static HANDLE ready;

static void tell_ready(const wchar_t *text)
{
    char line[LINE_MAX * 3];
    int len = WideCharToMultiByte(CP_UTF8, 0, text, -1, line, sizeof(line) - 1, NULL, NULL);
    if (ready && len > 0) {
        DWORD written;
        line[len - 1] = '\n';
        WriteFile(ready, line, (DWORD)len, &written, NULL);
        CloseHandle(ready);
    }
    ready = NULL;
}

static int fail(const struct plume_error *error)
{
    wchar_t line[LINE_MAX];
    error_format(error, line, LINE_MAX);
    log_line(L"%s", line);
    tell_ready(line);
    return EXIT_FAILURE;
}

static bool parse(int argc, wchar_t **argv, const wchar_t **folder)
{
    *folder = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (wcscmp(argv[i], L"--vm") == 0)
            *folder = argv[i + 1];
        else if (wcscmp(argv[i], L"--ready") == 0)
            ready = (HANDLE)(ULONG_PTR)_wcstoui64(argv[i + 1], NULL, 0);
        else
            return false;
    }
    return *folder && argc % 2 == 1;
}

/* False, with the step of the layer's that failed. */
static bool layer_error(struct plume_error *error, NTSTATUS status, const wchar_t *summary,
                        const struct vm *vm, const char *step)
{
    wchar_t text[128];
    MultiByteToWideChar(CP_UTF8, 0, step, -1, text, sizeof(text) / sizeof(*text));
    return error_ntstatus(error, (uint32_t)status, summary, vm->name, text);
}

// All that needs the host's names, up to the VM's threshold.
static bool prepare(struct vm *vm, const wchar_t *folder, struct layer_config *config,
                    struct plume_error *error)
{
    HANDLE log[LOG_FILES], job;
    wchar_t pipe[VM_PATH_MAX + 16];
    if (!vm_open_folder(vm, folder, error) || !log_files_create(vm, log, error))
        return false;
    log_to(log, vm_config_log_max(&vm->config));
    log_line(L"VM %s, process %lu", vm->id, GetCurrentProcessId());
    if (!loop_start())
        return error_win32(error, L"cannot start the VM", vm->name, NULL);
    if (!outside_make_job(vm, &job, error) || !pause_open(vm, job, error) ||
        !vm_layer_config(vm, config, error))
        return false;
    const char *what = "";
    NTSTATUS prepared = plume_layer_prepare(config, &what);
    if (prepared < 0)
        return layer_error(error, prepared, L"cannot prepare the VM", vm, what);
    limits_apply(job, &vm->config.limits);
    identity_read_host();
    if (!publish_open(vm, error))
        return false;
    scm_autostart_find(vm);
    scm_set_job(job);
    output_open(vm);
    station_name(vm);
    static wchar_t names[2][VM_PATH_MAX + 16];
    for (int i = 0; i < 2; i++) {
        wcscpy(pipe, vm->pipes);
        wcscat(pipe, i == 0 ? L"\\control" : L"\\scm");
        wcscpy(names[i], pipe);
        NTSTATUS status = i == 0 ? control_serve(names[i], job) : scm_serve(names[i]);
        if (status < 0)
            return error_ntstatus(error, (uint32_t)status, L"cannot make the pipe", pipe, NULL);
    }
    return true;
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    static struct vm vm;
    static struct layer_config config;
    struct plume_error error = {0};
    const wchar_t *folder;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    if (!parse(argc, argv, &folder)) {
        error_plain(&error, L"cannot start a monitor", NULL, L"it is started by 'plume start' only",
                    NULL);
        return fail(&error);
    }
    if (!prepare(&vm, folder, &config, &error))
        return fail(&error);
    const char *what = "";
    NTSTATUS status = plume_layer_enter(&config, &what);
    if (status < 0) {
        layer_error(&error, status, L"cannot enter the VM", &vm, what);
        return fail(&error);
    }
    bridge_open(&config);
    identity_apply(&vm);
    DWORD code = scm_open();
    if (code != ERROR_SUCCESS) {
        error_win32_code(&error, code, L"cannot open the services of the VM", vm.name, NULL);
        return fail(&error);
    }
    if (!publish_start()) {
        error_win32(&error, L"cannot publish the ports of the VM", vm.name, NULL);
        return fail(&error);
    }
    log_line(L"the VM is ready");
    tell_ready(L"ok");
    scm_autostart_run();
    loop_run();
    output_end();
    return EXIT_SUCCESS;
}
