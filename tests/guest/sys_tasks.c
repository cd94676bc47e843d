// The task scheduler as it is since NT 6.0: folders and tasks by COM (taskschd.dll, which asks the
// service over RPC), and the command schtasks.
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <initguid.h>
#include <taskschd.h>
#include <stdio.h>
#include <wchar.h>
#include "common_service.h"
#include "common_step.h"

#define FOLDER L"Plume test"
enum { PATIENCE_MS = 60000 };

static const wchar_t form[] =
    L"<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"
    L"<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n"
    L"  <RegistrationInfo><Description>%ls</Description></RegistrationInfo>\r\n"
    L"  "
    L"<Settings><AllowStartOnDemand>true</AllowStartOnDemand><Enabled>true</Enabled></Settings>\r\n"
    L"  <Actions><Exec><Command>C:\\windows\\system32\\cmd.exe</Command>"
    L"<Arguments>/c echo run&gt; %ls</Arguments></Exec></Actions>\r\n"
    L"</Task>\r\n";

static HRESULT told(const char *what, HRESULT result)
{
    say(what, "%08lx", (unsigned long)result);
    return result;
}

static VARIANT text_variant(BSTR text)
{
    VARIANT value = {.vt = VT_BSTR, .bstrVal = text};
    return value;
}

static BOOL appears(const wchar_t *path)
{
    for (DWORD start = GetTickCount(); GetTickCount() - start < PATIENCE_MS; Sleep(50)) {
        WIN32_FILE_ATTRIBUTE_DATA data;
        if (GetFileAttributesExW(path, GetFileExInfoStandard, &data) && data.nFileSizeLow)
            return TRUE;
    }
    return FALSE;
}

static void show_task(const char *what, IRegisteredTask *task)
{
    VARIANT_BOOL enabled = 7;
    TASK_STATE state = 77;
    BSTR text = NULL;
    if (told(what, IRegisteredTask_get_Path(task, &text)) == S_OK)
        say("its path", "%ls", text);
    SysFreeString(text);
    told("enabled", IRegisteredTask_get_Enabled(task, &enabled));
    say("enabled", "%d", enabled);
    told("state", IRegisteredTask_get_State(task, &state));
    say("state", "%d", state);
    text = NULL;
    if (told("xml", IRegisteredTask_get_Xml(task, &text)) == S_OK)
        say("it is described", "%d", wcsstr(text, L"A task of a test") != NULL);
    SysFreeString(text);
}

static void list_tasks(ITaskFolder *folder)
{
    IRegisteredTaskCollection *tasks;
    LONG count = 0;
    if (told("list", ITaskFolder_GetTasks(folder, TASK_ENUM_HIDDEN, &tasks)) != S_OK)
        return;
    IRegisteredTaskCollection_get_Count(tasks, &count);
    say("tasks", "%ld", count);
    for (LONG i = 1; i <= count; i++) {
        VARIANT index = {.vt = VT_I4, .lVal = i};
        IRegisteredTask *task;
        BSTR name = NULL;
        if (told("task", IRegisteredTaskCollection_get_Item(tasks, index, &task)) != S_OK)
            continue;
        if (IRegisteredTask_get_Name(task, &name) == S_OK)
            say("task", "%ls", name);
        SysFreeString(name);
        IRegisteredTask_Release(task);
    }
    IRegisteredTaskCollection_Release(tasks);
}

static void run_task(IRegisteredTask *task, const wchar_t *output)
{
    VARIANT none = {.vt = VT_NULL};
    IRunningTask *running = NULL;
    DeleteFileW(output);
    if (told("run", IRegisteredTask_Run(task, none, &running)) == S_OK)
        say("it has run", "%d", appears(output));
    if (running)
        IRunningTask_Release(running);
    DeleteFileW(output);
}

static void use_folder(ITaskFolder *folder)
{
    wchar_t output[MAX_PATH], xml[1200];
    IRegisteredTask *task = NULL;
    VARIANT none = {.vt = VT_EMPTY};
    BSTR name = SysAllocString(L"One"), text;
    GetFullPathNameW(L"tasks.out", MAX_PATH, output, NULL);
    _snwprintf(xml, 1200, form, L"A task of a test", output);
    text = SysAllocString(xml);
    list_tasks(folder);
    told("no task", ITaskFolder_GetTask(folder, name, &task));
    if (told("register", ITaskFolder_RegisterTask(folder, name, text, TASK_CREATE, none, none,
                                                  TASK_LOGON_INTERACTIVE_TOKEN, none, &task)) ==
        S_OK) {
        show_task("registered", task);
        IRegisteredTask_Release(task);
    }
    say("its file", "%d",
        GetFileAttributesW(L"C:\\windows\\system32\\Tasks\\" FOLDER L"\\One") != ~0u);
    task = NULL;
    if (told("again", ITaskFolder_RegisterTask(folder, name, text, TASK_CREATE, none, none,
                                               TASK_LOGON_INTERACTIVE_TOKEN, none, &task)) == S_OK)
        IRegisteredTask_Release(task);
    list_tasks(folder);
    if (told("find", ITaskFolder_GetTask(folder, name, &task)) == S_OK) {
        told("disable", IRegisteredTask_put_Enabled(task, VARIANT_FALSE));
        show_task("disabled", task);
        told("enable", IRegisteredTask_put_Enabled(task, VARIANT_TRUE));
        show_task("enabled", task);
        run_task(task, output);
        IRegisteredTask_Release(task);
    }
    told("delete", ITaskFolder_DeleteTask(folder, name, 0));
    told("delete again", ITaskFolder_DeleteTask(folder, name, 0));
    SysFreeString(text);
    text = SysAllocString(L"<Task></Task>");
    task = NULL;
    told("not a task", ITaskFolder_RegisterTask(folder, name, text, TASK_CREATE, none, none,
                                                TASK_LOGON_INTERACTIVE_TOKEN, none, &task));
    SysFreeString(text);
    SysFreeString(name);
}

static void use_service(ITaskService *service)
{
    VARIANT none = {.vt = VT_EMPTY};
    ITaskFolder *root = NULL, *folder = NULL;
    BSTR top = SysAllocString(L"\\"), name = SysAllocString(FOLDER),
         full = SysAllocString(L"\\" FOLDER);
    VARIANT_BOOL connected = 7;
    told("not connected", ITaskService_GetFolder(service, top, &root));
    told("connect", ITaskService_Connect(service, none, none, none, none));
    told("connected", ITaskService_get_Connected(service, &connected));
    say("connected", "%d", connected);
    if (told("root", ITaskService_GetFolder(service, top, &root)) == S_OK) {
        ITaskFolder_DeleteFolder(root, name, 0);
        told("no folder", ITaskService_GetFolder(service, full, &folder));
        told("make", ITaskFolder_CreateFolder(root, name, text_variant(NULL), &folder));
        if (folder) {
            use_folder(folder);
            ITaskFolder_Release(folder);
        }
        told("remove", ITaskFolder_DeleteFolder(root, name, 0));
        told("remove again", ITaskFolder_DeleteFolder(root, name, 0));
        ITaskFolder_Release(root);
    }
    SysFreeString(top);
    SysFreeString(name);
    SysFreeString(full);
}

/* Runs schtasks; what it says is the system's own, its status is compared. */
static void schtasks(const char *what, const wchar_t *arguments)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    wchar_t line[600];
    PROCESS_INFORMATION made;
    DWORD code = 0xffffffff;
    HANDLE nowhere =
        CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &inherited, OPEN_EXISTING, 0, NULL);
    STARTUPINFOW startup = {.cb = sizeof startup,
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = nowhere,
                            .hStdOutput = nowhere,
                            .hStdError = nowhere};
    _snwprintf(line, 600, L"schtasks.exe %ls", arguments);
    if (step(what, CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made))) {
        if (!WaitForSingleObject(made.hProcess, PATIENCE_MS))
            GetExitCodeProcess(made.hProcess, &code);
        say(what, "%lu", code);
        CloseHandle(made.hThread);
        CloseHandle(made.hProcess);
    }
    CloseHandle(nowhere);
}

static BOOL task_is_there(void)
{
    return GetFileAttributesW(L"C:\\windows\\system32\\Tasks\\Plume command") != ~0u;
}

static void use_command(void)
{
    wchar_t xml[1200], file[MAX_PATH], line[600];
    DWORD written;
    GetFullPathNameW(L"task.xml", MAX_PATH, file, NULL);
    _snwprintf(xml, 1200, form, L"A task of a test", L"nul");
    HANDLE handle = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(handle, L"\xfeff", 2, &written, NULL);
    WriteFile(handle, xml, (DWORD)(wcslen(xml) * sizeof *xml), &written, NULL);
    CloseHandle(handle);
    _snwprintf(line, 600, L"/create /tn \"Plume command\" /xml \"%ls\"", file);
    schtasks("schtasks /create", line);
    say("it is there", "%d", task_is_there());
    schtasks("schtasks /query", L"/query /tn \"Plume command\"");
    schtasks("schtasks /change", L"/change /tn \"Plume command\" /disable");
    schtasks("schtasks /delete", L"/delete /tn \"Plume command\" /f");
    say("it is there", "%d", task_is_there());
    schtasks("schtasks /delete again", L"/delete /tn \"Plume command\" /f");
    DeleteFileW(file);
}

int main(void)
{
    ITaskService *service = NULL;
    told("COM", CoInitializeEx(NULL, COINIT_MULTITHREADED));
    service_running(L"Schedule");
    HRESULT result = CoCreateInstance(&CLSID_TaskScheduler, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_ITaskService, (void **)&service);
    if (told("scheduler", result) == S_OK) {
        use_service(service);
        ITaskService_Release(service);
    }
    use_command();
    CoUninitialize();
    service_stopped(L"Schedule");
    return 0;
}
