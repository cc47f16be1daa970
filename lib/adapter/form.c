#include "lib/adapter/form.h"

#include <string.h>

#include "lib/base/text.h"

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789*-._";

static void add_encoded(struct sl_buf *form, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == ' ')
            sl_buf_add(form, "+", 1);
        else if (strchr(unreserved, byte))
            sl_buf_add(form, text, 1);
        else
            sl_buf_add(form, (char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
    }
}

void sl_form_add(struct sl_buf *form, const char *name, const char *value)
{
    if (!value)
        return;
    if (form->len > 0)
        sl_buf_add(form, "&", 1);
    add_encoded(form, name);
    sl_buf_add(form, "=", 1);
    add_encoded(form, value);
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

const char *sl_form_value(struct sl_arena *arena, const char *form, size_t n, const char *name)
{
    const char *end = form + n, *at = form;

    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        const char *equals;
        char *field;
        size_t n_field;

        stop = stop ? stop : end;
        equals = memchr(at, '=', (size_t)(stop - at));
        field = sl_arena_memdup(arena, at, (size_t)((equals ? equals : stop) - at));
        if (decode(field, strlen(field)) == strlen(name) && strcmp(field, name) == 0) {
            at = equals ? equals + 1 : stop;
            field = sl_arena_memdup(arena, at, (size_t)(stop - at));
            n_field = decode(field, (size_t)(stop - at));
            return sl_utf8_valid(field, n_field) ? field : NULL;
        }
        at = stop + 1;
    }
    return NULL;
}
