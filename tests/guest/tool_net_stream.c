// Ends of TCP streams, to see what becomes of them on their way.
//
//   tool_net_stream serve PORT             prints "serving"; what a client sends first says what the
//                                          server does: see `client`. Ends when its input does.
//   tool_net_stream client PORT ADDRESS WHAT
//     echo       sends 8 MB, ends its direction, and reads the same back before the end
//     reset      is reset by the server while it waits
//     abort      resets the connection; a second one asks whether the server saw that
//     hold       the server reads nothing for a while: how much can be sent is bounded
//     rate MB    sends so much, and prints "rate: N" (MB/s)
#include "common_net.h"
#include "common_step.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 262144, ECHO_BYTES = 8 << 20, HOLD_MOST = 256 << 20 };

static LONG resets;
static HANDLE held;

static unsigned char pattern(unsigned at) { return (unsigned char)(at * 2654435761u >> 24); }

static void reset(SOCKET s)
{
    struct linger now = {1, 0};
    setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&now, sizeof now);
    closesocket(s);
}

static bool send_all(SOCKET s, const char *data, int size)
{
    for (int done = 0, sent; done < size; done += sent) {
        sent = send(s, data + done, size - done, 0);
        if (sent <= 0)
            return false;
    }
    return true;
}

static DWORD WINAPI serve_one(void *argument)
{
    SOCKET s = (SOCKET)argument;
    char what = 0, *data = malloc(CHUNK);
    if (!data || recv(s, &what, 1, 0) != 1)
        what = 0;
    if (what == 'e') {
        for (int size; (size = recv(s, data, CHUNK, 0)) > 0;)
            if (!send_all(s, data, size))
                break;
        shutdown(s, SD_SEND);
    } else if (what == 'r') {
        reset(s);
        return 0;
    } else if (what == 'a') {
        send(s, "!", 1, 0);
        if (recv(s, data, 1, 0) < 0 && WSAGetLastError() == WSAECONNRESET)
            InterlockedIncrement(&resets);
    } else if (what == 'q') {
        char digit = (char)('0' + InterlockedCompareExchange(&resets, 0, 0));
        send(s, &digit, 1, 0);
    } else if (what == 'h') {
        WaitForSingleObject(held, INFINITE);
    } else if (what == 'f') {
        SetEvent(held);
    } else if (what == 's') {
        while (recv(s, data, CHUNK, 0) > 0)
            ;
        send(s, "!", 1, 0);
    }
    closesocket(s);
    free(data);
    return 0;
}

static DWORD WINAPI serve(void *argument)
{
    SOCKET listener = (SOCKET)argument, s;
    while ((s = accept(listener, NULL, NULL)) != INVALID_SOCKET)
        CreateThread(NULL, 0, serve_one, (void *)s, 0, NULL);
    return 0;
}

static SOCKET open_to(unsigned port, const char *to, char what)
{
    struct sockaddr_storage address;
    int length = make_address(&address, to, port);
    SOCKET s = socket(address.ss_family, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&address, length) || send(s, &what, 1, 0) != 1) {
        printf("connect: error %d\n", WSAGetLastError());
        exit(1);
    }
    return s;
}

struct echo {
    SOCKET s;
    bool sent;
};

static DWORD WINAPI send_pattern(void *argument)
{
    struct echo *echo = argument;
    char *data = malloc(CHUNK);
    echo->sent = data != NULL;
    for (unsigned at = 0; echo->sent && at < ECHO_BYTES; at += CHUNK) {
        for (unsigned i = 0; i < CHUNK; i++)
            data[i] = (char)pattern(at + i);
        echo->sent = send_all(echo->s, data, CHUNK);
    }
    shutdown(echo->s, SD_SEND);
    free(data);
    return 0;
}

static void do_echo(SOCKET s)
{
    struct echo echo = {s, false};
    HANDLE sender = CreateThread(NULL, 0, send_pattern, &echo, 0, NULL);
    static char data[CHUNK];
    unsigned got = 0;
    int size;
    bool right = true;
    while ((size = recv(s, data, CHUNK, 0)) > 0)
        for (int i = 0; i < size; i++, got++)
            right = right && (unsigned char)data[i] == pattern(got);
    WaitForSingleObject(sender, INFINITE);
    printf("echo: sent %d, got %u, right %d, end %d\n", echo.sent, got, right, size);
}

static void do_abort(SOCKET s, unsigned port, const char *to)
{
    char answer = '0';
    recv(s, &answer, 1, 0);
    reset(s);
    for (int i = 0; i < 600 && answer != '1'; i++) {
        SOCKET asking = open_to(port, to, 'q');
        recv(asking, &answer, 1, 0);
        closesocket(asking);
        Sleep(50);
    }
    printf("abort: seen %c\n", answer);
}

static void do_hold(SOCKET s, unsigned port, const char *to)
{
    static char data[CHUNK];
    u_long on = 1;
    unsigned sent = 0, quiet = 0;
    ioctlsocket(s, FIONBIO, &on);
    while (sent < HOLD_MOST && quiet < 40) { // nothing goes out for two seconds
        int size = send(s, data, CHUNK, 0);
        if (size > 0) {
            sent += (unsigned)size;
            quiet = 0;
        } else if (WSAGetLastError() == WSAEWOULDBLOCK) {
            Sleep(50);
            quiet++;
        } else {
            break;
        }
    }
    printf("hold: bounded %d\n", sent < HOLD_MOST);
    closesocket(open_to(port, to, 'f'));
}

static void do_rate(SOCKET s, unsigned megabytes)
{
    static char data[CHUNK];
    LARGE_INTEGER begin, end, frequency;
    char answer = 0;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&begin);
    bool ok = true;
    for (unsigned i = 0; ok && i < megabytes * ((1 << 20) / CHUNK); i++)
        ok = send_all(s, data, CHUNK);
    shutdown(s, SD_SEND);
    ok = ok && recv(s, &answer, 1, 0) == 1;
    QueryPerformanceCounter(&end);
    double seconds = (double)(end.QuadPart - begin.QuadPart) / (double)frequency.QuadPart;
    printf("rate: %.0f\n", ok ? megabytes / seconds : 0);
}

int main(int argc, char **argv)
{
    start_winsock();
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        struct sockaddr_storage address;
        int length = make_address(&address, "0.0.0.0", (unsigned)atoi(argv[2]));
        SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
        held = CreateEvent(NULL, TRUE, FALSE, NULL);
        if (bind(s, (struct sockaddr *)&address, length) || listen(s, SOMAXCONN)) {
            printf("error %d\n", WSAGetLastError());
            return 1;
        }
        CreateThread(NULL, 0, serve, (void *)s, 0, NULL);
        printf("serving\n");
        fflush(stdout);
        while (getchar() != EOF)
            ;
        return 0;
    }
    if (argc < 5 || strcmp(argv[1], "client") != 0)
        return 2;
    unsigned port = (unsigned)atoi(argv[2]);
    const char *what = argv[4];
    SOCKET s = open_to(port, argv[3], strcmp(what, "rate") ? what[0] : 's');
    if (what[0] == 'e') {
        do_echo(s);
    } else if (!strcmp(what, "reset")) {
        char byte;
        int size = recv(s, &byte, 1, 0);
        printf("reset: %d, error %d\n", size, size < 0 ? WSAGetLastError() : 0);
    } else if (what[0] == 'a') {
        do_abort(s, port, argv[3]);
    } else if (what[0] == 'h') {
        do_hold(s, port, argv[3]);
    } else {
        do_rate(s, argc > 5 ? (unsigned)atoi(argv[5]) : 256);
    }
    closesocket(s);
    return 0;
}
