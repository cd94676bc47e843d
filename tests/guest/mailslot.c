// Mailslots: all ways to write the name, to everybody, sizes, times.
#include <stdio.h>
#include <string.h>
#include "common_step.h"

#define SLOT L"\\\\.\\mailslot\\plume-guest-slot"

static void write(const wchar_t *path)
{
    char name[120];
    DWORD size;
    snprintf(name, sizeof name, "open %ls", path);
    HANDLE writer = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (!step(name, writer != INVALID_HANDLE_VALUE))
        return;
    step("write", WriteFile(writer, "hello", 5, &size, NULL));
    CloseHandle(writer);
}

static void information(HANDLE slot)
{
    DWORD largest = 1, next = 1, count = 1, wait = 1;
    step("information", GetMailslotInfo(slot, &largest, &next, &count, &wait));
    say("information", "largest %lu next %ld count %lu wait %ld", largest, (long)next, count,
        (long)wait);
}

static void read(HANDLE slot, DWORD room)
{
    char text[64];
    DWORD size = 0;
    if (step("read", ReadFile(slot, text, room, &size, NULL)))
        say("read", "%.*s", (int)size, text);
}

/* To the computer by its names, and to everybody: natively Wine opens nothing by these. */
static void by_computer(void)
{
    static const wchar_t *const forms[] = {L"\\\\localhost\\mailslot\\plume-guest-slot",
                                           L"\\\\*\\mailslot\\plume-guest-slot"};
    HANDLE slot = CreateMailslotW(SLOT, 0, 0, NULL);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        DWORD size = 0, next = 0, count = 0;
        HANDLE writer =
            CreateFileW(forms[i], GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
        BOOL good = WriteFile(writer, "hello", 5, &size, NULL);
        GetMailslotInfo(slot, NULL, &next, &count, NULL);
        say("differs: write to", "%ls %d, next %ld", forms[i], good, (long)next);
        char text[8];
        if (next == 5)
            ReadFile(slot, text, sizeof text, &size, NULL);
        CloseHandle(writer);
    }
    CloseHandle(slot);
}

int main(void)
{
    static const wchar_t *const forms[] = {
        SLOT,
        L"\\\\.\\MAILSLOT\\Plume-Guest-Slot",
        L"\\\\?\\mailslot\\plume-guest-slot",
        L"//./mailslot/plume-guest-slot",
        L"\\\\.\\mailslot\\plume-guest-slot\\more",
        L"\\\\.\\mailslot\\plume-guest",
        L"\\\\.\\mailslot\\",
        L"\\\\.\\mailslot",
    };
    DWORD size;
    HANDLE slot = CreateMailslotW(SLOT, 20, 0, NULL);
    step("create", slot != INVALID_HANDLE_VALUE);
    step("create again", CreateMailslotW(SLOT, 20, 0, NULL) != INVALID_HANDLE_VALUE);
    step("create in other case",
         CreateMailslotW(L"\\\\.\\mailslot\\PLUME-GUEST-SLOT", 0, 0, NULL) != INVALID_HANDLE_VALUE);
    step("create elsewhere", CreateMailslotW(L"\\\\elsewhere\\mailslot\\plume-guest", 0, 0, NULL) !=
                                 INVALID_HANDLE_VALUE);
    step("create without a name",
         CreateMailslotW(L"\\\\.\\mailslot\\", 0, 0, NULL) != INVALID_HANDLE_VALUE);
    information(slot);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        write(forms[i]);
    information(slot);
    read(slot, 3); // too little room: the message stays
    read(slot, 20);
    information(slot);
    for (int i = 0; i < 10; i++) {
        DWORD next = MAILSLOT_NO_MESSAGE;
        if (!GetMailslotInfo(slot, NULL, &next, NULL, NULL) || next == MAILSLOT_NO_MESSAGE)
            break;
        read(slot, 20);
    }
    read(slot, 20); // nothing, and no waiting
    step("wait 10 ms", SetMailslotInfo(slot, 10));
    information(slot);
    read(slot, 20);
    step("wait for ever", SetMailslotInfo(slot, MAILSLOT_WAIT_FOREVER));
    information(slot);
    step("no slot to ask",
         GetMailslotInfo(GetStdHandle(STD_OUTPUT_HANDLE), NULL, NULL, NULL, NULL));

    HANDLE writer = CreateFileW(SLOT, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, 0, NULL);
    step("open", writer != INVALID_HANDLE_VALUE);
    step("too large", WriteFile(writer, "123456789012345678901", 21, &size, NULL));
    step("the largest", WriteFile(writer, "12345678901234567890", 20, &size, NULL));
    step("nothing", WriteFile(writer, "", 0, &size, NULL));
    information(slot);
    read(slot, 20);
    HANDLE reader = CreateFileW(SLOT, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, 0, NULL);
    step("open to read", reader != INVALID_HANDLE_VALUE);
    CloseHandle(slot);
    step("write to what is closed", WriteFile(writer, "x", 1, &size, NULL));
    CloseHandle(writer);
    write(SLOT);
    CloseHandle(reader);
    by_computer();
    return 0;
}
