#include "core/json.h"
#include "core/log_time.h"
#include "core/trace.h"

// What the records of a trace mean to a person.

static const char *const kinds[] = {
    [TRACE_FILE] = "file",       [TRACE_PIPE] = "pipe",       [TRACE_MAILSLOT] = "mailslot",
    [TRACE_DEVICE] = "device",   [TRACE_KEY] = "key",         [TRACE_OBJECT] = "object",
    [TRACE_PORT] = "port",       [TRACE_PROCESS] = "process", [TRACE_SOCKET] = "socket",
    [TRACE_STATION] = "station", [TRACE_SERVICE] = "service", [TRACE_MACHINE] = "machine",
};
static const char *const outcomes[] = {
    [TRACE_HOSTS] = "host",    [TRACE_OWN] = "own",       [TRACE_COPIED] = "copied",
    [TRACE_HIDDEN] = "hidden", [TRACE_ABSENT] = "absent", [TRACE_PRIVATE] = "private",
    [TRACE_SHARED] = "shared", [TRACE_DENIED] = "denied", [TRACE_STARTED] = "started",
};

const char *trace_kind_name(unsigned kind)
{
    return kind < TRACE_KINDS ? kinds[kind] : "?";
}

const char *trace_outcome_name(unsigned outcome)
{
    return outcome < TRACE_OUTCOMES ? outcomes[outcome] : "?";
}

bool trace_kind_of(struct str16 name, enum trace_kind *kind)
{
    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        if (str16_equal_ascii(name, kinds[i])) {
            *kind = (enum trace_kind)i;
            return true;
        }
    }
    return false;
}

static struct str16 name_of(const struct trace_record *record)
{
    return (struct str16){record->name, record->name_units};
}

/* A device's name as the rules have it: without \??\ or \Device\ before it, which are one. */
static struct str16 device_of(struct str16 name)
{
    static const char *const before[] = {"\\??\\", "\\DosDevices\\", "\\GLOBAL??\\", "\\Device\\"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (str16_starts_ascii(name, before[i]))
            return str16_skip(name, strlen(before[i]));
    return name;
}

const struct rule *trace_rule(const struct trace_record *record)
{
    uint16_t units[TRACE_NAME_MAX + 32];
    struct str16_buf buf = {.s = units, .cap = sizeof units / sizeof *units};
    struct str16 name = name_of(record);
    const struct rule *rule;
    switch (record->kind) {
    case TRACE_FILE:
        return rule_find(RULE_FILE, name);
    case TRACE_KEY:
        return rule_find(RULE_KEY, name);
    case TRACE_OBJECT:
    case TRACE_PORT:
        return rule_find(RULE_OBJECT, name);
    case TRACE_PIPE:
    case TRACE_MAILSLOT:
        str16_put_ascii(&buf,
                        record->kind == TRACE_PIPE ? "Device\\NamedPipe\\" : "Device\\Mailslot\\");
        str16_put(&buf, name);
        return rule_find(RULE_FILE, str16_view(&buf));
    case TRACE_DEVICE:
        str16_put_ascii(&buf, "Device\\");
        str16_put(&buf, device_of(name));
        rule = rule_find(RULE_FILE, str16_view(&buf));
        return rule->verdict == RULE_SHARED ? rule : NULL;
    default:
        return NULL;
    }
}

const char *trace_reason(const struct trace_record *record)
{
    const struct rule *rule = trace_rule(record);
    if (record->kind == TRACE_FILE && record->outcome == TRACE_DENIED)
        return "no VM can name the store";
    if (rule)
        return rule->reason;
    switch (record->kind) {
    case TRACE_DEVICE:
        return "a driver's device, which a VM cannot make";
    case TRACE_SOCKET:
        return record->outcome == TRACE_PRIVATE  ? "the VM has an address of its own"
               : record->outcome == TRACE_DENIED ? "the VM has no network, or not this address"
                                                 : "another machine's address";
    case TRACE_PROCESS:
        return record->outcome == TRACE_STARTED ? "it has the layer before it runs"
                                                : "processes that are not the VM's do not exist";
    case TRACE_STATION:
        return "the VM has a window station of its own";
    case TRACE_SERVICE:
        return "the VM has a service manager of its own";
    default:
        return "the machine is not a VM's to change";
    }
}

bool trace_writes_shared(const struct trace_record *record)
{
    static const char create[] = "NtCreate";
    return record->outcome == TRACE_SHARED && !(record->status & 0x80000000) &&
           (record->kind == TRACE_OBJECT || record->kind == TRACE_PORT) &&
           memcmp(record->call, create, sizeof create - 1) == 0;
}

void trace_put_name(struct str16_buf *out, const struct trace_record *record)
{
    struct str16 name = name_of(record);
    switch (record->kind) {
    case TRACE_FILE:
    case TRACE_PROCESS:
        if (name.len && (name.len == 1 || name.s[1] == '\\') &&
            ((name.s[0] >= 'A' && name.s[0] <= 'Z') || (name.s[0] >= 'a' && name.s[0] <= 'z'))) {
            str16_put_unit(out, name.s[0]);
            str16_put_unit(out, ':');
            name = str16_skip(name, 1);
            if (!name.len)
                str16_put_unit(out, '\\');
        } else if (str16_starts_ascii(name, "UNC\\")) {
            str16_put_unit(out, '\\');
            name = str16_skip(name, 3);
        }
        break;
    case TRACE_PIPE:
        str16_put_ascii(out, "\\\\.\\pipe\\");
        break;
    case TRACE_MAILSLOT:
        str16_put_ascii(out, "\\\\.\\mailslot\\");
        break;
    default:
        break;
    }
    str16_put(out, name);
    if (record->cut)
        str16_put_unit(out, 0x2026);
}

struct bytes {
    char *out;
    size_t cap, len;
    bool overflow;
};

static void put_bytes(void *context, const char *bytes, size_t len)
{
    struct bytes *b = context;
    if (b->overflow || len > b->cap - b->len) {
        b->overflow = true;
        return;
    }
    memcpy(b->out + b->len, bytes, len);
    b->len += len;
}

static void put_rule(struct json_writer *json, const struct trace_record *record)
{
    static const char *const verdicts[] = {
        [RULE_PRIVATE] = "private", [RULE_SHARED] = "shared", [RULE_DENIED] = "denied"};
    const struct rule *rule = trace_rule(record);
    json_key(json, "rule");
    if (rule) {
        json_begin_object(json);
        json_key(json, "pattern");
        json_ascii(json, rule->pattern);
        json_key(json, "verdict");
        json_ascii(json, verdicts[rule->verdict]);
        json_end_object(json);
    } else {
        json_null(json);
    }
    json_key(json, "reason");
    json_ascii(json, trace_reason(record));
}

size_t trace_write_json(const struct trace_record *record, struct str16 service, char *out,
                        size_t cap)
{
    static const char hex[] = "0123456789ABCDEF";
    uint16_t units[TRACE_NAME_MAX + 16];
    struct str16_buf name = {.s = units, .cap = sizeof units / sizeof *units};
    struct bytes sink = {.out = out, .cap = cap};
    struct json_writer json = json_writer_on(put_bytes, &sink);
    uint64_t time = (uint64_t)record->time_high << 32 | record->time_low;
    const uint64_t from_1601 = UINT64_C(116444736000000000);
    char text[LOG_TIME_TEXT], status[11] = "0x";
    json.compact = true;
    log_time_write(time > from_1601 ? time - from_1601 : 0, text);
    for (unsigned i = 0; i < 8; i++)
        status[2 + i] = hex[record->status >> (28 - 4 * i) & 15];
    status[10] = 0;
    json_begin_object(&json);
    json_key(&json, "time");
    json_ascii(&json, text);
    json_key(&json, "pid");
    json_u64(&json, record->process);
    json_key(&json, "tid");
    json_u64(&json, record->thread);
    json_key(&json, "image");
    json_str16(&json, (struct str16){record->image, record->image_units});
    json_key(&json, "service");
    if (service.len)
        json_str16(&json, service);
    else
        json_null(&json);
    json_key(&json, "call");
    json_ascii(&json, record->call);
    json_key(&json, "kind");
    json_ascii(&json, trace_kind_name(record->kind));
    json_key(&json, "name");
    trace_put_name(&name, record);
    json_str16(&json, str16_view(&name));
    json_key(&json, "outcome");
    json_ascii(&json, trace_outcome_name(record->outcome));
    json_key(&json, "status");
    json_ascii(&json, status);
    if (record->outcome == TRACE_STARTED) {
        json_key(&json, "started");
        json_u64(&json, record->subject);
    }
    put_rule(&json, record);
    json_end_object(&json);
    return sink.overflow ? 0 : sink.len;
}
