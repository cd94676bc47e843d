// The running object table: items, files, active objects.
#include <stdio.h>
#include <wchar.h>
#include "calls.h"

#define ITEM      L"plume test item"
#define FILE_NAME L"C:\\plume test\\document.plume"

static bool wanted(const wchar_t *name)
{
    return !wcsncmp(name, L"!plume", 6) || !wcsnicmp(name, L"C:\\plume", 8);
}

void list_running(void)
{
    IRunningObjectTable *table;
    IEnumMoniker *list;
    IBindCtx *context;
    IMoniker *moniker;
    if (!told("table", GetRunningObjectTable(0, &table)))
        return;
    if (told("list", IRunningObjectTable_EnumRunning(table, &list))) {
        CreateBindCtx(0, &context);
        while (IEnumMoniker_Next(list, 1, &moniker, NULL) == S_OK) {
            wchar_t *name = NULL;
            if (IMoniker_GetDisplayName(moniker, context, NULL, &name) == S_OK && wanted(name))
                say("running", "%ls", name);
            CoTaskMemFree(name);
            IMoniker_Release(moniker);
        }
        IBindCtx_Release(context);
        IEnumMoniker_Release(list);
    }
    IRunningObjectTable_Release(table);
}

static void say_mark(IUnknown *found)
{
    IPlumeTest *object;
    wchar_t text[MARK] = L"";
    if (told("its interface", IUnknown_QueryInterface(found, &IID_IPlumeTest, (void **)&object))) {
        if (told("its mark", IPlumeTest_mark(object, MARK - 1, text)))
            say("it says", "%ls", text);
        IPlumeTest_Release(object);
    }
    IUnknown_Release(found);
}

static void look_up(const char *what, HRESULT made, IMoniker *moniker)
{
    IRunningObjectTable *table;
    IUnknown *found = NULL;
    FILETIME time;
    if (!told(what, made))
        return;
    GetRunningObjectTable(0, &table);
    told("is it running", IRunningObjectTable_IsRunning(table, moniker));
    told("its time", IRunningObjectTable_GetTimeOfLastChange(table, moniker, &time));
    if (told("look up", IRunningObjectTable_GetObject(table, moniker, &found)))
        say_mark(found);
    if (told("bind", BindMoniker(moniker, 0, &IID_IUnknown, (void **)&found)))
        say_mark(found);
    IRunningObjectTable_Release(table);
    IMoniker_Release(moniker);
}

int find_active(void)
{
    IUnknown *found = NULL;
    IMoniker *moniker = NULL;
    HRESULT made = CreateItemMoniker(L"!", ITEM, &moniker);
    look_up("an item", made, moniker);
    made = CreateFileMoniker(FILE_NAME, &moniker);
    look_up("a file", made, moniker);
    HRESULT result = GetActiveObject(&com_local, NULL, &found);
    if (told("the active object", result))
        say_mark(found);
    told("of a class without", GetActiveObject(&com_nobody, NULL, &found));
    list_running();
    return (int)(result & 0xff);
}

void running(void)
{
    IPlumeTest *object;
    register_all(L"a running one", true);
    find_active();
    if (told("local", create(&com_local, CLSCTX_LOCAL_SERVER, &object))) {
        told("publish", IPlumeTest_publish(object, ITEM, FILE_NAME));
        find_active();
        say("another process", "%lu", run_own(L"active"));
        told("withdraw", IPlumeTest_withdraw(object));
        find_active();
        end_and_wait(object);
    }
    unregister_all();
}
