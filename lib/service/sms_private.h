/* What sms.c, sms_list.c and notice.c share. */
#ifndef SL_SERVICE_SMS_PRIVATE_H
#define SL_SERVICE_SMS_PRIVATE_H

#include "lib/service/sms.h"

/* The payload of a queue row: {"text":…,"from":…}. */
const char *sms_payload(struct sl_arena *arena, const struct sl_sms_options *options,
                        const char *text);

/* Whether the account's adapter would build the text to the address; nothing is sent. */
int sms_try(struct sl_arena *arena, const struct sl_account *account,
            const struct sl_sms_options *options, const char *text, const char *address,
            struct sl_err *err);

/* Of text and options: the same key with another text is refused by it. */
void sms_text_hash(const struct sl_sms_options *options, char hex[65]);

#endif
