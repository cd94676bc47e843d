// See early_dll.c.
#include <windows.h>

__declspec(dllexport) DWORD early_errors[4];
__declspec(dllexport) HANDLE early_mutex;

static DWORD make_file(void)
{
    WCHAR path[MAX_PATH + 32];
    DWORD size;
    if (!GetTempPathW(MAX_PATH, path))
        return GetLastError();
    lstrcatW(path, L"plume-guest-early.txt");
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD error = WriteFile(file, "early", 5, &size, NULL) ? 0 : GetLastError();
    CloseHandle(file);
    return error;
}

static DWORD make_key(void)
{
    HKEY key;
    DWORD value = 42, disposition = 0;
    LONG status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\plume-guest-early", 0, NULL, 0,
                                  KEY_ALL_ACCESS, NULL, &key, &disposition);
    if (status)
        return (DWORD)status;
    status = RegSetValueExW(key, L"value", 0, REG_DWORD, (const BYTE *)&value, sizeof value);
    RegCloseKey(key);
    return status ? (DWORD)status : disposition == REG_CREATED_NEW_KEY ? 0 : ERROR_ALREADY_EXISTS;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved); // no header has it

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)instance;
    (void)reserved;
    if (reason != DLL_PROCESS_ATTACH)
        return TRUE;
    early_errors[0] = make_file();
    early_errors[1] = make_key();
    SetLastError(0);
    early_mutex = CreateMutexW(NULL, FALSE, L"Global\\plume-guest-early");
    early_errors[2] = GetLastError();
    HANDLE missing = OpenEventW(SYNCHRONIZE, FALSE, L"plume-guest-early-event");
    early_errors[3] = missing ? 0 : GetLastError();
    return TRUE;
}
