// The names of the machine agree with each other, whoever is asked.
#include "common_net.h"
#include "common_step.h"
#include <ws2tcpip.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static void say_text(const char *name, const wchar_t *text, const wchar_t *host,
                     const wchar_t *computer)
{
    say(name, "%s",
        !_wcsicmp(text, host)       ? "the host name"
        : !_wcsicmp(text, computer) ? "the computer name"
        : !*text                    ? "empty"
                                    : "another");
}

static void registry_value(const char *name, const wchar_t *path, const wchar_t *value,
                           const wchar_t *host, const wchar_t *computer)
{
    wchar_t text[256] = L"";
    DWORD size = sizeof text;
    HKEY key;
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_QUERY_VALUE, &key);
    if (!error) {
        error = RegQueryValueExW(key, value, NULL, NULL, (BYTE *)text, &size);
        RegCloseKey(key);
    }
    step_code(name, (DWORD)error);
    say_text(name, text, host, computer);
}

static const char *text_of(const struct sockaddr *address)
{
    return inet_ntoa(((const struct sockaddr_in *)address)->sin_addr);
}

/* What the machine's own name is looked up as: in a VM not what it is natively. */
static void lookups(const char *name, const wchar_t *wide)
{
    const struct addrinfo canonical = {.ai_flags = AI_CANONNAME, .ai_family = AF_INET},
                          number = {.ai_flags = AI_NUMERICHOST};
    const ADDRINFOW hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    ADDRINFOW *found_w = NULL;
    int error = getaddrinfo(name, "80", &canonical, &found);
    printf("differs: getaddrinfo %d %s %s\n", error, error ? "" : text_of(found->ai_addr),
           error ? "" : found->ai_canonname);
    if (!error)
        freeaddrinfo(found);
    error = getaddrinfo("", NULL, &canonical, &found);
    printf("differs: getaddrinfo of nothing %d %s\n", error, error ? "" : text_of(found->ai_addr));
    if (!error)
        freeaddrinfo(found);
    error = GetAddrInfoW(wide, L"80", &hints, &found_w);
    printf("differs: GetAddrInfoW %d %s\n", error, error ? "" : text_of(found_w->ai_addr));
    if (!error)
        FreeAddrInfoW(found_w);
    const struct hostent *entry = gethostbyname(name);
    printf("differs: gethostbyname %s %s\n", entry ? entry->h_name : "",
           entry ? inet_ntoa(*(const struct in_addr *)entry->h_addr_list[0]) : "");
    say("the name is no number", "%d", getaddrinfo(name, NULL, &number, &found));
    error = getaddrinfo("127.0.0.1", "80", &canonical, &found);
    say("a number", "%d %s", error, error ? "" : found->ai_canonname);
    if (!error)
        freeaddrinfo(found);
}

int main(void)
{
    static const char *const formats[] = {
        "NetBIOS",         "DnsHostname",         "DnsDomain",        "DnsFullyQualified",
        "PhysicalNetBIOS", "PhysicalDnsHostname", "PhysicalDnsDomain"};
    wchar_t host[256] = L"", computer[256] = L"", text[256];
    char name[256] = "", small[2];
    DWORD size = 256;
    start_winsock();
    step("gethostname", !gethostname(name, sizeof name));
    MultiByteToWideChar(CP_ACP, 0, name, -1, host, 256);
    step("gethostname: too small", !gethostname(small, 1));
    step("gethostname: nowhere", !gethostname(NULL, 10));
    step("GetComputerName", GetComputerNameW(computer, &size));
    say("GetComputerName", "length right %d, at most 15 %d", size == wcslen(computer),
        wcslen(computer) <= 15);
    say("the one begins with the other", "%d",
        !_wcsnicmp(host, computer, wcslen(computer) < 15 ? wcslen(computer) : 15));
    for (int i = 0; i < 7; i++) {
        size = 256;
        *text = 0;
        step(formats[i], GetComputerNameExW((COMPUTER_NAME_FORMAT)i, text, &size));
        say_text(formats[i], text, host, computer);
    }
    size = 1;
    step("GetComputerName: too small", GetComputerNameW(text, &size));
    registry_value("ComputerName",
                   L"SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName",
                   L"ComputerName", host, computer);
    registry_value("ActiveComputerName",
                   L"SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName",
                   L"ComputerName", host, computer);
    registry_value("Hostname", L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters",
                   L"Hostname", host, computer);
    lookups(name, host);
    printf("differs: %ls, %ls\n", host, computer);
    return 0;
}
