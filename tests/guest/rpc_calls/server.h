// The server's side of the guest rpc_calls.
#ifndef PLUME_TEST_GUEST_RPC_SERVER_H
#define PLUME_TEST_GUEST_RPC_SERVER_H

#include <wchar.h>

#define RPC_READY L"plume test rpc ready" // an event that the server sets when it can be called

/* Serves at these endpoints, at the first TCP port from `port` on that can be had, and at dynamic
 * ones that it tells the endpoint mapper. Says on standard output what has failed, then the port
 * and "serving". Does not return but on failure. */
int rpc_serve(const wchar_t *name, const wchar_t *pipe, const wchar_t *label, unsigned long port);

#endif
