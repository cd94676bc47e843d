// The functions that report events, A and W, with what is wrong with their arguments. Where a line
// differs, the VM follows the documentation: Wine 8's functions are stubs that take everything
// (dlls/advapi32/eventlog.c).
#include <stdio.h>
#include "common_step.h"

static const wchar_t *texts[] = {L"one", L"two"};
static const char *ansi_texts[] = {"one", "two"};

static void differs(const char *name, BOOL good)
{
    DWORD error = GetLastError();
    printf("differs: %s: %s, error %lu\n", name, good ? "ok" : "failed", good ? 0 : error);
}

int main(void)
{
    HANDLE w = RegisterEventSourceW(NULL, L"PlumeGuest");
    step("RegisterEventSourceW", w != NULL);
    step("no strings", ReportEventW(w, EVENTLOG_INFORMATION_TYPE, 0, 1, NULL, 0, 0, NULL, NULL));
    step("strings", ReportEventW(w, EVENTLOG_WARNING_TYPE, 3, 0x80000002, NULL, 2, 0, texts, NULL));
    BYTE data[] = {1, 2, 3};
    step("data", ReportEventW(w, EVENTLOG_ERROR_TYPE, 0, 3, NULL, 1, sizeof data, texts, data));
    step("from ANSI", ReportEventA(w, EVENTLOG_SUCCESS, 0, 4, NULL, 2, 0, ansi_texts, NULL));
    step("count without strings", ReportEventW(w, EVENTLOG_SUCCESS, 0, 5, NULL, 2, 0, NULL, NULL));
    HANDLE a = RegisterEventSourceA(NULL, "PlumeGuest");
    step("RegisterEventSourceA", a != NULL);
    step("by the second", ReportEventA(a, EVENTLOG_SUCCESS, 0, 6, NULL, 1, 0, ansi_texts, NULL));
    step("from Unicode", ReportEventW(a, EVENTLOG_SUCCESS, 0, 7, NULL, 1, 0, texts, NULL));
    step("Deregister", DeregisterEventSource(w));
    step("the other", ReportEventA(a, EVENTLOG_SUCCESS, 0, 8, NULL, 1, 0, ansi_texts, NULL));
    step("Deregister the other", DeregisterEventSource(a));

    HANDLE wrong = RegisterEventSourceW(NULL, NULL); // documented nowhere, Windows: 87
    differs("no source", wrong != NULL);
    wrong = RegisterEventSourceW(NULL, L"");
    differs("empty source", wrong != NULL);
    wrong = RegisterEventSourceW(L"\\\\no-such-machine", L"PlumeGuest");
    differs("another machine", wrong != NULL);
    wrong = RegisterEventSourceW(L"localhost", L"PlumeGuest");
    step("this machine", wrong != NULL);
    step("Deregister it", DeregisterEventSource(wrong));
    differs("Deregister nothing", DeregisterEventSource(NULL));
    differs("report to nothing", ReportEventW(NULL, 0, 0, 1, NULL, 0, 0, NULL, NULL));
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    differs("report to another handle", ReportEventW(event, 0, 0, 1, NULL, 0, 0, NULL, NULL));
    differs("Deregister another handle", DeregisterEventSource(event));

    // Reading is the system's own.
    HANDLE log = OpenEventLogW(NULL, L"Application");
    step("OpenEventLog", log != NULL);
    DWORD count = 7, read, needed;
    BYTE buffer[256];
    step("number", GetNumberOfEventLogRecords(log, &count));
    step("read", ReadEventLogW(log, EVENTLOG_SEQUENTIAL_READ | EVENTLOG_FORWARDS_READ, 0, buffer,
                               sizeof buffer, &read, &needed));
    printf("records: %lu\n", count);
    step("CloseEventLog", CloseEventLog(log));
    return 0;
}
