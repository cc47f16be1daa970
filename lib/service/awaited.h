/* What an account is kept from, and what a row of the queue waits for, in words for a person. Times
 * are UTC. */
#ifndef SL_SERVICE_AWAITED_H
#define SL_SERVICE_AWAITED_H

#include "lib/service/service.h"
#include "lib/store/accounts.h"
#include "lib/store/payments.h"

/* Why the account is not called now, and until when: "blocked: …", "held until …: …", "left alone
 * until …: it fails"; in the arena. NULL: nothing is in the way. */
const char *sl_awaited_account(struct sl_arena *arena, const struct sl_account_row *row,
                               int64_t now_ms);

struct sl_awaited {
    const char *what; /* "its callback", "its account, held until …"; NULL: the row is over */
    const char *why;  /* why it has not been sent: its account's trouble, else what its last attempt
                       * met; NULL: nothing went wrong yet, or the provider has it now */
};

/* What a row of the queue waits for; where that is a person, the command that they are to give, of
 * those that would be taken now. Texts are in the arena; 0: there is no row, and nothing to say.
 * Returns 0 or -1. */
int sl_awaited_item(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                    struct sl_awaited *awaited, struct sl_err *err);

/* What a person has to decide of a payment, also where its row is over: the command, in the arena;
 * NULL: nothing. */
const char *sl_awaited_decision(struct sl_arena *arena, const struct sl_payment *payment);

#endif
