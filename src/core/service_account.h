// Whom a service runs as. A VM has one user, the one who started it: the accounts that stand for
// the machine itself mean that user, and another's cannot be logged on.
#ifndef PLUME_CORE_SERVICE_ACCOUNT_H
#define PLUME_CORE_SERVICE_ACCOUNT_H

#include <stdbool.h>
#include "core/str16.h"

/* A name with its domain, e.g. of the VM's user. */
struct account_name {
    struct str16 domain, name;
};

/* Whether a service `service` that is configured to run as `account` may run as the VM's user:
 *   none, LocalSystem, NT AUTHORITY\System, LocalService and NetworkService, in the spellings that
 *   CreateService takes, and `known`: what they are called in the system's language;
 *   NT SERVICE\ and the service's own name;
 *   the VM's `user`, with its domain, with `computer` (the VM's name) or "." for one, or as
 *   user@domain. */
bool service_account_runs(struct str16 account, struct str16 service,
                          const struct account_name *user, struct str16 computer,
                          const struct account_name *known, size_t known_count);

#endif
