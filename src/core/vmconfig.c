#include "core/vmconfig.h"
#include "core/ipalloc.h"
#include "core/json.h"

/* ---- addresses and times as text ---- */

void ipv4_to_text(uint32_t ipv4, char out[16])
{
    size_t at = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint32_t byte = ipv4 >> shift & 255;
        if (byte >= 100)
            out[at++] = (char)('0' + byte / 100);
        if (byte >= 10)
            out[at++] = (char)('0' + byte / 10 % 10);
        out[at++] = (char)('0' + byte % 10);
        if (shift)
            out[at++] = '.';
    }
    out[at] = 0;
}

bool ipv4_from_text(uint32_t *ipv4, const char *text, size_t len)
{
    uint32_t sum = 0;
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part && (at == len || text[at++] != '.'))
            return false;
        uint32_t byte = 0;
        size_t first = at;
        while (at < len && text[at] >= '0' && text[at] <= '9' && at - first < 3)
            byte = byte * 10 + (uint32_t)(text[at++] - '0');
        if (at == first || byte > 255 || (at - first > 1 && text[first] == '0'))
            return false;
        sum = sum << 8 | byte;
    }
    *ipv4 = sum;
    return at == len;
}

static bool is_leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void put_digits(char *out, uint32_t value, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

enum { LAST_YEAR = 9999 };

void time_to_text(uint64_t seconds, char out[21])
{
    static const uint64_t last = UINT64_C(253402300799); // 9999-12-31T23:59:59Z
    if (seconds > last)
        seconds = last;
    uint32_t days = (uint32_t)(seconds / 86400), rest = (uint32_t)(seconds % 86400), year = 1970,
             month = 1;
    while (days >= (is_leap(year) ? 366u : 365u))
        days -= is_leap(year++) ? 366 : 365;
    while (days >= days_in_month(year, month))
        days -= days_in_month(year, month++);
    put_digits(out, year, 4);
    out[4] = '-';
    put_digits(out + 5, month, 2);
    out[7] = '-';
    put_digits(out + 8, days + 1, 2);
    out[10] = 'T';
    put_digits(out + 11, rest / 3600, 2);
    out[13] = ':';
    put_digits(out + 14, rest / 60 % 60, 2);
    out[16] = ':';
    put_digits(out + 17, rest % 60, 2);
    out[19] = 'Z';
    out[20] = 0;
}

static bool get_digits(const char *text, size_t digits, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

bool time_from_text(uint64_t *seconds, const char *text, size_t len)
{
    uint32_t year, month, day, hour, minute, second;
    if (len != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != 'Z')
        return false;
    if (!get_digits(text, 4, &year) || !get_digits(text + 5, 2, &month) ||
        !get_digits(text + 8, 2, &day) || !get_digits(text + 11, 2, &hour) ||
        !get_digits(text + 14, 2, &minute) || !get_digits(text + 17, 2, &second))
        return false;
    if (year < 1970 || year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59)
        return false;
    uint32_t days = day - 1;
    for (uint32_t y = 1970; y < year; y++)
        days += is_leap(y) ? 366 : 365;
    for (uint32_t m = 1; m < month; m++)
        days += days_in_month(year, m);
    *seconds = (uint64_t)days * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* ---- vm.json ---- */

/* A time that may be absent or null: never. */
static bool get_time(const struct json_doc *doc, const char *key, uint64_t *seconds)
{
    int node = json_member(doc, 0, key);
    const char *text;
    size_t len;
    *seconds = 0;
    if (node < 0 || json_is_null(doc, node))
        return true;
    return json_get_plain(doc, node, &text, &len) && time_from_text(seconds, text, len);
}

bool vm_config_is_host_address(uint32_t ipv4)
{
    uint32_t first = ipv4 >> 24;
    return first != 0 && first != 127 && first < 224;
}

void vm_config_hostname(const struct vm_config *config, uint16_t out[HOSTNAME_MAX + 1])
{
    if (config->hostname[0])
        memcpy(out, config->hostname, sizeof config->hostname);
    else
        hostname_of_vm(str16_of(config->name), out);
}

static bool get_hostname(const struct json_doc *doc, struct vm_config *config)
{
    int node = json_member(doc, 0, "hostname");
    struct str16_buf buf = {.s = config->hostname, .cap = HOSTNAME_MAX};
    if (node < 0)
        return true;
    if (!json_get_str16(doc, node, &buf) || buf.overflow || !hostname_check(str16_view(&buf)))
        return false;
    config->hostname[buf.len] = 0;
    return true;
}

/* "network" is "none" or absent; "host_address" is an address or absent. */
static bool get_network(const struct json_doc *doc, struct vm_config *config)
{
    static const char none[] = "none";
    int network = json_member(doc, 0, "network"), address = json_member(doc, 0, "host_address");
    const char *text;
    size_t len;
    if (network >= 0) {
        if (!json_get_plain(doc, network, &text, &len) || len != sizeof none - 1 ||
            memcmp(text, none, len) != 0)
            return false;
        config->no_network = true;
    }
    return address < 0 || (json_get_plain(doc, address, &text, &len) &&
                           ipv4_from_text(&config->host_address, text, len) &&
                           vm_config_is_host_address(config->host_address));
}

/* An array of texts, as publish_write() makes them; absent where there are none. */
static bool get_ports(const struct json_doc *doc, struct vm_config *config)
{
    int node = json_member(doc, 0, "ports");
    unsigned ports = 0;
    if (node < 0)
        return true;
    if (doc->nodes[node].type != JSON_ARRAY || doc->nodes[node].size > PUBLISH_MAX)
        return false;
    uint32_t at = (uint32_t)node + 1;
    for (uint32_t i = 0; i < doc->nodes[node].size; i++, at = doc->nodes[at].next) {
        uint16_t text[PUBLISH_TEXT_MAX];
        struct str16_buf buf = {.s = text, .cap = PUBLISH_TEXT_MAX};
        struct publish *publish = &config->publish[config->publish_count++];
        if (!json_get_str16(doc, (int)at, &buf) || buf.overflow ||
            publish_parse(publish, str16_view(&buf)) != PUBLISH_OK)
            return false;
        ports += publish_count(publish);
    }
    return ports <= PUBLISH_PORTS_MAX;
}

/* "memory", "cpus" and "pids" are texts as the command line takes them; absent: no limit. */
static bool get_limits(const struct json_doc *doc, struct limits *limits)
{
    static const char *const keys[] = {"memory", "cpus", "pids"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int node = json_member(doc, 0, keys[i]);
        uint16_t units[LIMITS_TEXT_MAX];
        struct str16_buf text = {.s = units, .cap = LIMITS_TEXT_MAX};
        if (node < 0)
            continue;
        if (!json_get_str16(doc, node, &text) || text.overflow)
            return false;
        if (!(i == 0   ? limits_read_memory(str16_view(&text), &limits->memory)
              : i == 1 ? limits_read_cpus(str16_view(&text), &limits->cpus)
                       : limits_read_pids(str16_view(&text), &limits->pids)))
            return false;
    }
    return true;
}

bool vm_config_read_log_max(struct str16 text, uint64_t *bytes)
{
    uint64_t size;
    if (!limits_read_size(text, &size) || size < LOG_MAX_LEAST)
        return false;
    *bytes = size;
    return true;
}

/* "log_max_size" is a text as the command line takes it; absent: the default. */
static bool get_log(const struct json_doc *doc, uint64_t *log_max)
{
    int node = json_member(doc, 0, "log_max_size");
    uint16_t units[LIMITS_TEXT_MAX];
    struct str16_buf text = {.s = units, .cap = LIMITS_TEXT_MAX};
    return node < 0 || (json_get_str16(doc, node, &text) && !text.overflow &&
                        vm_config_read_log_max(str16_view(&text), log_max));
}

enum vm_config_fault vm_config_parse(struct vm_config *config, const char *text, size_t len)
{
    struct json_doc doc;
    const char *ip;
    size_t ip_len;
    *config = (struct vm_config){0};
    if (len > VM_CONFIG_TEXT_MAX || !json_parse(&doc, text, len) ||
        doc.nodes[0].type != JSON_OBJECT)
        return VM_CONFIG_NOT_JSON;
    // The version first: what a newer one means by the rest is not ours to judge.
    if (!json_get_u32(&doc, json_member(&doc, 0, "version"), &config->version) ||
        config->version == 0)
        return VM_CONFIG_BAD_VERSION;
    if (config->version > VM_CONFIG_VERSION)
        return VM_CONFIG_NEWER;
    struct str16_buf name = {.s = config->name, .cap = VMNAME_MAX};
    if (!json_get_str16(&doc, json_member(&doc, 0, "name"), &name) || name.overflow ||
        vmname_check(str16_view(&name)) != VMNAME_OK)
        return VM_CONFIG_BAD_NAME;
    config->name[name.len] = 0;
    if (!json_get_plain(&doc, json_member(&doc, 0, "ip"), &ip, &ip_len) ||
        !ipv4_from_text(&config->ipv4, ip, ip_len) || !ipalloc_in_range(config->ipv4))
        return VM_CONFIG_BAD_IP;
    if (!get_time(&doc, "created", &config->created) ||
        !get_time(&doc, "started", &config->started) ||
        !get_time(&doc, "stopped", &config->stopped))
        return VM_CONFIG_BAD_TIME;
    if (!get_hostname(&doc, config))
        return VM_CONFIG_BAD_HOSTNAME;
    if (!get_network(&doc, config))
        return VM_CONFIG_BAD_NETWORK;
    if (!get_ports(&doc, config))
        return VM_CONFIG_BAD_PORTS;
    if (!get_limits(&doc, &config->limits))
        return VM_CONFIG_BAD_LIMITS;
    if (!get_log(&doc, &config->log_max))
        return VM_CONFIG_BAD_LOG;
    return VM_CONFIG_OK;
}

const char *vm_config_fault_text(enum vm_config_fault fault)
{
    switch (fault) {
    case VM_CONFIG_OK:
        return "";
    case VM_CONFIG_NOT_JSON:
        return "vm.json is damaged: it is not a JSON object";
    case VM_CONFIG_NEWER:
        return "vm.json was written by a newer version of Plume";
    case VM_CONFIG_BAD_VERSION:
        return "vm.json is damaged: 'version' is not a whole number";
    case VM_CONFIG_BAD_NAME:
        return "vm.json is damaged: 'name' is not the name of a VM";
    case VM_CONFIG_BAD_IP:
        return "vm.json is damaged: 'ip' is not an address of a VM";
    case VM_CONFIG_BAD_TIME:
        return "vm.json is damaged: a time is not a time";
    case VM_CONFIG_BAD_HOSTNAME:
        return "vm.json is damaged: 'hostname' is not a host name";
    case VM_CONFIG_BAD_NETWORK:
        return "vm.json is damaged: 'network' or 'host_address' makes no sense";
    case VM_CONFIG_BAD_PORTS:
        return "vm.json is damaged: 'ports' is not a list of ports to publish";
    case VM_CONFIG_BAD_LIMITS:
        return "vm.json is damaged: 'memory', 'cpus' or 'pids' is not a limit";
    case VM_CONFIG_BAD_LOG:
        return "vm.json is damaged: 'log_max_size' is not a size";
    }
    return "";
}

struct text_sink {
    char *out;
    size_t cap;
    size_t len;
    bool overflow;
};

static void sink_to_text(void *context, const char *bytes, size_t len)
{
    struct text_sink *sink = context;
    if (sink->overflow || len > sink->cap - sink->len) {
        sink->overflow = true;
        return;
    }
    for (size_t i = 0; i < len; i++)
        sink->out[sink->len++] = bytes[i];
}

static void put_time(struct json_writer *json, const char *key, uint64_t seconds)
{
    char text[21];
    json_key(json, key);
    if (seconds == 0) {
        json_null(json);
        return;
    }
    time_to_text(seconds, text);
    json_ascii(json, text);
}

static void put_limits(struct json_writer *json, const struct limits *limits)
{
    char text[LIMITS_TEXT_MAX];
    if (limits->memory) {
        limits_number_to_text(limits->memory, text);
        json_key(json, "memory");
        json_ascii(json, text);
    }
    if (limits->cpus) {
        limits_cpus_to_text(limits->cpus, text);
        json_key(json, "cpus");
        json_ascii(json, text);
    }
    if (limits->pids) {
        limits_number_to_text(limits->pids, text);
        json_key(json, "pids");
        json_ascii(json, text);
    }
}

size_t vm_config_write(const struct vm_config *config, char *out, size_t cap)
{
    struct text_sink sink = {.out = out, .cap = cap};
    struct json_writer json = json_writer_on(sink_to_text, &sink);
    char ip[16];
    ipv4_to_text(config->ipv4, ip);
    json_begin_object(&json);
    json_key(&json, "version");
    json_u64(&json, config->version);
    json_key(&json, "name");
    json_str16(&json, str16_of(config->name));
    json_key(&json, "ip");
    json_ascii(&json, ip);
    put_time(&json, "created", config->created);
    put_time(&json, "started", config->started);
    put_time(&json, "stopped", config->stopped);
    if (config->hostname[0]) {
        json_key(&json, "hostname");
        json_str16(&json, str16_of(config->hostname));
    }
    if (config->no_network) {
        json_key(&json, "network");
        json_ascii(&json, "none");
    }
    if (config->host_address) {
        ipv4_to_text(config->host_address, ip);
        json_key(&json, "host_address");
        json_ascii(&json, ip);
    }
    put_limits(&json, &config->limits);
    if (config->log_max) {
        char text[LIMITS_TEXT_MAX];
        limits_number_to_text(config->log_max, text);
        json_key(&json, "log_max_size");
        json_ascii(&json, text);
    }
    if (config->publish_count) {
        json_key(&json, "ports");
        json_begin_array(&json);
        for (unsigned i = 0; i < config->publish_count; i++) {
            char text[PUBLISH_TEXT_MAX];
            publish_write(&config->publish[i], text);
            json_ascii(&json, text);
        }
        json_end_array(&json);
    }
    json_end_object(&json);
    json_end(&json);
    return sink.overflow ? 0 : sink.len;
}
