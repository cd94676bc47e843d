#include "core/log_entry.h"

#include "core/json.h"
#include "core/log_time.h"

static const char *const stream_names[] = {
    [LOG_VM] = "vm", [LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr", [LOG_EVENT] = "event"};

enum { STREAMS = sizeof stream_names / sizeof *stream_names };

const char *log_stream_name(enum log_stream stream)
{
    return stream_names[stream];
}

const char *log_event_type_name(uint32_t event_type)
{
    switch (event_type) { // winnt.h
    case 0:
        return "success";
    case 1:
        return "error";
    case 2:
        return "warning";
    case 4:
        return "information";
    case 8:
        return "audit success";
    case 16:
        return "audit failure";
    default:
        return "event";
    }
}

struct bytes {
    char *out;
    size_t cap, len;
    bool overflow;
};

static void put_bytes(void *context, const char *bytes, size_t len)
{
    struct bytes *sink = context;
    if (sink->overflow || len > sink->cap - sink->len) {
        sink->overflow = true;
        return;
    }
    for (size_t i = 0; i < len; i++)
        sink->out[sink->len++] = bytes[i];
}

static struct str16 cut(struct str16 text, size_t most)
{
    return text.len > most ? str16_first(text, most) : text;
}

size_t log_entry_write(const struct log_entry *entry, char *out, size_t cap)
{
    struct bytes sink = {.out = out, .cap = cap};
    struct json_writer json = json_writer_on(put_bytes, &sink);
    char time[LOG_TIME_TEXT];
    json.compact = true;
    log_time_write(entry->time, time);
    json_begin_object(&json);
    json_key(&json, "time");
    json_ascii(&json, time);
    json_key(&json, "stream");
    json_ascii(&json, stream_names[entry->stream]);
    json_key(&json, "service");
    if (entry->service.len)
        json_str16(&json, cut(entry->service, LOG_NAME_MAX));
    else
        json_null(&json);
    json_key(&json, "pid");
    if (entry->pid)
        json_u64(&json, entry->pid);
    else
        json_null(&json);
    if (entry->stream == LOG_EVENT) {
        json_key(&json, "source");
        json_str16(&json, cut(entry->source, LOG_NAME_MAX));
        json_key(&json, "event_id");
        json_u64(&json, entry->event_id);
        json_key(&json, "event_type");
        json_u64(&json, entry->event_type);
        json_key(&json, "level");
        json_ascii(&json, log_event_type_name(entry->event_type));
        json_key(&json, "category");
        json_u64(&json, entry->category);
    }
    if (entry->partial) {
        json_key(&json, "partial");
        json_bool(&json, true);
    }
    json_key(&json, "text");
    json_str16(&json, cut(entry->text, LOG_TEXT_MAX));
    json_end_object(&json);
    json_end(&json);
    return sink.overflow ? 0 : sink.len;
}

static bool get_text(const struct json_doc *doc, const char *key, struct str16_buf *out,
                     struct str16 *text)
{
    int node = json_member(doc, 0, key);
    size_t before = out->len;
    *text = (struct str16){out->s + before, 0};
    if (node < 0 || json_is_null(doc, node))
        return true;
    if (!json_get_str16(doc, node, out) || out->overflow)
        return false;
    text->len = out->len - before;
    return true;
}

static bool get_number(const struct json_doc *doc, const char *key, uint32_t *value)
{
    int node = json_member(doc, 0, key);
    *value = 0;
    return node < 0 || json_is_null(doc, node) || json_get_u32(doc, node, value);
}

bool log_entry_read(struct log_entry *entry, const char *line, size_t len, uint16_t *units,
                    size_t cap)
{
    struct json_doc doc;
    struct str16_buf buf = {.s = units, .cap = cap};
    const char *text;
    size_t text_len;
    *entry = (struct log_entry){0};
    if (!json_parse(&doc, line, len) || doc.nodes[0].type != JSON_OBJECT ||
        !json_get_plain(&doc, json_member(&doc, 0, "time"), &text, &text_len) ||
        !log_time_read(&entry->time, text, text_len) ||
        !json_get_plain(&doc, json_member(&doc, 0, "stream"), &text, &text_len))
        return false;
    unsigned stream = 0;
    for (; stream < STREAMS; stream++) {
        size_t i = 0;
        while (i < text_len && stream_names[stream][i] && stream_names[stream][i] == text[i])
            i++;
        if (i == text_len && !stream_names[stream][i])
            break;
    }
    if (stream == STREAMS || json_member(&doc, 0, "text") < 0)
        return false;
    entry->stream = (enum log_stream)stream;
    entry->partial = json_member(&doc, 0, "partial") >= 0;
    return get_text(&doc, "service", &buf, &entry->service) &&
           get_text(&doc, "source", &buf, &entry->source) &&
           get_text(&doc, "text", &buf, &entry->text) && get_number(&doc, "pid", &entry->pid) &&
           get_number(&doc, "event_id", &entry->event_id) &&
           get_number(&doc, "event_type", &entry->event_type) &&
           get_number(&doc, "category", &entry->category);
}

size_t log_header_write(uint32_t number, char *out, size_t cap)
{
    struct bytes sink = {.out = out, .cap = cap};
    struct json_writer json = json_writer_on(put_bytes, &sink);
    json.compact = true;
    json_begin_object(&json);
    json_key(&json, "log");
    json_u64(&json, number);
    json_end_object(&json);
    json_end(&json);
    return sink.overflow ? 0 : sink.len;
}

uint32_t log_header_read(const char *line, size_t len)
{
    struct json_doc doc;
    uint32_t number;
    return json_parse(&doc, line, len) && doc.nodes[0].type == JSON_OBJECT &&
                   json_get_u32(&doc, json_member(&doc, 0, "log"), &number)
               ? number
               : 0;
}
