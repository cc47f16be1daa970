/* What sms.c and bulk.c share. */
#ifndef SL_SERVICE_SMS_PRIVATE_H
#define SL_SERVICE_SMS_PRIVATE_H

#include "lib/base/crypto.h"
#include "lib/service/sms.h"

/* Who sends: the account that was chosen. */
struct sms_sender {
    int64_t school_id, provider_id;
    const char *account;
    int64_t batch_size; /* numbers a request */
};

int sms_sender(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
               const struct sl_sms_options *options, struct sms_sender *sender, struct sl_err *err);

/* Adds a queue row for a text; messages are put to it by its id. */
int sms_add_row(struct sl_service *service, struct sl_arena *arena, const struct sms_sender *sender,
                const struct sl_batch *batch, int64_t line, const struct sl_sms_options *options,
                const char *text, int64_t *row_id, struct sl_err *err);

/* By which a number that has the same text already is found. Never 0. */
int64_t sms_hash(struct sl_hash *hash, const char *address, const char *text);

/* Of text and options: the same key with another text is refused by it. */
void sms_text_hash(const struct sl_sms_options *options, char hex[65]);

#endif
