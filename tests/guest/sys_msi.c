// The installer: a package that this makes with the installer's own database functions is
// installed, repaired and removed, by the functions and by msiexec.
#include <winsock2.h>
#include <windows.h>
#include <msi.h>
#include <msiquery.h>
#include <stdio.h>
#include <wchar.h>
#include "common_step.h"

#define PRODUCT L"{5E1C8F0A-7D34-4B6E-9A51-C20F6E7B9E40}"
#define PACKAGE "{5E1C8F0A-7D34-4B6E-9A51-C20F6E7B9E41}"
#define KEY     L"Software\\Plume test product"
enum { PATIENCE_MS = 60000, TITLE = 2, TEMPLATE = 7, REVISION = 9, PAGES = 14, WORDS = 15 };

#define FUNCTIONS(X)                                                                               \
    X(MsiOpenDatabaseW)                                                                            \
    X(MsiDatabaseOpenViewW)                                                                        \
    X(MsiViewExecute)                                                                              \
    X(MsiDatabaseCommit)                                                                           \
    X(MsiGetSummaryInformationW)                                                                   \
    X(MsiSummaryInfoSetPropertyA)                                                                  \
    X(MsiSummaryInfoPersist)                                                                       \
    X(MsiCloseHandle)                                                                              \
    X(MsiSetInternalUI)                                                                            \
    X(MsiInstallProductW)                                                                          \
    X(MsiReinstallProductW)                                                                        \
    X(MsiConfigureProductW)                                                                        \
    X(MsiQueryProductStateW)                                                                       \
    X(MsiGetProductInfoW)
#define DECLARE(name) static __typeof__(&name) p_##name;
FUNCTIONS(DECLARE)

static BOOL load(void)
{
    HMODULE msi = LoadLibraryW(L"msi.dll");
    BOOL all = TRUE;
#define LOAD(name)                                                                                 \
    p_##name = (__typeof__(&name))(void (*)(void))GetProcAddress(msi, #name);                      \
    all = all && p_##name;
    FUNCTIONS(LOAD)
    return all;
}

static const wchar_t *const statements[] = {
    L"CREATE TABLE `Property` (`Property` CHAR(72) NOT NULL, `Value` CHAR(0) NOT NULL LOCALIZABLE "
    L"PRIMARY KEY `Property`)",
    L"CREATE TABLE `Directory` (`Directory` CHAR(72) NOT NULL, `Directory_Parent` CHAR(72), "
    L"`DefaultDir` CHAR(255) NOT NULL LOCALIZABLE PRIMARY KEY `Directory`)",
    L"CREATE TABLE `Component` (`Component` CHAR(72) NOT NULL, `ComponentId` CHAR(38), "
    L"`Directory_` "
    L"CHAR(72) NOT NULL, `Attributes` SHORT NOT NULL, `Condition` CHAR(255), `KeyPath` CHAR(72) "
    L"PRIMARY KEY `Component`)",
    L"CREATE TABLE `Feature` (`Feature` CHAR(38) NOT NULL, `Feature_Parent` CHAR(38), `Title` "
    L"CHAR(64) LOCALIZABLE, `Description` CHAR(255) LOCALIZABLE, `Display` SHORT, `Level` SHORT "
    L"NOT "
    L"NULL, `Directory_` CHAR(72), `Attributes` SHORT NOT NULL PRIMARY KEY `Feature`)",
    L"CREATE TABLE `FeatureComponents` (`Feature_` CHAR(38) NOT NULL, `Component_` CHAR(72) NOT "
    L"NULL PRIMARY KEY `Feature_`, `Component_`)",
    L"CREATE TABLE `File` (`File` CHAR(72) NOT NULL, `Component_` CHAR(72) NOT NULL, `FileName` "
    L"CHAR(255) NOT NULL LOCALIZABLE, `FileSize` LONG NOT NULL, `Version` CHAR(72), `Language` "
    L"CHAR(20), `Attributes` SHORT, `Sequence` SHORT NOT NULL PRIMARY KEY `File`)",
    L"CREATE TABLE `Media` (`DiskId` SHORT NOT NULL, `LastSequence` SHORT NOT NULL, `DiskPrompt` "
    L"CHAR(64) LOCALIZABLE, `Cabinet` CHAR(255), `VolumeLabel` CHAR(32), `Source` CHAR(72) PRIMARY "
    L"KEY `DiskId`)",
    L"CREATE TABLE `Registry` (`Registry` CHAR(72) NOT NULL, `Root` SHORT NOT NULL, `Key` "
    L"CHAR(255) "
    L"NOT NULL LOCALIZABLE, `Name` CHAR(255) LOCALIZABLE, `Value` CHAR(0) LOCALIZABLE, "
    L"`Component_` "
    L"CHAR(72) NOT NULL PRIMARY KEY `Registry`)",
    L"CREATE TABLE `InstallExecuteSequence` (`Action` CHAR(72) NOT NULL, `Condition` CHAR(255), "
    L"`Sequence` SHORT PRIMARY KEY `Action`)",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('ProductCode', '" PRODUCT L"')",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('ProductName', 'Plume test product')",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('ProductVersion', '1.2.3')",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('ProductLanguage', '1033')",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('Manufacturer', 'Plume')",
    L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('ALLUSERS', '1')",
    L"INSERT INTO `Directory` (`Directory`, `DefaultDir`) VALUES ('TARGETDIR', 'SourceDir')",
    L"INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) VALUES "
    L"('ProgramFilesFolder', 'TARGETDIR', '.')",
    L"INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) VALUES "
    L"('INSTALLDIR', "
    L"'ProgramFilesFolder', 'PlumeMsi:.')",
    L"INSERT INTO `Component` (`Component`, `ComponentId`, `Directory_`, `Attributes`, `KeyPath`) "
    L"VALUES ('One', '{5E1C8F0A-7D34-4B6E-9A51-C20F6E7B9E42}', 'INSTALLDIR', 0, 'one')",
    L"INSERT INTO `Feature` (`Feature`, `Level`, `Directory_`, `Attributes`) VALUES ('All', 1, "
    L"'INSTALLDIR', 0)",
    L"INSERT INTO `FeatureComponents` (`Feature_`, `Component_`) VALUES ('All', 'One')",
    L"INSERT INTO `File` (`File`, `Component_`, `FileName`, `FileSize`, `Attributes`, `Sequence`) "
    L"VALUES ('one', 'One', 'one.txt', 3, 0, 1)",
    L"INSERT INTO `File` (`File`, `Component_`, `FileName`, `FileSize`, `Attributes`, `Sequence`) "
    L"VALUES ('two', 'One', 'two.txt', 3, 0, 2)",
    L"INSERT INTO `Media` (`DiskId`, `LastSequence`) VALUES (1, 2)",
    L"INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES "
    L"('r', 2, 'Software\\Plume test product', 'Folder', '[INSTALLDIR]', 'One')",
};

static const struct {
    const wchar_t *action;
    unsigned sequence;
} actions[] = {
    {L"CostInitialize", 800},       {L"FileCost", 900},
    {L"CostFinalize", 1000},        {L"InstallValidate", 1400},
    {L"InstallInitialize", 1500},   {L"ProcessComponents", 1600},
    {L"UnpublishFeatures", 1800},   {L"RemoveRegistryValues", 2600},
    {L"RemoveFiles", 3500},         {L"InstallFiles", 4000},
    {L"WriteRegistryValues", 5000}, {L"RegisterUser", 6000},
    {L"RegisterProduct", 6100},     {L"PublishFeatures", 6300},
    {L"PublishProduct", 6400},      {L"InstallFinalize", 6600},
};

static UINT execute(MSIHANDLE database, const wchar_t *statement)
{
    MSIHANDLE view;
    UINT code = p_MsiDatabaseOpenViewW(database, statement, &view);
    if (code)
        return code;
    code = p_MsiViewExecute(view, 0);
    p_MsiCloseHandle(view);
    return code;
}

static void summarize(MSIHANDLE database)
{
    MSIHANDLE summary;
    UINT code = p_MsiGetSummaryInformationW(database, NULL, 10, &summary);
    step_code("summary", code);
    if (code)
        return;
    p_MsiSummaryInfoSetPropertyA(summary, TITLE, VT_LPSTR, 0, NULL, "Installation Database");
    p_MsiSummaryInfoSetPropertyA(summary, TEMPLATE, VT_LPSTR, 0, NULL, "Intel;1033");
    p_MsiSummaryInfoSetPropertyA(summary, REVISION, VT_LPSTR, 0, NULL, PACKAGE);
    p_MsiSummaryInfoSetPropertyA(summary, PAGES, VT_I4, 200, NULL, NULL);
    p_MsiSummaryInfoSetPropertyA(summary, WORDS, VT_I4, 0, NULL, NULL);
    step_code("summary kept", p_MsiSummaryInfoPersist(summary));
    p_MsiCloseHandle(summary);
}

static void make_package(const wchar_t *path)
{
    MSIHANDLE database;
    UINT code = p_MsiOpenDatabaseW(path, MSIDBOPEN_CREATEDIRECT, &database);
    step_code("make the package", code);
    if (code)
        return;
    for (unsigned i = 0; i < sizeof statements / sizeof *statements; i++)
        if ((code = execute(database, statements[i])))
            say("statement", "%u: %u", i, code);
    for (unsigned i = 0; i < sizeof actions / sizeof *actions; i++) {
        wchar_t statement[200];
        _snwprintf(statement, 200,
                   L"INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('%ls', "
                   L"%u)",
                   actions[i].action, actions[i].sequence);
        if ((code = execute(database, statement)))
            say("action", "%ls: %u", actions[i].action, code);
    }
    summarize(database);
    step_code("commit", p_MsiDatabaseCommit(database));
    p_MsiCloseHandle(database);
}

static void show_file(const wchar_t *folder, const wchar_t *name)
{
    wchar_t path[MAX_PATH];
    char text[32];
    DWORD got = 0;
    _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, name);
    HANDLE file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        say("installed", "%ls: none, %lu", name, GetLastError());
        return;
    }
    ReadFile(file, text, sizeof text, &got, NULL);
    CloseHandle(file);
    say("installed", "%ls: %.*s", name, (int)got, text);
}

static void show(const wchar_t *folder)
{
    wchar_t text[MAX_PATH] = L"";
    DWORD size = sizeof text;
    HKEY key;
    show_file(folder, L"one.txt");
    show_file(folder, L"two.txt");
    LONG code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, KEY, 0, KEY_READ | KEY_WOW64_32KEY, &key);
    if (!code) {
        code = RegQueryValueExW(key, L"Folder", NULL, NULL, (BYTE *)text, &size);
        RegCloseKey(key);
    }
    say("its key", "%ld %ls", code, text);
    say("state", "%d", p_MsiQueryProductStateW(PRODUCT));
    size = MAX_PATH;
    *text = 0;
    UINT info = p_MsiGetProductInfoW(PRODUCT, L"VersionString", text, &size);
    say("version", "%u %ls", info, info ? L"" : text);
}

static void msiexec(const char *what, const wchar_t *form, const wchar_t *package)
{
    wchar_t line[600] = L"msiexec.exe ";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    DWORD code = 0xffffffff;
    _snwprintf(line + wcslen(line), 500, form, package);
    if (!step(what, CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made)))
        return;
    if (!WaitForSingleObject(made.hProcess, PATIENCE_MS))
        GetExitCodeProcess(made.hProcess, &code);
    say(what, "%lu", code);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
}

int main(void)
{
    wchar_t package[MAX_PATH], folder[MAX_PATH], file[MAX_PATH + 16];
    if (!step("the installer's functions", load()))
        return 0;
    GetFullPathNameW(L"product.msi", MAX_PATH, package, NULL);
    if (!GetEnvironmentVariableW(L"ProgramFiles(x86)", folder, MAX_PATH - 20))
        GetEnvironmentVariableW(L"ProgramFiles", folder, MAX_PATH - 20);
    wcscat(folder, L"\\PlumeMsi");
    _snwprintf(file, MAX_PATH + 16, L"%ls\\one.txt", folder);
    step_write_file(L"one.txt", "one");
    step_write_file(L"two.txt", "two");
    make_package(package);
    p_MsiSetInternalUI(INSTALLUILEVEL_NONE, NULL);
    show(folder);
    step_code("install", p_MsiInstallProductW(package, NULL));
    show(folder);
    step("delete a file", DeleteFileW(file));
    step_code("repair", p_MsiReinstallProductW(PRODUCT, REINSTALLMODE_FILEMISSING |
                                                            REINSTALLMODE_MACHINEDATA));
    show(folder);
    step_code("remove", p_MsiConfigureProductW(PRODUCT, 0, INSTALLSTATE_ABSENT));
    show(folder);
    step_code("remove again", p_MsiConfigureProductW(PRODUCT, 0, INSTALLSTATE_ABSENT));
    msiexec("msiexec /i", L"/i \"%ls\" /qn", package);
    show(folder);
    step("delete a file", DeleteFileW(file));
    msiexec("msiexec, repair", L"/i \"%ls\" REINSTALL=ALL REINSTALLMODE=omus /qn", package);
    show(folder);
    msiexec("msiexec /x", L"/x \"%ls\" /qn", package);
    show(folder);
    msiexec("msiexec of no package", L"/i \"%ls.none\" /qn", package);
    DeleteFileW(package);
    DeleteFileW(L"one.txt");
    DeleteFileW(L"two.txt");
    return 0;
}
