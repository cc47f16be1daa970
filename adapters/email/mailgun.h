/* What the files of the Mailgun adapter share. */
#ifndef SL_ADAPTERS_EMAIL_MAILGUN_H
#define SL_ADAPTERS_EMAIL_MAILGUN_H

#include "lib/adapter/adapter.h"

enum {
    API_KEY,
    DOMAIN,
    REGION,
    FROM_EMAIL,
    FROM_NAME,
    REPLY_TO,
    WEBHOOK_SIGNING_KEY,
    TEST_MODE,
    TRACKING,
    REQUIRE_TLS,
    ON_BEHALF_OF,
    N_FIELDS
};

/* mailgun_answers.c */
extern const char *const sl_mailgun_headers[];
void sl_mailgun_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_mailgun_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_mailgun_parse_domain(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_mailgun_parse_probe(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);

/* How far an event says that its mail came; NONE where it changes nothing. */
enum sl_delivery sl_mailgun_delivery(struct json_object *event);

/* Why it failed, for a person, in the arena; or NULL. */
const char *sl_mailgun_reason(struct sl_arena *arena, struct json_object *event);

/* mailgun_hooks.c */
enum { SL_MAILGUN_HOOKS = 1 };
extern const struct sl_hook sl_mailgun_hooks[SL_MAILGUN_HOOKS];

#endif
