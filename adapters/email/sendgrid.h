/* What the files of the SendGrid adapter share. */
#ifndef SL_ADAPTERS_EMAIL_SENDGRID_H
#define SL_ADAPTERS_EMAIL_SENDGRID_H

#include "lib/adapter/adapter.h"

enum {
    API_KEY,
    FROM_EMAIL,
    FROM_NAME,
    REPLY_TO,
    REGION,
    WEBHOOK_PUBLIC_KEY,
    SANDBOX_MODE,
    CLICK_TRACKING,
    OPEN_TRACKING,
    UNSUBSCRIBE_GROUP_ID,
    ON_BEHALF_OF,
    N_FIELDS
};

/* sendgrid_answers.c */
extern const char *const sl_sendgrid_headers[];
void sl_sendgrid_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_sendgrid_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);

/* sendgrid_hooks.c */
enum { SL_SENDGRID_HOOKS = 1 };
extern const struct sl_hook sl_sendgrid_hooks[SL_SENDGRID_HOOKS];

#endif
