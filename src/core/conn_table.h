// The tables of connections and listeners that iphlpapi's documented functions give: the layouts of
// their rows, and a list of rows without a layout that tables are read into and written from.
//
// Source: the SDK's iprtrmib.h, tcpmib.h and udpmib.h. A table is a 32-bit count and the rows; all
// are the same in 32-bit and 64-bit programs.
#ifndef PLUME_CORE_CONN_TABLE_H
#define PLUME_CORE_CONN_TABLE_H

#include "core/net_view.h"

enum conn_protocol { CONN_TCP, CONN_UDP };

/* What a row tells. */
enum conn_class {
    CONN_BASIC,  // MIB_TCPROW, MIB_UDPROW and their IPv6 forms
    CONN_PID,    // ..._OWNER_PID
    CONN_MODULE, // ..._OWNER_MODULE: everything that any other has, but for TCP offloading
    CONN_SECOND, // MIB_TCPROW2, MIB_TCP6ROW2
};

/* Which tables: of a protocol, a family and a class. There is no CONN_SECOND of CONN_UDP. */
struct conn_form {
    enum conn_protocol protocol;
    bool ipv6;
    enum conn_class row;
};

enum { CONN_MODULE_INFO = 128 }; // TCPIP_OWNING_MODULE_SIZE times 8

/* A row of any form; what its form does not tell is 0. */
struct conn {
    uint8_t local[SOCKADDR_MAX], remote[SOCKADDR_MAX]; // sockaddr_in or sockaddr_in6
    uint32_t state;                                    // MIB_TCP_STATE_
    uint32_t owner;                                    // process id
    uint32_t flags;
    uint8_t created[8];
    uint8_t module[CONN_MODULE_INFO];
};

/* How many bytes a table of that many rows has; 0 when there is no such form, or that is too much
 * for 32 bits. */
uint32_t conn_table_size(struct conn_form form, uint32_t rows);

/* How many rows there are in `size` bytes, whatever the table says. */
uint32_t conn_table_rows(struct conn_form form, const void *table, size_t size);

/* Reads row `row` of those. */
void conn_table_read(struct conn_form form, const void *table, uint32_t row, struct conn *out);

/* Appends to `list`, which has room for all rows of the table, those of them that the VM sees in a
 * table of the family `ipv6`. Windows has sockets that are bound to an IPv4-mapped address, as a
 * VM's IPv6 sockets are (core/sockaddr.h), in the tables of IPv4: what has the twin at one of its
 * ends is of IPv6. Returns the new count. */
uint32_t conn_list_add(struct conn_form form, const void *table, size_t size, bool ipv6,
                       const struct net_view *view, struct conn *list, uint32_t count);

/* Sorts by local address, scope, port, then by the remote ones. */
void conn_list_sort(struct conn *list, uint32_t count);

/* Writes a table of conn_table_size(form, count) bytes. */
void conn_table_write(struct conn_form form, void *table, const struct conn *list, uint32_t count);

#endif
