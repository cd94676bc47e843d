// The lines in which Wine's service control manager answers otherwise than Windows', and the
// reason; what a VM answers in them is what Windows' documentation and the results that Wine's own
// tests record of Windows say. In an entry, '*' stands for any text.
#include "calls.h"

static const struct {
    const char *lines, *reason;
} list[] = {
    {"*: list the dependents: *", "Wine answers without looking at the handle: a stub"},
    {"*: query the access list: *", "Wine answers without looking at the handle: a stub"},
    {"*: query the owner: *", "Wine answers without looking at the handle: a stub"},
    {"unknown rights: *", "Wine takes no notice of rights that there are not"},
    {"lock: *", "Wine's lock is one in name, given to any handle"},
    {"lock *", "Wine's lock is one in name, given to any handle"},
    {"locked status: *", "Wine's lock is one in name, given to any handle"},
    {"*: lock: *", "Wine's lock is one in name, given to any handle"},
    {"*: lock status: *", "Wine's lock status is a stub that looks at no handle"},
    {"display name of , 300: *", "Wine does not look at the name first"},
    {"display name of a/b, 300: *", "Wine does not look at the name first"},
    {"key name of , 300: *", "Wine does not look at the name first"},
    {"ANSI configuration: *", "Wine tells the room that the ANSI texts would take"},
    {"change to type 8: *", "Wine does not know drivers that recognise file systems"},
    {"make with type 8: *", "Wine does not know drivers that recognise file systems"},
    {"change to type 50: *", "Wine does not know services of each user"},
    {"make with type 50: *", "Wine does not know services of each user"},
    {"made: type 8 *", "as above"},
    {"made: type 50 *", "as above"},
    {"made: type 1 *", "Wine gives drivers an account"},
    {"made: type 2 *", "Wine gives drivers an account"},
    {"change to error control 4: *", "Wine does not look at it"},
    {"change to error control 5: *", "Wine does not look at it"},
    {"change: depends on itself: *", "Wine does not look for circles"},
    {"with dependencies: depends *", "Wine does not keep what is changed, nor tells of it"},
    {"with ANSI texts: depends *", "Wine does not keep what is changed, nor tells of it"},
    {"change: a tag without a group: *", "Wine has no tags"},
    {"level *", "Wine has the description only"},
    {"privileges*", "Wine has the description only"},
    {"actions *", "Wine has the description only"},
    {"triggers*", "Wine has the description only"},
    {"node: *", "Wine has the description only"},
    {"actions: *", "Wine has the description only"},
    {"dependents: *", "Wine's EnumDependentServices finds none"},
    {"list of the group in other letters *", "Wine compares groups exactly"},
    {"list of no group*", "Wine knows no empty group"},
    {"list of types *", "Wine does not look at bits that are no type"},
    {"list of states 4: *", "Wine does not look at bits that are no state"},
    {"list of states ffffffff: *", "Wine does not look at bits that are no state"},
    {"list of states: *", "Wine does not look at bits that are no state"},
    {"list: nowhere to say *", "Wine answers as NT 4 did"},
    {"notify of no change: *", "Wine does not look at the changes that are asked for"},
    {"notify of an unknown change: *", "Wine does not look at the changes that are asked for"},
    {"notify of a new service *", "Wine does not look at the changes that are asked for"},
    {"notify in an unknown version: *", "Wine does not look at the version"},
    {"deletion: *", "Wine tells nobody of a deletion"},
    {"database: *", "Wine tells nobody of services that are made and deleted"},
    {"told: *, triggered 80", "as above"},
    {"told: *, triggered 100", "as above"},
    {"told: *, triggered 200", "as above"},
    {"told: of *", "as above"},
    {"security: *", "Wine keeps no security descriptors"},
    {"ANSI names: *", "Wine tells the length in bytes of what it took; Windows leaves it, or tells "
                      "twice the text's length"},
};

// Whether the line is one that the pattern stands for.
static bool matches(const char *line, const char *pattern)
{
    for (; *pattern; pattern++, line++) {
        if (*pattern == '*') {
            for (;; line++) {
                if (matches(line, pattern + 1))
                    return true;
                if (!*line)
                    return false;
            }
        }
        if (*pattern != *line)
            return false;
    }
    return !*line;
}

const char *differs(const char *line)
{
    for (unsigned i = 0; i < sizeof(list) / sizeof(*list); i++) {
        if (matches(line, list[i].lines))
            return list[i].reason;
    }
    return NULL;
}
