// The task scheduler: a task that the service runs, registered the old way (a .job file that the
// service finds by watching its folder) and the new way (over RPC).
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <initguid.h>
#include <mstask.h>
#include <stdio.h>
#include "common_service.h"
#include "common_step.h"

static void say_result(const char *name, HRESULT result)
{
    say(name, "%08lx", (unsigned long)result);
}

static BOOL appears(const wchar_t *path, DWORD milliseconds)
{
    for (DWORD start = GetTickCount(); GetTickCount() - start < milliseconds; Sleep(50)) {
        WIN32_FILE_ATTRIBUTE_DATA data;
        if (GetFileAttributesExW(path, GetFileExInfoStandard, &data) && data.nFileSizeLow)
            return TRUE;
    }
    return FALSE;
}

/* The service can miss that a task is to be run: it tries for 200 ms to open the file, which the
 * one who writes may still have open, and takes one of the changes of its folder that come
 * together (Wine 8, IPersistFile::Load in dlls/mstask/task.c, dlls/schedsvc/svc_main.c). So it is
 * asked again, and says so in a line that need not be the same elsewhere. */
static BOOL is_run(ITask *task, const wchar_t *output)
{
    for (unsigned time = 1; time <= 6; time++) {
        if (appears(output, 10000))
            return TRUE;
        printf("differs: the task was missed, time %u\n", time);
        ITask_Run(task);
    }
    return appears(output, 10000);
}

// A trigger is needed: a task without one is "not scheduled", and is not run by hand either.
static void add_trigger(ITask *task)
{
    ITaskTrigger *trigger;
    WORD index;
    HRESULT result = ITask_CreateTrigger(task, &index, &trigger);
    say_result("trigger", result);
    if (FAILED(result))
        return;
    TASK_TRIGGER when = {.cbTriggerSize = sizeof when,
                         .wBeginYear = 2098,
                         .wBeginMonth = 1,
                         .wBeginDay = 1,
                         .TriggerType = TASK_TIME_TRIGGER_ONCE};
    say_result("set", ITaskTrigger_SetTrigger(trigger, &when));
    ITaskTrigger_Release(trigger);
}

static void run_task(ITaskScheduler *scheduler)
{
    ITask *task = NULL;
    IPersistFile *file = NULL;
    wchar_t folder[MAX_PATH], output[MAX_PATH], parameters[MAX_PATH + 50], *saved = NULL;
    GetCurrentDirectoryW(MAX_PATH, folder);
    GetFullPathNameW(L"task.out", MAX_PATH, output, NULL);
    DeleteFileW(output);
    ITaskScheduler_Delete(scheduler, L"Plume task");
    HRESULT result = ITaskScheduler_NewWorkItem(scheduler, L"Plume task", &CLSID_CTask, &IID_ITask,
                                                (IUnknown **)&task);
    say_result("new", result);
    if (FAILED(result))
        return;
    say_result("program", ITask_SetApplicationName(task, L"C:\\windows\\system32\\cmd.exe"));
    swprintf(parameters, MAX_PATH + 50, L"/c echo run> %ls", output);
    say_result("parameters", ITask_SetParameters(task, parameters));
    say_result("folder", ITask_SetWorkingDirectory(task, folder));
    add_trigger(task);
    say_result("file", ITask_QueryInterface(task, &IID_IPersistFile, (void **)&file));
    say_result("save", IPersistFile_Save(file, NULL, TRUE));
    if (SUCCEEDED(IPersistFile_GetCurFile(file, &saved)) && saved) {
        say("it lies in", "%ls", saved);
        say("it is there", "%d", GetFileAttributesW(saved) != ~0u);
        CoTaskMemFree(saved);
    }
    say_result("run", ITask_Run(task));
    say("it has run", "%d", is_run(task, output));
    DeleteFileW(output);
    IPersistFile_Release(file);
    ITask_Release(task);
    // The service may have the task's file open still.
    for (unsigned i = 0; i < 600; i++) {
        result = ITaskScheduler_Delete(scheduler, L"Plume task");
        if (result != HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION))
            break;
        Sleep(100);
    }
    say_result("delete", result);
}

static void list_tasks(ITaskScheduler *scheduler)
{
    IEnumWorkItems *list;
    wchar_t **names;
    ULONG count;
    if (FAILED(ITaskScheduler_Enum(scheduler, &list)))
        return;
    while (IEnumWorkItems_Next(list, 1, &names, &count) == S_OK) {
        say("task", "%ls", names[0]);
        CoTaskMemFree(names[0]);
        CoTaskMemFree(names);
    }
    IEnumWorkItems_Release(list);
}

int main(void)
{
    service_running(L"Schedule");
    say_result("COM", CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
    ITaskScheduler *scheduler = NULL;
    HRESULT result = CoCreateInstance(&CLSID_CTaskScheduler, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_ITaskScheduler, (void **)&scheduler);
    say_result("scheduler", result);
    if (SUCCEEDED(result)) {
        run_task(scheduler);
        list_tasks(scheduler);
        ITaskScheduler_Release(scheduler);
    }
    CoUninitialize();
    service_stopped(L"Schedule");
    return 0;
}
