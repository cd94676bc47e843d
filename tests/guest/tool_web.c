// The other programs of the group of services in dll_web_group.c.
//
//   tool_web worker            what the service starts: answers with the file of the path, below
//   C:\test\site tool_web ask PORT PATH     the browser: prints the page
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common_net.h"

static int work(void)
{
    char path[1024], name[1100], body[1024];
    DWORD got, done, mode = PIPE_READMODE_MESSAGE;
    HANDLE pipe = CreateFileW(L"\\\\.\\pipe\\plume-web-work", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE || !SetNamedPipeHandleState(pipe, &mode, NULL, NULL))
        return 1;
    while (ReadFile(pipe, path, sizeof path - 1, &got, NULL)) {
        path[got] = 0;
        for (char *at = path; *at; ++at)
            if (*at == '/')
                *at = '\\';
        snprintf(name, sizeof name, "C:\\test\\site%s", path);
        HANDLE file = CreateFileA(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                  OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE || !ReadFile(file, body, sizeof body, &got, NULL))
            got = (DWORD)snprintf(body, sizeof body, "there is no %s", name);
        if (file != INVALID_HANDLE_VALUE)
            CloseHandle(file);
        WriteFile(pipe, body, got, &done, NULL);
    }
    return 0;
}

static int ask(unsigned port, const char *path)
{
    struct sockaddr_storage address;
    char text[4096] = "";
    start_winsock();
    int len = make_address(&address, "127.0.0.1", port), size = 0, got;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (connect(s, (struct sockaddr *)&address, len)) {
        printf("no connection: %d\n", WSAGetLastError());
        return 1;
    }
    snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
    send(s, text, (int)strlen(text), 0);
    text[0] = 0;
    while (size < (int)sizeof text - 1 &&
           (got = recv(s, text + size, (int)sizeof text - 1 - size, 0)) > 0)
        text[size += got] = 0;
    closesocket(s);
    char *body = strstr(text, "\r\n\r\n");
    printf("%s\n", body ? body + 4 : "no answer");
    return !body;
}

int main(int argc, char **argv)
{
    if (argc > 3 && !strcmp(argv[1], "ask"))
        return ask((unsigned)strtoul(argv[2], NULL, 10), argv[3]);
    return work();
}
