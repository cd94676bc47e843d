// Services of the host's that a VM takes over: the service's key becomes the VM's own as it is, so
// that what the host does with its service later does not reach the VM's.
#ifndef PLUME_CLI_SERVICE_KEY_H
#define PLUME_CLI_SERVICE_KEY_H

#include <windows.h>
#include <stdbool.h>
#include "cli.h"
#include "vm/vm.h"

#define START_AS_IT_IS UINT32_MAX

/* Opens the service's key where this process is, on the host or in the VM; fails for what is no
 * service, and for drivers, which a VM does not run. */
bool service_key_open(const wchar_t *service, HKEY *key, struct plume_error *error);

/* In the VM: makes all that is in the key, and below it, the VM's own, as it is. `start`: a start
 * type to be written instead of the one that is there, or START_AS_IT_IS. */
bool service_key_take(HKEY key, uint32_t start, struct plume_error *error);

/* On the host: whether each name is a service's that a VM can take over. */
bool service_keys_check(const struct text_list *services, struct plume_error *error);

/* On the host, for a VM that does not run: takes the services over, to be started with the VM. */
bool service_keys_give(const struct vm *vm, const struct text_list *services,
                       struct plume_error *error);

#endif
