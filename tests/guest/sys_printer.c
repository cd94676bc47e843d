// The spooler: printers are listed, one is added with a driver of the system's, a document is
// printed to a file, and the printer is removed again.
#include <winsock2.h>
#include <windows.h>
#include <winspool.h>
#include <stdio.h>
#include <string.h>
#include "common_service.h"
#include "common_step.h"

static const wchar_t printer_name[] = L"Plume printer", driver_name[] = L"Plume driver";

static void list_printers(void)
{
    static BYTE buffer[65536];
    DWORD needed = 0, count = 0;
    step("list",
         EnumPrintersW(PRINTER_ENUM_LOCAL, NULL, 4, buffer, sizeof buffer, &needed, &count));
    for (DWORD i = 0; i < count; ++i)
        say("printer", "%ls", ((PRINTER_INFO_4W *)buffer)[i].pPrinterName);
}

// A driver needs files, and what they are does not matter here: the pages are handed on as they
// are.
static BOOL add_driver(void)
{
    wchar_t path[MAX_PATH];
    GetSystemDirectoryW(path, MAX_PATH);
    lstrcatW(path, L"\\wineps.drv");
    DRIVER_INFO_3W driver = {.cVersion = 3,
                             .pName = (wchar_t *)driver_name,
                             .pEnvironment = (wchar_t *)L"Windows x64",
                             .pDriverPath = path,
                             .pDataFile = path,
                             .pConfigFile = path,
                             .pDefaultDataType = (wchar_t *)L"RAW"};
    return AddPrinterDriverExW(NULL, 3, (BYTE *)&driver,
                               APD_COPY_ALL_FILES | APD_COPY_FROM_DIRECTORY);
}

static void print(HANDLE printer, const wchar_t *path)
{
    static const char page[] = "what is printed\r\n";
    char found[100] = "";
    DWORD written = 0, read = 0;
    DOC_INFO_1W document = {(wchar_t *)L"a document", (wchar_t *)path, (wchar_t *)L"RAW"};
    DWORD job = StartDocPrinterW(printer, 1, (BYTE *)&document);
    step("document", job != 0);
    step("page", StartPagePrinter(printer));
    step("write", WritePrinter(printer, (void *)page, sizeof page - 1, &written));
    say("written", "%lu", written);
    step("page's end", EndPagePrinter(printer));
    step("document's end", EndDocPrinter(printer));
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (step("what came out", file != INVALID_HANDLE_VALUE)) {
        ReadFile(file, found, sizeof found - 1, &read, NULL);
        say("it is", "%s", strcmp(found, page) ? found : "what was printed");
        CloseHandle(file);
        DeleteFileW(path);
    }
}

int main(void)
{
    wchar_t path[MAX_PATH];
    service_running(L"Spooler");
    GetFullPathNameW(L"printed.txt", MAX_PATH, path, NULL);
    list_printers();
    step("driver", add_driver());
    PRINTER_INFO_2W info = {.pPrinterName = (wchar_t *)printer_name,
                            .pPortName = (wchar_t *)L"FILE:",
                            .pDriverName = (wchar_t *)driver_name,
                            .pPrintProcessor = (wchar_t *)L"winprint",
                            .pDatatype = (wchar_t *)L"RAW",
                            .Attributes = PRINTER_ATTRIBUTE_LOCAL};
    HANDLE printer = AddPrinterW(NULL, 2, (BYTE *)&info);
    if (step("add", printer != NULL)) {
        step("again", AddPrinterW(NULL, 2, (BYTE *)&info) != NULL);
        list_printers();
        print(printer, path);
        step("delete", DeletePrinter(printer));
        step("close", ClosePrinter(printer));
        list_printers();
    }
    step("driver's end",
         DeletePrinterDriverExW(NULL, (wchar_t *)L"Windows x64", (wchar_t *)driver_name, 0, 0));
    service_stopped(L"Spooler");
    return 0;
}
