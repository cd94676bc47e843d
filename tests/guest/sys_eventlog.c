// The event log service: an event is reported, and the log is read.
#include <winsock2.h>
#include <windows.h>
#include "common_service.h"
#include "common_step.h"

int main(void)
{
    service_running(L"Eventlog");
    HANDLE source = RegisterEventSourceW(NULL, L"Plume guest");
    step("source", source != NULL);
    const wchar_t *strings[] = {L"one", L"two"};
    step("report",
         ReportEventW(source, EVENTLOG_INFORMATION_TYPE, 0, 1, NULL, 2, 0, strings, NULL));
    step("close", DeregisterEventSource(source));
    HANDLE log = OpenEventLogW(NULL, L"Application");
    step("open", log != NULL);
    DWORD count = 77, oldest = 77, read = 0, needed = 0;
    step("count", GetNumberOfEventLogRecords(log, &count));
    step("oldest", GetOldestEventLogRecord(log, &oldest));
    say("records", "%lu, oldest %lu", count, oldest);
    static BYTE buffer[65536];
    step("read", ReadEventLogW(log, EVENTLOG_SEQUENTIAL_READ | EVENTLOG_BACKWARDS_READ, 0, buffer,
                               sizeof buffer, &read, &needed));
    step("close", CloseEventLog(log));
    service_stopped(L"Eventlog");
    return 0;
}
