// The first code of a process that is not the system's: a DLL that is imported statically makes a
// file, a key, a mutex and an event in its DllMain, before anything of this program runs. They are
// found here.
//
//   early_dll [hold]     with "hold", what was made stays until standard input ends
#include <stdio.h>
#include "common_step.h"

extern __declspec(dllimport) DWORD early_errors[4];
extern __declspec(dllimport) HANDLE early_mutex;

int main(int argc, char **argv)
{
    WCHAR path[MAX_PATH + 32];
    HKEY key;
    char text[16] = "";
    DWORD size = 0, value = 0, value_size = sizeof value;

    step_code("DllMain: file", early_errors[0]);
    step_code("DllMain: key", early_errors[1]);
    step_code("DllMain: mutex", early_errors[2]);
    step_code("DllMain: event made before", early_errors[3]);

    if (argc > 1 && !strcmp(argv[1], "hold")) {
        say("holding", "%s", "until the end of the input");
        while (getchar() != EOF)
            ;
    }

    GetTempPathW(MAX_PATH, path);
    lstrcatW(path, L"plume-guest-early.txt");
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (step("open the file", file != INVALID_HANDLE_VALUE)) {
        step("read it", ReadFile(file, text, sizeof text - 1, &size, NULL));
        say("it holds", "%s", text);
        CloseHandle(file);
    }
    step("delete it", DeleteFileW(path));
    step("delete it again", DeleteFileW(path));

    LONG status =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\plume-guest-early", 0, KEY_ALL_ACCESS, &key);
    step_code("open the key", (DWORD)status);
    if (!status) {
        step_code("read its value",
                  (DWORD)RegQueryValueExW(key, L"value", NULL, NULL, (BYTE *)&value, &value_size));
        say("it is", "%lu", value);
        RegCloseKey(key);
    }
    step_code("delete it",
              (DWORD)RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\plume-guest-early"));
    step_code("delete it again",
              (DWORD)RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\plume-guest-early"));

    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, L"Global\\plume-guest-early");
    step("open the mutex", mutex != NULL);
    step_code("wait for it", WaitForSingleObject(mutex, 0));
    CloseHandle(mutex);
    CloseHandle(early_mutex);
    mutex = OpenMutexW(SYNCHRONIZE, FALSE, L"Global\\plume-guest-early");
    step("open it when it is closed", mutex != NULL);
    return 0;
}
