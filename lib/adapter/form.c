#include "lib/adapter/form.h"

#include <string.h>

#include "lib/base/text.h"

/* What stays itself beside letters and digits; in forms a blank is a plus besides. */
static const char form_plain[] = "*-._", path_plain[] = "-._~";

static bool is_plain(char byte, const char *plain)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte && strchr(plain, byte));
}

static void add_encoded(struct sl_buf *out, const char *text, const char *plain)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n;

    for (; *text; text += n + (text[n] != '\0')) {
        unsigned char byte;

        for (n = 0; is_plain(text[n], plain); n++)
            ;
        sl_buf_add(out, text, n);
        byte = (unsigned char)text[n];
        if (byte == ' ' && plain == form_plain)
            sl_buf_add(out, "+", 1);
        else if (byte)
            sl_buf_add(out, (char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
    }
}

void sl_form_add(struct sl_buf *form, const char *name, const char *value)
{
    if (!value)
        return;
    if (form->len > 0)
        sl_buf_add(form, "&", 1);
    add_encoded(form, name, form_plain);
    sl_buf_add(form, "=", 1);
    add_encoded(form, value, form_plain);
}

char *sl_percent_encode(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    add_encoded(&out, text, path_plain);
    return out.data;
}

void sl_request_form(struct sl_request *request, const struct sl_buf *form)
{
    sl_request_header(request, "Content-Type", "application/x-www-form-urlencoded");
    request->body = form->data;
    request->n_body = form->len;
}

/* In place: the decoded text is never longer. A '%' that two digits do not follow stands for
 * itself. */
static size_t decode(char *text, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char digits[3] = { 0 };
        unsigned char byte;

        if (text[i] == '%' && n - i > 2)
            memcpy(digits, text + i + 1, 2);
        if (*digits && sl_unhex(digits, &byte, 1)) {
            text[used++] = (char)byte;
            i += 2;
        } else {
            text[used++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    text[used] = '\0';
    return used;
}

/* Of one field: name and value as they were written, and what is behind it. */
struct written {
    const char *name, *value;
    size_t n_name, n_value;
};

static const char *cut(const char *at, const char *end, struct written *field)
{
    const char *stop = memchr(at, '&', (size_t)(end - at)), *equals;

    stop = stop ? stop : end;
    equals = memchr(at, '=', (size_t)(stop - at));
    *field = (struct written){ .name = at, .n_name = (size_t)((equals ? equals : stop) - at) };
    field->value = equals ? equals + 1 : stop;
    field->n_value = (size_t)(stop - field->value);
    return stop < end ? stop + 1 : end;
}

static const char *decoded(struct sl_arena *arena, const char *text, size_t n)
{
    char *copy = sl_arena_memdup(arena, text, n);

    n = decode(copy, n);
    return sl_utf8_valid(copy, n) ? copy : NULL;
}

const char *sl_form_value(struct sl_arena *arena, const char *form, size_t n, const char *name)
{
    struct written field;

    for (const char *at = form, *end = form + n; at < end;) {
        const char *own;

        at = cut(at, end, &field);
        if (field.n_name + field.n_value == 0)
            continue;
        own = decoded(arena, field.name, field.n_name);
        if (own && strcmp(own, name) == 0)
            return decoded(arena, field.value, field.n_value);
    }
    return NULL;
}

int sl_form_fields(struct sl_arena *arena, const char *form, size_t n, struct sl_pair **fields)
{
    size_t most = 1, found = 0;
    struct written field;

    for (size_t i = 0; i < n; i++)
        most += form[i] == '&';
    *fields = SL_NEW(arena, struct sl_pair, most);
    for (const char *at = form, *end = form + n; at < end;) {
        struct sl_pair *pair = &(*fields)[found];

        at = cut(at, end, &field);
        if (field.n_name + field.n_value == 0)
            continue;
        *pair = (struct sl_pair){ decoded(arena, field.name, field.n_name),
                                  decoded(arena, field.value, field.n_value) };
        if (!pair->name || !pair->value)
            return -1;
        found++;
    }
    return (int)found;
}
