// Starts a program and waits for it, with nothing else: what `plume run` is compared with.
#include <windows.h>

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;
    if (argc != 2 ||
        !CreateProcessW(argv[1], NULL, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return 125;
    WaitForSingleObject(process.hProcess, INFINITE);
    return GetExitCodeProcess(process.hProcess, &code) ? (int)code : 125;
}
