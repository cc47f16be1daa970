#include "lib/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Errors quote what users and providers wrote: nothing of it may steer a terminal. C1
 * controls in UTF-8 are C2 80 … C2 9F. A character that the end of the buffer cut is
 * dropped whole. */
static void make_printable(char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)text[i], next = (unsigned char)text[i + 1];

        if (byte < 0x20 || byte == 0x7f)
            text[i] = '?';
        else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[i] = text[i + 1] = '?';
    }
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char byte = (unsigned char)text[n - back];

        if (byte >= 0xc0) {
            size_t want = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;

            if (want > back)
                text[n - back] = '\0';
        }
        if (byte < 0x80 || byte >= 0xc0)
            break;
    }
}

int(sl_err_set)(struct sl_err *err, enum sl_err_code code, const char *format, ...)
{
    va_list args;

    err->code = code;
    err->hint[0] = '\0';
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    make_printable(err->text);
    return -1;
}

int(sl_err_context)(struct sl_err *err, const char *format, ...)
{
    char inner[sizeof err->text];
    va_list args;
    int n;

    memcpy(inner, err->text, sizeof inner);
    va_start(args, format);
    n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof err->text)
        (void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", inner);
    make_printable(err->text);
    return -1;
}

int(sl_err_hint)(struct sl_err *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(err->hint, sizeof err->hint, format, args);
    va_end(args);
    make_printable(err->hint);
    return -1;
}

const char *sl_err_name(enum sl_err_code code)
{
    switch (code) {
    case SL_ERR_USAGE: return "usage";
    case SL_ERR_DATA: return "data";
    case SL_ERR_UNAVAILABLE: return "unavailable";
    case SL_ERR_INTERNAL: return "internal";
    case SL_ERR_CREATE: return "cannot_create";
    case SL_ERR_IO: return "io";
    case SL_ERR_QUEUED: return "queued";
    case SL_ERR_AUTH: return "auth";
    case SL_ERR_CONFIG: return "config";
    }
    return "internal";
}

void sl_out_of_memory(void)
{
    static const char text[] = ": out of memory\n";

    (void)!write(STDERR_FILENO, program_invocation_short_name,
                 strlen(program_invocation_short_name));
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(SL_ERR_INTERNAL);
}
