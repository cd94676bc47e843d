// The HTTP Server API, whose other side is a driver: a URL is reserved, a request to it comes in
// over the loopback address and is answered. Loaded at run time, because not every Windows has it.
#include <winsock2.h>
#include <windows.h>
#include <http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common_net.h"
#include "common_step.h"

#define PORT "28473"

static HMODULE api;

#define CALL(name) ((__typeof__(&name))(void *)GetProcAddress(api, #name))

// What a browser would send, and what comes back.
static DWORD WINAPI ask(void *context)
{
    static const char request[] =
        "GET /plume/page HTTP/1.1\r\nHost: localhost:" PORT "\r\nConnection: close\r\n\r\n";
    char *answer = context;
    struct sockaddr_storage address;
    int len = make_address(&address, "127.0.0.1", strtoul(PORT, NULL, 10)), size = 0, got;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (!connect(s, (struct sockaddr *)&address, len)) {
        send(s, request, sizeof request - 1, 0);
        while (size < 1023 && !strstr(answer, "the page") &&
               (got = recv(s, answer + size, 1023 - size, 0)) > 0) {
            size += got;
            answer[size] = 0;
        }
    }
    closesocket(s);
    return 0;
}

static void answer_request(HANDLE queue)
{
    static union {
        HTTP_REQUEST request;
        char bytes[8192];
    } in;
    static char answer[1024];
    static const char page[] = "the page";
    ULONG size = 0;
    HANDLE client = CreateThread(NULL, 0, ask, answer, 0, NULL);
    ULONG code =
        CALL(HttpReceiveHttpRequest)(queue, HTTP_NULL_ID, 0, &in.request, sizeof in, &size, NULL);
    step_code("request", code);
    if (code == NO_ERROR) {
        say("asks for", "%.*s", in.request.RawUrlLength, in.request.pRawUrl);
        HTTP_DATA_CHUNK chunk = {.DataChunkType = HttpDataChunkFromMemory};
        chunk.FromMemory.pBuffer = (void *)page;
        chunk.FromMemory.BufferLength = sizeof page - 1;
        HTTP_RESPONSE response = {0};
        response.StatusCode = 200;
        response.pReason = "OK";
        response.ReasonLength = 2;
        response.EntityChunkCount = 1;
        response.pEntityChunks = &chunk;
        step_code("response", CALL(HttpSendHttpResponse)(queue, in.request.RequestId, 0, &response,
                                                         NULL, &size, NULL, 0, NULL, NULL));
    }
    WaitForSingleObject(client, 60000);
    say("the client got it", "%d", strstr(answer, "200 OK") && strstr(answer, "the page"));
}

int main(void)
{
    HTTPAPI_VERSION version = {1, 0};
    HANDLE queue = NULL, other = NULL;
    start_winsock();
    api = LoadLibraryW(L"httpapi.dll");
    if (!step("library", api != NULL))
        return 0;
    step_code("initialize", CALL(HttpInitialize)(version, HTTP_INITIALIZE_SERVER, NULL));
    step_code("queue", CALL(HttpCreateHttpHandle)(&queue, 0));
    step_code("url", CALL(HttpAddUrl)(queue, L"http://+:" PORT "/plume/", NULL));
    step_code("second queue", CALL(HttpCreateHttpHandle)(&other, 0));
    step_code("the same url", CALL(HttpAddUrl)(other, L"http://+:" PORT "/plume/", NULL));
    step_code("not a url", CALL(HttpAddUrl)(other, L"plume", NULL));
    if (queue)
        answer_request(queue);
    step_code("remove", CALL(HttpRemoveUrl)(queue, L"http://+:" PORT "/plume/"));
    step_code("remove again", CALL(HttpRemoveUrl)(queue, L"http://+:" PORT "/plume/"));
    if (queue)
        CloseHandle(queue);
    if (other)
        CloseHandle(other);
    step_code("terminate", CALL(HttpTerminate)(HTTP_INITIALIZE_SERVER, NULL));
    return 0;
}
