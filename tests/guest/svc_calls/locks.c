// The lock of the database.
#include "calls.h"

void locks(void)
{
    DWORD needed = 0;
    char buffer[512];
    TRY(QueryServiceLockStatusW(manager, NULL, 0, &needed), "lock status without room");
    tell("lock status needs more than its structure: %d",
         needed > sizeof(QUERY_SERVICE_LOCK_STATUSW));
    QUERY_SERVICE_LOCK_STATUSW *status = (QUERY_SERVICE_LOCK_STATUSW *)(void *)buffer;
    status->fIsLocked = 77;
    TRY(QueryServiceLockStatusW(manager, status, sizeof(buffer), &needed), "lock status");
    tell("lock status: locked %lu for %lu s", status->fIsLocked, status->dwLockDuration);
    TRY(QueryServiceLockStatusA(manager, (QUERY_SERVICE_LOCK_STATUSA *)(void *)buffer,
                                sizeof(buffer), &needed),
        "lock status, ANSI");
    SC_LOCK lock, second;
    TRY(lock = LockServiceDatabase(manager), "lock");
    TRY(second = LockServiceDatabase(manager), "lock: again");
    if (second && second != lock)
        UnlockServiceDatabase(second);
    if (QueryServiceLockStatusW(manager, status, sizeof(buffer), &needed))
        tell("locked status: %lu", status->fIsLocked);
    TRY(UnlockServiceDatabase(lock), "unlock");
    TRY(lock = LockServiceDatabase(manager), "lock anew");
    TRY(UnlockServiceDatabase(lock), "unlock anew");
    TRY(LockServiceDatabase(NULL), "lock of nothing");
    TRY(QueryServiceLockStatusW(manager, status, sizeof(buffer), NULL),
        "lock status: nowhere to say what is needed");
    TRY(NotifyBootConfigStatus(TRUE), "the boot went well");
}
