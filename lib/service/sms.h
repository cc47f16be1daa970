/* Texts: one to some numbers, or a list with a template (lib/service/bulk.h reads it). What is
 * accepted here is in the database; sl_engine_run() with the batch as its filter sends it. */
#ifndef SL_SERVICE_SMS_H
#define SL_SERVICE_SMS_H

#include "lib/service/bulk.h"
#include "lib/service/send.h"
#include "lib/text/template.h"

/* What texts of one command have in common. */
struct sl_sms_options {
    const char *provider; /* code, or NULL: the school's primary */
    const char *from;     /* sender id, or NULL: the account's */
    const char *text;     /* of `send`; the template of a list */
    const char *key;      /* idempotency key, or NULL */
    int64_t max_segments; /* a longer text is refused */
    bool plain;           /* curly quotes and the like become GSM characters */
};

/* Looks at one text to some numbers, n of them and at least one, for sl_send_record(). One bad
 * number refuses all (SL_ERR_DATA), and so does a sender or text that the provider's adapter would
 * not build. */
int sl_sms_prepare(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_sms_options *options,
                   const char *const *numbers, size_t n, struct sl_sending *sending,
                   struct sl_err *err);

/* A text as it will be sent, looked at: segments, or why it is refused. In the arena. */
struct sl_sms_text {
    const char *text;
    int64_t segments;
    const char *refused; /* NULL: it may be sent */
};
struct sl_sms_text sl_sms_look(struct sl_arena *arena, const char *text,
                               const struct sl_sms_options *options);

/* A list: its template (options.text) over the columns, one of which holds phone numbers. */
struct sl_sms_list {
    struct sl_sms_options options;    /* provider and key are the list's own matter */
    const char *phone_column;         /* NULL: "phone" */
    struct sl_template *template;     /* made when the columns are known … */
    const char *country;              /* … with the country of the school */
    const struct sl_account *account; /* … and who sends; NULL for an estimate */
};

/* For sl_bulk_load(); the list is borrowed. */
struct sl_bulk_maker sl_sms_maker(struct sl_sms_list *list);

extern const struct sl_channel sl_sms_channel;

#endif
