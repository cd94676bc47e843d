// Dependencies of services on each other and on load order groups, as the service functions take
// or refuse them: prints an error for each step. All that it makes it deletes.
#include <windows.h>
#include <stdio.h>

static SC_HANDLE manager;

static SC_HANDLE create(const wchar_t *name, const wchar_t *group, const wchar_t *dependencies)
{
    SC_HANDLE service = CreateServiceW(
        manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
        SERVICE_ERROR_NORMAL, L"C:\\plume\\none.exe", group, NULL, dependencies, NULL, NULL);
    printf("create %ls: %lu\n", name, service ? 0 : GetLastError());
    return service;
}

static void change(const char *what, SC_HANDLE service, const wchar_t *group,
                   const wchar_t *dependencies)
{
    BOOL ok = ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                   NULL, group, NULL, dependencies, NULL, NULL, NULL);
    printf("%s: %lu\n", what, ok ? 0 : GetLastError());
}

static void end(SC_HANDLE service)
{
    if (service) {
        DeleteService(service);
        CloseServiceHandle(service);
    }
}

int main(void)
{
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE a = create(L"PlumeDepA", L"PlumeGroup1", NULL);
    SC_HANDLE b = create(L"PlumeDepB", L"PlumeGroup2", L"PlumeDepA\0");
    SC_HANDLE c = create(L"PlumeDepC", NULL, L"PlumeDepB\0PlumeDepA\0");
    change("a needs c", a, NULL, L"PlumeDepC\0");
    change("a needs itself", a, NULL, L"plumedepa\0");
    change("a needs the group of b", a, NULL, L"+PlumeGroup2\0");
    change("a needs its own group", a, NULL, L"+plumegroup1\0");
    change("a needs a group without members", a, NULL, L"+PlumeGroup9\0");
    change("b moves into that group", b, L"PlumeGroup9", NULL);
    change("b needs nothing", b, NULL, L"");
    change("b moves into that group then", b, L"PlumeGroup9", NULL);
    change("b needs a", b, NULL, L"PlumeDepA\0");
    change("c moves into that group, while c needs a", c, L"PlumeGroup9", NULL);
    change("c needs what does not exist", c, NULL, L"PlumeDepNone\0");
    SC_HANDLE d = create(L"PlumeDepNone", L"PlumeGroup1", L"PlumeDepC\0");
    end(a);
    end(b);
    end(c);
    end(d);

    // Every layer needs all of the layer before: the ways from the last to the first are as many as
    // no one could walk.
    enum { LAYERS = 12, WIDTH = 4 };
    SC_HANDLE layers[LAYERS][WIDTH];
    wchar_t name[32], list[WIDTH * 32];
    for (int i = 0; i < LAYERS; i++) {
        wchar_t *at = list;
        for (int j = 0; i > 0 && j < WIDTH; j++)
            at += swprintf(at, 32, L"PlumeDep%d_%d", i - 1, j) + 1;
        *at = 0;
        for (int j = 0; j < WIDTH; j++) {
            swprintf(name, 32, L"PlumeDep%d_%d", i, j);
            layers[i][j] =
                CreateServiceW(manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                               SERVICE_DISABLED, SERVICE_ERROR_NORMAL, L"C:\\plume\\none.exe", NULL,
                               NULL, i ? list : NULL, NULL, NULL);
        }
    }
    swprintf(list, 32, L"PlumeDep%d_0", LAYERS - 1);
    list[wcslen(list) + 1] = 0;
    change("the first layer needs the last", layers[0][0], NULL, list);
    for (int i = 0; i < LAYERS; i++) {
        for (int j = 0; j < WIDTH; j++)
            end(layers[i][j]);
    }
    return 0;
}
