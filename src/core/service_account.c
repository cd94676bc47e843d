#include "core/service_account.h"

#include "core/service.h"

static bool equals_ascii(struct str16 text, const char *ascii)
{
    uint16_t wide[32];
    size_t len = 0;
    while (ascii[len] && len < sizeof wide / sizeof *wide) {
        wide[len] = (uint16_t)ascii[len];
        len++;
    }
    return str16_equal_nocase(text, (struct str16){wide, len});
}

// The index of the unit, or the text's length.
static size_t index_of(struct str16 text, uint16_t unit)
{
    size_t i = 0;
    while (i < text.len && text.s[i] != unit)
        i++;
    return i;
}

static bool machine_itself(struct str16 domain, struct str16 name)
{
    static const char *const names[] = {"LocalService", "Local Service", "NetworkService",
                                        "Network Service", "System"};
    if (domain.len && !equals_ascii(domain, "NT AUTHORITY"))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        // Without a domain "System" could be anybody's name.
        if (equals_ascii(name, names[i]) && (domain.len || i < 4))
            return true;
    }
    return false;
}

static bool same_user(struct str16 domain, struct str16 name, const struct account_name *user,
                      struct str16 computer)
{
    return str16_equal_nocase(name, user->name) &&
           (!domain.len || equals_ascii(domain, ".") || str16_equal_nocase(domain, user->domain) ||
            str16_equal_nocase(domain, computer));
}

bool service_account_runs(struct str16 account, struct str16 service,
                          const struct account_name *user, struct str16 computer,
                          const struct account_name *known, size_t known_count)
{
    if (service_account_is_system(account))
        return true;
    size_t slash = index_of(account, '\\'), at = index_of(account, '@');
    struct account_name given = {.name = account};
    if (slash < account.len) {
        given.domain = str16_first(account, slash);
        given.name = str16_skip(account, slash + 1);
    } else if (at < account.len) {
        given.name = str16_first(account, at);
        given.domain = str16_skip(account, at + 1);
        // A domain's DNS name begins with what it is called otherwise, as a rule.
        size_t dot = index_of(given.domain, '.');
        if (!str16_equal_nocase(given.domain, user->domain))
            given.domain = str16_first(given.domain, dot);
        return given.domain.len && same_user(given.domain, given.name, user, computer);
    }
    if (!given.name.len)
        return false;
    if (machine_itself(given.domain, given.name) ||
        (equals_ascii(given.domain, "NT SERVICE") && str16_equal_nocase(given.name, service)))
        return true;
    for (size_t i = 0; i < known_count; i++) {
        if (str16_equal_nocase(given.name, known[i].name) &&
            str16_equal_nocase(given.domain, known[i].domain))
            return true;
    }
    return same_user(given.domain, given.name, user, computer);
}
