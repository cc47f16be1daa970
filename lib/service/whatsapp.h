/* Messages by WhatsApp: one to some people, or a list with a template (lib/service/bulk.h reads it).
 * What is accepted here is in the database; sl_engine_run() sends it. */
#ifndef SL_SERVICE_WHATSAPP_H
#define SL_SERVICE_WHATSAPP_H

#include "lib/service/attach.h"
#include "lib/service/bulk.h"
#include "lib/service/once.h"
#include "lib/service/send.h"

struct sl_whatsapp_options {
    const char *provider; /* code, or NULL: the school's primary */
    const char *key;      /* idempotency key, or NULL */
};

/* Looks at one message to some people, as the provider's adapter would build it, for
 * sl_send_record(): one bad number refuses all (SL_ERR_DATA). The file of its media is in the spool.
 * Whether somebody has written within a day is looked at when it is sent. */
int sl_whatsapp_prepare(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_whatsapp_options *options,
                        const struct sl_whatsapp_send *message, const char *const *numbers,
                        size_t n, struct sl_sending *sending, struct sl_err *err);

/* Uploads a file that many are about to be sent, so that each of them finds it there. What goes
 * wrong is no error: each message uploads it by itself then. -1 for our own reasons only, and with
 * SL_ERR_AUTH if the credentials are refused. */
int sl_whatsapp_upload(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_sender *sender,
                       const struct sl_file *file, struct sl_err *err);

/* A question about the account, or a word to it: `operation` with what it is about, for
 * sl_once_run(). Opens the account. */
int sl_whatsapp_once(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const char *provider, const char *operation,
                     const struct sl_whatsapp_send *about, struct sl_once *once,
                     struct sl_err *err);

/* A list: a template whose values are columns. */
struct sl_whatsapp_list {
    const char *name, *language; /* language NULL: the setting's */
    const char *params,
        *header_params;       /* "parent,amount", or "variable=column,…" for variables that
                                         * have names; NULL: none */
    const char *phone_column; /* NULL: "phone" */
    const struct sl_file
        *file;             /* the header of all, in the spool (a dry run: looked at); or NULL */
    const char *file_kind; /* NULL: by its type */
    bool dry_run;          /* nothing is uploaded */

    /* Made when the columns are known. */
    struct sl_whatsapp_template template;
    struct sl_whatsapp_media media;
    const size_t *columns; /* of each value of the template */
    const char *country;
    const struct sl_sender *sender;
};

/* For sl_bulk_load(); the list is borrowed. Before the first row the template is looked up, where the
 * account's id is set: one that is not there, not approved, or has other variables refuses the list
 * (SL_ERR_DATA). */
struct sl_bulk_maker sl_whatsapp_maker(struct sl_whatsapp_list *list);

extern const struct sl_channel sl_whatsapp_channel;

#endif
