#include "core/json.h"

#define JSMN_STATIC
#define JSMN_STRICT
#include "jsmn.h"

/* ---- writing ---- */

static void put(struct json_writer *w, const char *ascii)
{
    size_t len = 0;
    while (ascii[len])
        len++;
    w->sink(w->context, ascii, len);
}

static void new_line(struct json_writer *w)
{
    if (w->compact)
        return;
    put(w, "\n");
    for (unsigned i = 0; i < w->depth; i++)
        put(w, "  ");
}

/* What stands before a value or a key: a comma and a line of its own, unless it follows its key. */
static void separate(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0)
        return;
    if (w->filled & (UINT32_C(1) << w->depth))
        put(w, ",");
    w->filled |= UINT32_C(1) << w->depth;
    new_line(w);
}

static void begin(struct json_writer *w, const char *bracket)
{
    separate(w);
    put(w, bracket);
    w->depth++;
    w->filled &= ~(UINT32_C(1) << w->depth);
}

static void end(struct json_writer *w, const char *bracket)
{
    bool filled = w->filled & (UINT32_C(1) << w->depth);
    w->depth--;
    if (filled)
        new_line(w);
    put(w, bracket);
}

struct json_writer json_writer_on(void (*sink)(void *context, const char *bytes, size_t len),
                                  void *context)
{
    return (struct json_writer){.sink = sink, .context = context};
}

void json_begin_object(struct json_writer *w)
{
    begin(w, "{");
}

void json_end_object(struct json_writer *w)
{
    end(w, "}");
}

void json_begin_array(struct json_writer *w)
{
    begin(w, "[");
}

void json_end_array(struct json_writer *w)
{
    end(w, "]");
}

static const char hex_digits[] = "0123456789abcdef";

static void put_escape(struct json_writer *w, uint16_t unit)
{
    char text[6] = {'\\',
                    'u',
                    hex_digits[unit >> 12],
                    hex_digits[unit >> 8 & 15],
                    hex_digits[unit >> 4 & 15],
                    hex_digits[unit & 15]};
    w->sink(w->context, text, sizeof(text));
}

/* One code point that is no surrogate; control characters, quotes and backslashes escaped. */
static void put_code_point(struct json_writer *w, uint32_t c)
{
    char utf8[4];
    size_t len = 0;
    if (c == '"' || c == '\\') {
        utf8[len++] = '\\';
        utf8[len++] = (char)c;
    } else if (c == '\n') {
        put(w, "\\n");
    } else if (c == '\r') {
        put(w, "\\r");
    } else if (c == '\t') {
        put(w, "\\t");
    } else if (c < 0x20 || c == 0x7f) {
        put_escape(w, (uint16_t)c);
    } else if (c < 0x80) {
        utf8[len++] = (char)c;
    } else if (c < 0x800) {
        utf8[len++] = (char)(0xc0 | c >> 6);
        utf8[len++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        utf8[len++] = (char)(0xe0 | c >> 12);
        utf8[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        utf8[len++] = (char)(0x80 | (c & 0x3f));
    } else {
        utf8[len++] = (char)(0xf0 | c >> 18);
        utf8[len++] = (char)(0x80 | (c >> 12 & 0x3f));
        utf8[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        utf8[len++] = (char)(0x80 | (c & 0x3f));
    }
    if (len)
        w->sink(w->context, utf8, len);
}

void json_str16(struct json_writer *w, struct str16 text)
{
    separate(w);
    put(w, "\"");
    for (size_t i = 0; i < text.len; i++) {
        uint16_t unit = text.s[i];
        bool high = unit >= 0xd800 && unit < 0xdc00;
        bool low = unit >= 0xdc00 && unit < 0xe000;
        if (high && i + 1 < text.len && text.s[i + 1] >= 0xdc00 && text.s[i + 1] < 0xe000) {
            put_code_point(w, 0x10000 + ((uint32_t)(unit - 0xd800) << 10) +
                                  (uint32_t)(text.s[i + 1] - 0xdc00));
            i++;
        } else if (high || low) {
            put_escape(w, unit);
        } else {
            put_code_point(w, unit);
        }
    }
    put(w, "\"");
}

void json_ascii(struct json_writer *w, const char *ascii)
{
    separate(w);
    put(w, "\"");
    for (; *ascii; ascii++)
        put_code_point(w, (unsigned char)*ascii);
    put(w, "\"");
}

void json_key(struct json_writer *w, const char *ascii)
{
    json_ascii(w, ascii);
    put(w, w->compact ? ":" : ": ");
    w->after_key = true;
}

void json_u64(struct json_writer *w, uint64_t value)
{
    char text[21];
    size_t at = sizeof(text) - 1;
    text[at] = 0;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    separate(w);
    put(w, text + at);
}

void json_literal(struct json_writer *w, const char *ascii)
{
    separate(w);
    put(w, ascii);
}

void json_bool(struct json_writer *w, bool value)
{
    separate(w);
    put(w, value ? "true" : "false");
}

void json_null(struct json_writer *w)
{
    separate(w);
    put(w, "null");
}

void json_end(struct json_writer *w)
{
    put(w, "\n");
}

/* ---- reading ---- */

static bool bytes_equal(const char *bytes, size_t len, const char *ascii)
{
    for (size_t i = 0; i < len; i++) {
        if (!ascii[i] || bytes[i] != ascii[i])
            return false;
    }
    return !ascii[len];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?, the whole of it. */
static bool is_number(const char *s, size_t len)
{
    size_t i = 0;
    if (i < len && s[i] == '-')
        i++;
    if (i < len && s[i] == '0') {
        i++;
    } else {
        size_t first = i;
        while (i < len && is_digit(s[i]))
            i++;
        if (i == first)
            return false;
    }
    if (i < len && s[i] == '.') {
        size_t first = ++i;
        while (i < len && is_digit(s[i]))
            i++;
        if (i == first)
            return false;
    }
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < len && (s[i] == '+' || s[i] == '-'))
            i++;
        size_t first = i;
        while (i < len && is_digit(s[i]))
            i++;
        if (i == first)
            return false;
    }
    return i == len;
}

/* A string that a value follows. */
static bool is_key(const jsmntok_t *token)
{
    return token->type == JSMN_STRING && token->size == 1;
}

/* jsmn says where the tokens are, but takes any word for a primitive and any token for a key: this
 * settles the types and that each key is a string with one value. Fills in `next` from the end. */
static bool settle(struct json_doc *doc, const jsmntok_t *tokens, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        const jsmntok_t *token = &tokens[i];
        struct json_node *node = &doc->nodes[i];
        const char *s = doc->text + token->start;
        size_t len = (size_t)(token->end - token->start);
        *node = (struct json_node){.start = (uint32_t)token->start,
                                   .end = (uint32_t)token->end,
                                   .size = (uint32_t)token->size,
                                   .next = i + 1};
        switch (token->type) {
        case JSMN_OBJECT:
        case JSMN_ARRAY:
            node->type = token->type == JSMN_OBJECT ? JSON_OBJECT : JSON_ARRAY;
            for (uint32_t member = 0; member < node->size; member++) {
                uint32_t at = node->next;
                if (at >= count)
                    return false;
                if (node->type == JSON_OBJECT && !(is_key(&tokens[at]) && !is_key(&tokens[at + 1])))
                    return false;
                if (node->type == JSON_ARRAY && is_key(&tokens[at]))
                    return false;
                node->next = doc->nodes[at].next;
            }
            break;
        case JSMN_STRING:
            node->type = JSON_STRING;
            if (is_key(token)) { // its value belongs to it
                if (i + 1 >= count)
                    return false;
                node->next = doc->nodes[i + 1].next;
            } else if (token->size != 0) {
                return false;
            }
            break;
        case JSMN_PRIMITIVE:
            if (bytes_equal(s, len, "true"))
                node->type = JSON_TRUE;
            else if (bytes_equal(s, len, "false"))
                node->type = JSON_FALSE;
            else if (bytes_equal(s, len, "null"))
                node->type = JSON_NULL;
            else if (is_number(s, len))
                node->type = JSON_NUMBER;
            else
                return false;
            if (token->size != 0)
                return false;
            break;
        default:
            return false;
        }
    }
    return count > 0 && !is_key(&tokens[0]) && doc->nodes[0].next == count;
}

bool json_parse(struct json_doc *doc, const char *text, size_t len)
{
    jsmntok_t tokens[JSON_NODES_MAX];
    jsmn_parser parser;
    doc->text = text;
    doc->count = 0;
    if (len > INT32_MAX)
        return false;
    jsmn_init(&parser);
    int count = jsmn_parse(&parser, text, len, tokens, JSON_NODES_MAX);
    if (count < 0 || !settle(doc, tokens, (uint32_t)count))
        return false;
    doc->count = (uint32_t)count;
    return true;
}

static const struct json_node *node_at(const struct json_doc *doc, int node)
{
    return node >= 0 && (uint32_t)node < doc->count ? &doc->nodes[node] : NULL;
}

int json_member(const struct json_doc *doc, int object, const char *ascii_key)
{
    const struct json_node *node = node_at(doc, object);
    if (!node || node->type != JSON_OBJECT)
        return -1;
    uint32_t at = (uint32_t)object + 1;
    for (uint32_t member = 0; member < node->size; member++) {
        const struct json_node *key = &doc->nodes[at];
        if (bytes_equal(doc->text + key->start, key->end - key->start, ascii_key))
            return (int)at + 1;
        at = key->next;
    }
    return -1;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The escape whose backslash is at s[0]; returns its length, 0 for a bad one. */
static size_t read_escape(const char *s, size_t len, uint16_t *unit)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (len < 2)
        return 0;
    if (s[1] == 'u') {
        uint32_t value = 0;
        if (len < 6)
            return 0;
        for (int i = 2; i < 6; i++) {
            int digit = hex_value(s[i]);
            if (digit < 0)
                return 0;
            value = value << 4 | (uint32_t)digit;
        }
        *unit = (uint16_t)value;
        return 6;
    }
    for (size_t i = 0; from[i]; i++) {
        if (s[1] == from[i]) {
            *unit = (uint16_t)to[i];
            return 2;
        }
    }
    return 0;
}

/* The UTF-8 sequence at s; returns its length, 0 for one that is not well formed. */
static size_t read_utf8(const char *s, size_t len, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = (uint8_t)s[0];
    size_t size = lead < 0x80                   ? 1
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                  : (lead & 0xf0) == 0xe0       ? 3
                  : (lead & 0xf8) == 0xf0       ? 4
                                                : 0;
    if (size == 0 || size > len)
        return 0;
    uint32_t c = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (((uint8_t)s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((uint8_t)s[i] & 0x3f);
    }
    if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code_point = c;
    return size;
}

bool json_get_str16(const struct json_doc *doc, int node, struct str16_buf *out)
{
    const struct json_node *string = node_at(doc, node);
    if (!string || string->type != JSON_STRING)
        return false;
    const char *s = doc->text + string->start;
    size_t len = string->end - string->start;
    while (len) {
        size_t used;
        if (*s == '\\') {
            uint16_t unit;
            used = read_escape(s, len, &unit);
            if (used)
                str16_put_unit(out, unit);
        } else {
            uint32_t c;
            used = read_utf8(s, len, &c);
            if (used && c >= 0x10000) {
                str16_put_unit(out, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
                str16_put_unit(out, (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff)));
            } else if (used) {
                str16_put_unit(out, (uint16_t)c);
            }
        }
        if (!used)
            return false;
        s += used;
        len -= used;
    }
    return true;
}

bool json_get_plain(const struct json_doc *doc, int node, const char **text, size_t *len)
{
    const struct json_node *string = node_at(doc, node);
    if (!string || string->type != JSON_STRING)
        return false;
    for (uint32_t i = string->start; i < string->end; i++) {
        if (doc->text[i] == '\\')
            return false;
    }
    *text = doc->text + string->start;
    *len = string->end - string->start;
    return true;
}

bool json_get_u32(const struct json_doc *doc, int node, uint32_t *value)
{
    const struct json_node *number = node_at(doc, node);
    if (!number || number->type != JSON_NUMBER)
        return false;
    uint32_t sum = 0;
    for (uint32_t i = number->start; i < number->end; i++) {
        char c = doc->text[i];
        if (!is_digit(c))
            return false;
        uint32_t digit = (uint32_t)(c - '0');
        if (sum > (UINT32_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool json_is_null(const struct json_doc *doc, int node)
{
    const struct json_node *value = node_at(doc, node);
    return value && value->type == JSON_NULL;
}
