#include "lib/base/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/text.h"

/* What json-c needs for each, about, in bytes; and what a document may need. */
enum { AN_OBJECT = 700, AN_ARRAY = 400, A_VALUE = 100, MOST_MEMORY = 64 * 1024 * 1024 };

/* Four megabytes of "{}," would take a gigabyte. Counts within texts too, which only makes it more. */
static bool is_bomb(const char *bytes, size_t n)
{
    size_t needed = n;

    for (size_t i = 0; i < n && needed <= MOST_MEMORY; i++)
        switch (bytes[i]) {
        case '{': needed += AN_OBJECT; break;
        case '[': needed += AN_ARRAY; break;
        case ',': needed += A_VALUE; break;
        default: break;
        }
    return needed > MOST_MEMORY;
}

static void free_tokener(struct json_tokener **tokener)
{
    json_tokener_free(*tokener);
}

/* json-c stops at a NUL, takes overlong UTF-8, and NaN and Infinity for numbers. Outside of texts no
 * capital but the E of an exponent is JSON. */
static bool is_foreign(const char *bytes, size_t n)
{
    bool quoted = false;

    if (!sl_utf8_valid(bytes, n))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"')
            quoted = !quoted;
        else if (quoted && bytes[i] == '\\')
            i++;
        else if (!quoted && (bytes[i] == 'N' || bytes[i] == 'I'))
            return true;
    }
    return false;
}

struct json_object *sl_json_parse(const char *bytes, size_t n)
{
    SL_AUTO(free_tokener) struct json_tokener *tokener = json_tokener_new_ex(32);
    struct json_object *doc;

    if (!tokener)
        sl_out_of_memory();
    if (n > INT_MAX - 1 || is_foreign(bytes, n) || is_bomb(bytes, n))
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    errno = 0;
    doc = json_tokener_parse_ex(tokener, bytes, (int)n);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        doc = json_tokener_parse_ex(tokener, "", 1); /* the end of a bare number */
    if (errno == ENOMEM) /* which json-c tells as text that is no JSON, or has fewer members */
        sl_out_of_memory();
    if (json_tokener_get_error(tokener) == json_tokener_success)
        return doc;
    json_object_put(doc);
    return NULL;
}

void sl_json_free(struct json_object **doc)
{
    json_object_put(*doc);
    *doc = NULL;
}

struct json_object *sl_json_at(struct json_object *doc, const char *path)
{
    char name[64];
    size_t n;

    for (; doc && *path; path += n + (path[n] == '.')) {
        n = strcspn(path, ".");
        if (n >= sizeof name || !json_object_is_type(doc, json_type_object))
            return NULL;
        memcpy(name, path, n);
        name[n] = '\0';
        if (!json_object_object_get_ex(doc, name, &doc))
            return NULL;
    }
    return doc;
}

const char *sl_json_text(struct json_object *doc, const char *path)
{
    struct json_object *value = sl_json_at(doc, path);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t sl_json_int(struct json_object *doc, const char *path, int64_t otherwise)
{
    struct json_object *value = sl_json_at(doc, path);

    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : otherwise;
}

size_t sl_json_length(struct json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* A NUL would end the text before its end: "A\u0000B" is not A. */
static const char *without_nul(struct sl_arena *arena, const char *text, size_t n)
{
    struct sl_buf out = sl_buf_new(arena);
    size_t part;

    for (size_t at = 0; at <= n; at += part + 1) {
        part = strnlen(text + at, n - at);
        sl_buf_text(&out, at > 0 ? "\xef\xbf\xbd" : "");
        sl_buf_add(&out, text + at, part);
    }
    return out.data;
}

const char *sl_json_word(struct sl_arena *arena, struct json_object *doc, const char *path)
{
    struct json_object *value = sl_json_at(doc, path);

    if (json_object_is_type(value, json_type_string))
        return without_nul(arena, json_object_get_string(value),
                           (size_t)json_object_get_string_len(value));
    if (json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double))
        return sl_json_print(arena, value);
    return NULL;
}

/* Without memory json-c gives NULL, which as a value is null: something else than what was meant. */
static struct json_object *made(struct json_object *value)
{
    if (!value)
        sl_out_of_memory();
    return value;
}

struct json_object *sl_json_new_object(void)
{
    return made(json_object_new_object());
}

struct json_object *sl_json_new_array(void)
{
    return made(json_object_new_array());
}

struct json_object *sl_json_new_text(const char *text)
{
    return made(json_object_new_string(text));
}

struct json_object *sl_json_new_int(int64_t number)
{
    return made(json_object_new_int64(number));
}

struct json_object *sl_json_new_bool(bool yes)
{
    return made(json_object_new_boolean(yes));
}

struct json_object *sl_json_new_decimal(double number, const char *written)
{
    return made(json_object_new_double_s(number, written));
}

void sl_json_put_text(struct json_object *doc, const char *name, const char *text)
{
    if (text)
        sl_json_put(doc, name, sl_json_new_text(text));
}

void sl_json_put_int(struct json_object *doc, const char *name, int64_t number)
{
    sl_json_put(doc, name, sl_json_new_int(number));
}

void sl_json_put(struct json_object *doc, const char *name, struct json_object *value)
{
    if (json_object_object_add(doc, name, value) != 0)
        sl_out_of_memory();
}

void sl_json_append(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        sl_out_of_memory();
}

struct json_object *sl_json_put_object(struct json_object *doc, const char *name)
{
    struct json_object *object = sl_json_new_object();

    sl_json_put(doc, name, object);
    return object;
}

const char *sl_json_print(struct sl_arena *arena, struct json_object *doc)
{
    const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    const char *text;

    errno = 0;
    text = json_object_to_json_string_ext(doc, flags);
    if (!text || errno == ENOMEM) /* where it grows, json-c does not look, and goes on without */
        sl_out_of_memory();
    return sl_arena_strdup(arena, text);
}

/* DEL, and what steers a terminal from U+0080 on; 0: neither. */
static unsigned char steering(const unsigned char *at)
{
    if (*at == 0x7f)
        return *at;
    return at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f ? at[1] : 0;
}

static void add_escape(struct sl_buf *out, unsigned char point)
{
    static const char hex[] = "0123456789abcdef";

    sl_buf_add(out, (char[]){ '\\', 'u', '0', '0', hex[point >> 4], hex[point & 15] }, 6);
}

/* How many bytes need no escape; in a document that is written already, only the steering ones do. */
static size_t plain_bytes(const unsigned char *text, bool written)
{
    const unsigned char *at = text;

    while (*at && !steering(at) && (written || (*at >= 0x20 && *at != '"' && *at != '\\')))
        at++;
    return (size_t)(at - text);
}

static void add_safely(struct sl_buf *out, const char *text, bool written)
{
    const unsigned char *at = (const unsigned char *)text;

    for (;;) {
        size_t plain = plain_bytes(at, written);

        sl_buf_add(out, (const char *)at, plain);
        at += plain;
        if (!*at)
            return;
        if (*at == '"' || *at == '\\')
            sl_buf_add(out, (char[]){ '\\', (char)*at }, 2);
        else
            add_escape(out, steering(at) ? steering(at) : *at);
        at += *at == 0xc2 ? 2 : 1;
    }
}

void sl_json_quote(struct sl_buf *out, const char *text)
{
    sl_buf_add(out, "\"", 1);
    add_safely(out, text, false);
    sl_buf_add(out, "\"", 1);
}

void sl_json_show(struct sl_buf *out, const char *json)
{
    add_safely(out, json, true);
}
