/* Records as other programs read them: one JSON object, with the fields and names that the commands
 * print (`sl-pay status`, `sl-sms status`), times in UTC, null where nothing is known. */
#ifndef SL_SERVICE_RECORD_H
#define SL_SERVICE_RECORD_H

#include "lib/base/arena.h"
#include "lib/store/messages.h"
#include "lib/store/payments.h"

/* Each appends the object. The payment's codes must be there. */
void sl_record_payment(struct sl_buf *out, const struct sl_payment *payment);
void sl_record_message(struct sl_buf *out, const struct sl_message *message);

/* For objects that are written member by member: begin with "{", add, end with "}". NULL is null. */
void sl_record_text(struct sl_buf *out, const char *name, const char *text);
void sl_record_time(struct sl_buf *out, const char *name, int64_t ms); /* 0: null */

#endif
