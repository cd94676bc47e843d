// DDE by DDEML: a server in one process, a client in another.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"

#include <ddeml.h>

enum { PATIENCE_MS = 60000 };

static DWORD instance;
static HSZ service, topic, item;
static char poked[64] = "nothing yet";
static bool ended;

static HDDEDATA CALLBACK answer(UINT type, UINT format, HCONV conversation, HSZ first, HSZ second,
                                HDDEDATA data, ULONG_PTR a, ULONG_PTR b)
{
    (void)conversation;
    (void)a;
    (void)b;
    switch (type) {
    case XTYP_CONNECT:
        return (HDDEDATA)(ULONG_PTR)(DdeCmpStringHandles(first, topic) == 0 &&
                                     DdeCmpStringHandles(second, service) == 0);
    case XTYP_REQUEST:
        if (DdeCmpStringHandles(second, item) != 0)
            return NULL;
        return DdeCreateDataHandle(instance, (BYTE *)poked, (DWORD)strlen(poked) + 1, 0, item,
                                   format, 0);
    case XTYP_POKE:
        DdeGetData(data, (BYTE *)poked, sizeof poked - 1, 0);
        return (HDDEDATA)DDE_FACK;
    case XTYP_EXECUTE:
        ended = true;
        return (HDDEDATA)DDE_FACK;
    }
    return NULL;
}

static void names(void)
{
    service = DdeCreateStringHandleW(instance, L"PlumeTest", CP_WINUNICODE);
    topic = DdeCreateStringHandleW(instance, L"Topic", CP_WINUNICODE);
    item = DdeCreateStringHandleW(instance, L"Item", CP_WINUNICODE);
}

static int server(void)
{
    MSG message;
    HANDLE ready = OpenEventW(EVENT_MODIFY_STATE, FALSE, L"plume test dde ready");
    if (DdeInitializeW(&instance, answer, APPCLASS_STANDARD, 0) != DMLERR_NO_ERROR)
        return 9;
    names();
    if (!DdeNameService(instance, service, NULL, DNS_REGISTER))
        return 8;
    SetEvent(ready);
    while (!ended && GetMessageW(&message, NULL, 0, 0) > 0)
        DispatchMessageW(&message);
    // The answer to what ended it is on its way.
    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
        DispatchMessageW(&message);
    DdeNameService(instance, NULL, NULL, DNS_UNREGISTER);
    DdeUninitialize(instance);
    return strcmp(poked, "poked value") == 0 ? 4 : 5;
}

static void request(HCONV conversation, HSZ what)
{
    HDDEDATA data =
        DdeClientTransaction(NULL, 0, conversation, what, CF_TEXT, XTYP_REQUEST, PATIENCE_MS, NULL);
    char text[64] = "";
    if (data)
        DdeGetData(data, (BYTE *)text, sizeof text - 1, 0);
    say("request", "%s, error %x", data ? text : "refused", data ? 0 : DdeGetLastError(instance));
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    static char value[] = "poked value", command[] = "end";
    wchar_t line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    if (argc > 1)
        return server();
    say("initialize", "%u", DdeInitializeW(&instance, answer, APPCMD_CLIENTONLY, 0));
    names();
    say("no server", "%d", DdeConnect(instance, service, topic, NULL) != NULL);
    say("because", "%x", DdeGetLastError(instance));
    HANDLE ready = CreateEventW(NULL, FALSE, FALSE, L"plume test dde ready");
    _snwprintf(line, 600, L"\"%ls\" server", argv[0]);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return 1;
    HANDLE either[] = {ready, made.hProcess};
    DWORD which = WaitForMultipleObjects(2, either, FALSE, PATIENCE_MS);
    say("server", "%s", which == WAIT_OBJECT_0 ? "ready" : "not ready");
    HCONV conversation = DdeConnect(instance, service, topic, NULL);
    say("connect", "%d", conversation != NULL);
    if (!conversation)
        return 1;
    request(conversation, item);
    request(conversation, topic);
    // Wine 8 refuses what is requested after a poke (dlls/user32/dde_client.c).
    say("poke", "%d",
        DdeClientTransaction((BYTE *)value, sizeof value, conversation, item, CF_TEXT, XTYP_POKE,
                             PATIENCE_MS, NULL) != NULL);
    say("another topic", "%d", DdeConnect(instance, service, item, NULL) != NULL);
    say("execute", "%d",
        DdeClientTransaction((BYTE *)command, sizeof command, conversation, NULL, 0, XTYP_EXECUTE,
                             PATIENCE_MS, NULL) != NULL);
    WaitForSingleObject(made.hProcess, PATIENCE_MS);
    DWORD code = 0;
    GetExitCodeProcess(made.hProcess, &code);
    say("its exit status", "%lu", code);
    say("connect to what is gone", "%d", DdeConnect(instance, service, topic, NULL) != NULL);
    return 0;
}
