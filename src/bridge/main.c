#include <windows.h>
#include <stdlib.h>
#include "bridge/bridge.h"

static void serve(struct bridge *bridge)
{
    HANDLE process = (HANDLE)(ULONG_PTR)bridge->process;
    const char *what = NULL;
    bridge->status = (uint32_t)plume_layer_give(&bridge->config, process, bridge->child, &what);
    size_t len = 0;
    for (; bridge->status && what && what[len] && len < BRIDGE_WHAT_MAX - 1; len++)
        bridge->what[len] = what[len];
    bridge->what[len] = 0;
    CloseHandle(process);
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    HANDLE given[4];
    if (argc != 5)
        return EXIT_FAILURE;
    for (int i = 0; i < 4; i++)
        given[i] = (HANDLE)(ULONG_PTR)wcstoul(argv[i + 1], NULL, 0);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    struct bridge *bridge =
        MapViewOfFile(given[0], FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, sizeof *bridge);
    HANDLE request = given[1], reply = given[2], waited[] = {request, given[3]};
    if (!bridge)
        return EXIT_FAILURE;
    const char *what;
    plume_layer_share(&bridge->config, &what); // without it each process gets an image of its own
    while (WaitForMultipleObjects(2, waited, FALSE, INFINITE) == WAIT_OBJECT_0) {
        serve(bridge);
        SetEvent(reply);
    }
    return EXIT_SUCCESS;
}
