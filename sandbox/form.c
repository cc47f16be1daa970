#include "sandbox/form.h"

#include <string.h>

#include "lib/base/text.h"

static void decode(char *text)
{
    char *out = text;
    unsigned char byte;

    for (; *text; text++) {
        if (*text == '+') {
            *out++ = ' ';
        } else if (*text == '%' && text[1] && text[2] &&
                   sl_unhex((const char[]){ text[1], text[2], 0 }, &byte, 1)) {
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

bool sl_form_next(char **at, char **name, char **value)
{
    char *end;

    while (**at == '&')
        ++*at;
    if (!**at)
        return false;
    *name = *at;
    end = strchrnul(*at, '&');
    *at = end + (*end == '&');
    *end = '\0';
    *value = strchrnul(*name, '=');
    if (**value)
        *(*value)++ = '\0';
    decode(*name);
    decode(*value);
    return true;
}

static void put_encoded(struct sl_buf *form, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._";
    static const char hex[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == ' ')
            sl_buf_add(form, "+", 1);
        else if (strchr(plain, byte))
            sl_buf_add(form, text, 1);
        else
            sl_buf_add(form, (const char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
    }
}

void sl_form_put(struct sl_buf *form, const char *name, const char *value)
{
    if (!value)
        return;
    if (form->len > 0)
        sl_buf_add(form, "&", 1);
    put_encoded(form, name);
    sl_buf_add(form, "=", 1);
    put_encoded(form, value);
}
