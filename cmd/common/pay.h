/* What the verbs of sl-pay have in common: records, and the work on one row of the queue. */
#ifndef SL_CMD_COMMON_PAY_H
#define SL_CMD_COMMON_PAY_H

#include "lib/cli/cli.h"
#include "lib/cli/output.h"
#include "lib/service/once.h"
#include "lib/store/payments.h"

/* Payments as they are printed. */
struct sl_output *sl_pay_open(const struct sl_cli *cli, enum sl_shape shape, const char *zone);
int sl_pay_row(const struct sl_cli *cli, struct sl_service *service, struct sl_output *output,
               const struct sl_payment *payment, struct sl_err *err);
int sl_pay_print(const struct sl_cli *cli, struct sl_service *service,
                 const struct sl_payment *payment, const char *zone,
                 struct sl_err *err); /* one, as an object */

int sl_refund_print(const struct sl_cli *cli, struct sl_service *service, enum sl_shape shape,
                    const struct sl_refund *refund, const struct sl_payment *payment,
                    const char *zone, struct sl_err *err);

/* Works one row until its attempt is over, whoever has it: as long as another process's lease may
 * last. What is found is in the verb's arena. */
int sl_pay_run(const struct sl_cli *cli, struct sl_service *service, int64_t item_id,
               struct sl_once_end *end, struct sl_err *err);

/* What a row that is about nothing but itself came to, told on stderr, as the exit status. */
int sl_pay_row_status(const struct sl_cli *cli, const struct sl_once_end *end);

/* The end SL_ONCE_REFUSED, likewise. */
int sl_pay_refused(const struct sl_cli *cli, const struct sl_once_end *end);

bool sl_pay_is(const struct sl_payment *payment, const char *status);
bool sl_pay_is_open(const struct sl_payment *payment); /* nobody knows its end yet */

/* Whether a person has to decide what was paid: then why, and how, on stderr. */
bool sl_pay_tell_contested(const struct sl_cli *cli, const struct sl_payment *payment);

/* Reads it anew, into the verb's arena. */
int sl_pay_again(const struct sl_cli *cli, struct sl_service *service, struct sl_payment *payment,
                 struct sl_err *err);

/* A payment by its id, and its school: SL_ERR_DATA if there is none, or none of the school that
 * stands on the line. */
int sl_pay_find(const struct sl_cli *cli, struct sl_service *service, const char *id,
                struct sl_payment *payment, struct sl_school *school, struct sl_err *err);
int sl_pay_unknown(const char *id, struct sl_err *err);

#endif
