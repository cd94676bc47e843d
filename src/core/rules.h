// The one table of name decisions: what a VM has for itself, what it shares with the host, what it
// may not have. Everything that no row names is private.
#ifndef PLUME_CORE_RULES_H
#define PLUME_CORE_RULES_H

#include "core/str16.h"

enum rule_kind {
    RULE_FILE,   // names below a volume or device, as ntpath_parse() gives them
    RULE_OBJECT, // absolute NT names of kernel objects and ports
    RULE_KEY,    // absolute NT names of registry keys
};

enum rule_verdict {
    RULE_PRIVATE, // the VM's own: rewritten, or copied on write
    RULE_SHARED,  // the host's
    RULE_DENIED,  // does not exist in a VM
};

struct rule {
    enum rule_kind kind;
    // ASCII, without case. '*' stands for any run of units, also none, also with backslashes; "\\*"
    // at the end also for nothing at all: a folder's pattern matches the folder.
    const char *pattern;
    enum rule_verdict verdict;
    const char *reason;
};

extern const struct rule rule_table[];
extern const size_t rule_count;

/* The first row that matches; the last row of each kind matches everything. */
const struct rule *rule_find(enum rule_kind kind, struct str16 name);

#endif
