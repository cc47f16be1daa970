/* A mail, as an adapter names its parts; lib/mime/ makes the message of it. */
#ifndef SL_ADAPTER_MAIL_H
#define SL_ADAPTER_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/adapter/inputs.h"

/* Everything has been checked: there is no control character in names, addresses, subject and
 * headers. What is NULL or 0 is left out. */
struct sl_mail {
    int64_t date_ms;        /* UTC, since 1970 */
    const char *message_id; /* without angle brackets; the same on every attempt */
    const char *boundary;   /* unpredictable, [0-9a-f]+ */
    struct sl_mailbox from;
    const char *reply_to;
    const struct sl_mailbox *to, *cc;
    size_t n_to, n_cc;
    const char *subject;
    const char *text, *html; /* at least one of them */
    const struct sl_file *files;
    size_t n_files;
    const struct sl_mail_header {
        const char *name, *value;
    } * headers; /* "Auto-Submitted" … */
    size_t n_headers;
};

#endif
