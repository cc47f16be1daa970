/* Mails: one to some recipients, or a list with templates (lib/service/bulk.h reads it). What is
 * accepted here is in the database, with its files in the spool; sl_engine_run() sends it. */
#ifndef SL_SERVICE_EMAIL_H
#define SL_SERVICE_EMAIL_H

#include "lib/service/attach.h"
#include "lib/service/bulk.h"
#include "lib/service/send.h"
#include "lib/text/template.h"

/* What mails of one command have in common. In a list subject, text and html are templates. */
struct sl_email_options {
    const char *provider; /* code, or NULL: the school's primary */
    const char *key;      /* idempotency key, or NULL */
    const char *from;     /* "Bursar <bursar@school.example>", or NULL: the account's own */
    const char *reply_to; /* or NULL: the account's own */
    const char *subject;
    const char *text, *html; /* at least one of them */
    const struct sl_file *files;
    size_t n_files;
};

/* To whom one mail goes; as they stand on the line, "Jane <jane@school.example>" among them. */
struct sl_email_people {
    const char *const *to, *const *cc, *const *bcc;
    size_t n_to, n_cc, n_bcc;
};

/* Looks at one mail, as the provider's adapter would build it, for sl_send_record(): one bad
 * address refuses all (SL_ERR_DATA). */
int sl_email_prepare(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const struct sl_email_options *options,
                     const struct sl_email_people *people, struct sl_sending *sending,
                     struct sl_err *err);

/* A list: each row gets a mail of its own. */
struct sl_email_list {
    struct sl_email_options options; /* provider and key are the list's own matter */
    const char *email_column;        /* NULL: "email" */
    const char *attach_column;       /* a column of paths, each a file for its row alone; or NULL */
    const char *const *attach;       /* paths of n_attach files for all; options.files is theirs */
    size_t n_attach;
    enum sl_attach how;

    /* Made when the columns are known. */
    struct sl_service *service;
    struct sl_template *subject, *text, *html;
    size_t n_columns, attach_at;
    const struct sl_account *account;
};

/* For sl_bulk_load(); the list is borrowed. */
struct sl_bulk_maker sl_email_maker(struct sl_email_list *list);

extern const struct sl_channel sl_email_channel;

#endif
