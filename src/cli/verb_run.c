#include <stdio.h>
#include <stdlib.h>
#include "child.h"
#include "cli.h"
#include "control_client.h"
#include "env_file.h"
#include "launch.h"
#include "start.h"
#include "store.h"
#include "vm_options.h"

enum {
    EXIT_INTERRUPTED = 130
}; // as a shell reports it: before the program ran there is no status of its own

static const wchar_t *const adjectives[] = {
    L"brave", L"calm",  L"clever", L"eager",  L"fair",  L"gentle", L"happy", L"keen",
    L"light", L"lucid", L"merry",  L"nimble", L"quiet", L"swift",  L"warm",  L"wise"};
static const wchar_t *const birds[] = {
    L"avocet",  L"crane",   L"curlew", L"dunnock", L"egret",  L"finch", L"heron",  L"jay",
    L"kestrel", L"lapwing", L"linnet", L"martin",  L"plover", L"robin", L"siskin", L"wren"};

/* A name that is probably not taken: two words, and a number where that was not enough. */
static void make_name(wchar_t *out, size_t cap, unsigned attempt)
{
    LARGE_INTEGER ticks;
    QueryPerformanceCounter(&ticks);
    uint32_t mixed =
        ((uint32_t)ticks.QuadPart ^ GetCurrentProcessId() * 2654435761u) * 2654435761u + attempt;
    int len = _snwprintf(out, cap, L"%ls_%ls", adjectives[mixed >> 28], birds[mixed >> 20 & 15]);
    if (attempt)
        _snwprintf(out + len, cap - (size_t)len, L"_%u", (unsigned)(mixed >> 8 & 4095));
}

static bool create(const struct vm_store *store, const wchar_t *name,
                   const struct vm_config *wanted, struct vm *vm, struct plume_error *error)
{
    struct store_lock lock;
    wchar_t made[VM_NAME_MAX];
    if (name && !vm_names(vm, store, name, error))
        return false;
    if (!store_lock(&lock, store, error))
        return false;
    bool ok = false;
    for (unsigned attempt = 0; !ok && attempt < (name ? 1 : 100); attempt++) {
        if (!name) {
            make_name(made, ARRAYSIZE(made), attempt);
            if (!vm_names(vm, store, made, error) || store_has(vm))
                continue;
        }
        ok = store_create(store, name ? name : made, wanted, vm, error);
        if (!ok)
            break;
    }
    store_unlock(&lock);
    return ok;
}

static int exec_in(const struct vm *vm, const struct launch *what)
{
    struct plume_error error;
    DWORD code = EXIT_PLUME, id;
    HANDLE process = child_exec(vm, what, &id, &error);
    if (!process)
        return fail(&error);
    WaitForSingleObject(process, INFINITE);
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return (int)code;
}

/* Ends the VM and, with --rm, removes it, whatever happened before. Returns the exit status that is
 * left. */
static int finish(struct vm *vm, bool remove, int status)
{
    struct plume_error error;
    struct store_lock lock;
    if (!vm_stop(vm, 10, remove, &error)) {
        fail(&error);
        if (!remove || vm_is_running(vm))
            return EXIT_PLUME;
    }
    if (!remove)
        return status;
    if (!store_lock(&lock, &vm->store, &error))
        return fail(&error);
    bool ok = !store_has(vm) || store_delete(vm, &error);
    store_unlock(&lock);
    return ok ? status : fail(&error);
}

static int run(struct command *command)
{
    struct launch what = {0};
    bool remove = false;
    const wchar_t *name = NULL;
    struct vm_options vm_options = {0};
    struct vm_config wanted = {0};
    const struct option options[] = {{0, L"rm", OPTION_FLAG, &remove},
                                     {0, L"name", OPTION_TEXT, &name},
                                     {L'e', L"env", OPTION_LIST, &what.variables},
                                     {0, L"env-file", OPTION_LIST, &what.env_files},
                                     {L'w', L"workdir", OPTION_TEXT, &what.folder},
                                     {0, L"interactive", OPTION_FLAG, &what.interactive},
                                     VM_OPTIONS(vm_options)};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_FIRST, 1, -1) ||
        !vm_options_read(command, &vm_options, &wanted))
        return EXIT_PLUME;
    // Read again by the one that runs the program; a bad one must not have made a VM.
    struct text_list ignored = {0};
    if (!env_files_read(&what.env_files, &ignored, &error))
        return fail(&error);
    ctrl_c_hold();
    if (!vm_store_locate(&store, &error) || !create(&store, name, &wanted, &vm, &error))
        return fail(&error);
    limits_warn(&vm, &wanted.limits);
    what.program = command->args[0];
    what.line = command->raw[0];
    int status = EXIT_INTERRUPTED;
    if (!ctrl_c_seen() && !vm_start(&vm, &error)) {
        fail(&error);
        // A VM that this command made and nobody ever saw run is not left behind.
        return finish(&vm, true, EXIT_PLUME);
    }
    if (!ctrl_c_seen() && !launch_in_new(&vm, &what, &status))
        status = exec_in(&vm, &what);
    return finish(&vm, remove, status);
}

const struct verb verb_run = {
    .name = L"run",
    .usage = L"[--rm] [--name NAME] [-e K=V]... [--env-file FILE]... [-w DIR] "
             L"[--interactive] " VM_OPTIONS_USAGE L" CMD [ARG...]",
    .summary = L"Run a program in a new VM",
    .details = L"Makes a VM (with --name of this name, else of two words), starts it, runs the "
               L"program in it as 'plume\n"
               L"exec' does, and stops the VM when the program has ended. With --rm it is removed "
               L"then, also after\n"
               L"Ctrl-C. Plume ends with the program's exit status. --interactive: the program's "
               L"windows are on\nthe user's desktop, and it sees those that are "
               L"there.\n" VM_OPTIONS_DETAILS,
    .run = run,
};
