/* What the files of lib/service/email.h and notice.c share. */
#ifndef SL_SERVICE_EMAIL_PRIVATE_H
#define SL_SERVICE_EMAIL_PRIVATE_H

#include "lib/service/email.h"

/* One mail as its queue row has it: its addresses have been read. */
struct email_payload {
    struct sl_mailbox from; /* address NULL: the account's own */
    const char *reply_to;   /* or NULL */
    const char *subject, *text, *html;
    const struct sl_mailbox *to, *cc; /* n_to 0: each recipient gets one of its own */
    size_t n_to, n_cc;
    const struct sl_file *files;
    size_t n_files;
};

/* From, Reply-To, and what is wrong with subject and bodies. Sets *payload but for its people. */
int email_payload(struct sl_arena *arena, const struct sl_email_options *options,
                  struct email_payload *payload, struct sl_err *err);

/* What is wrong with a subject or a body as it will be sent; NULL: nothing. */
const char *email_subject_problem(const char *subject);
const char *email_body_problem(struct sl_arena *arena, const char *text, const char *html);

const char *email_print(struct sl_arena *arena, const struct email_payload *payload);

/* Whether the account's adapter would build the mail; nothing is sent. */
int email_try(struct sl_arena *arena, const struct sl_account *account,
              const struct email_payload *payload, const char *const *recipients, size_t n,
              struct sl_err *err);

#endif
