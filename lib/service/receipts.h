/* Receipts: the text that thanks a payer, once. */
#ifndef SL_SERVICE_RECEIPTS_H
#define SL_SERVICE_RECEIPTS_H

#include "lib/service/service.h"
#include "lib/store/payments.h"
#include "lib/store/schools.h"

/* Whether it may be a school's template: SL_ERR_DATA says what is wrong with it, and which
 * placeholders there are. */
int sl_receipts_check(const char *text, struct sl_err *err);

/* What the school's template makes of a payment, or a common text if it has none. Placeholders:
 * {amount} {currency} {receipt} {reference} {payer} {school} {phone}. In the arena. -1 with
 * SL_ERR_DATA for a template that is none. */
int sl_receipts_text(struct sl_arena *arena, const struct sl_school *school,
                     const struct sl_payment *payment, const char **text, struct sl_err *err);

/* Texts it to the payer: if the school has a template and a provider for SMS, and the payer a whole
 * number. A second call for the same payment sends nothing. Inside a transaction; needs no
 * keys. */
int sl_receipts_send(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                     struct sl_err *err);

/* Whether that was done. Returns 1, 0 or -1. */
int sl_receipts_sent(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_payment *payment, struct sl_err *err);

#endif
