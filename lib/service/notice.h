/* A text or a mail of ours to one person: the receipt of a payment, an alert. A batch of one, as
 * `sl-sms send` and `sl-email send` make it. */
#ifndef SL_SERVICE_NOTICE_H
#define SL_SERVICE_NOTICE_H

#include "lib/service/sender.h"

struct sl_notice {
    const struct sl_channel *channel; /* sl_sms_channel or sl_email_channel */
    int64_t school_id;                /* whose primary provider for the channel sends it */
    const char *key;                  /* "receipt:01K…": the second one of a key is not sent */
    const char *address;              /* E.164, or of mail, as they are read */
    const char *subject;              /* of a mail */
    const char *text;                 /* or, if it cannot be sent, "" */
    const char *refused;              /* why it cannot: then it is recorded as failed; or NULL */
};

/* Queues it, if the school has a provider for the channel. Inside a transaction; needs no keys. */
int sl_notice_send(struct sl_service *service, const struct sl_notice *notice, int64_t now_ms,
                   struct sl_err *err);

/* Whether one of that key was made. Returns 1, 0 or -1. */
int sl_notice_sent(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_channel *channel, int64_t school_id, const char *key,
                   struct sl_err *err);

#endif
