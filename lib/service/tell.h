/* Telling others what happened: the hooks of other modules, and the alerts of people.
 *
 * Each of these is called inside the transaction that changes the record, and writes into it the
 * event and, for each hook that listens, the row of the queue that carries it there; or, where an
 * alert is a text, that text. So an event is told if and only if its change is stored, and once:
 * what is told again for the same record at the same time is not. Where nobody listens nothing is
 * written. No keys are needed: the daemon tells too. */
#ifndef SL_SERVICE_TELL_H
#define SL_SERVICE_TELL_H

#include <stdbool.h>

#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/optouts.h"

/* "payment.succeeded" …, "trouble" (provider.…, token.… and attention.…) or "*" (all). */
extern const char *const sl_tell_names[]; /* ends with NULL */
bool sl_tell_knows(const char *name);
/* Whether it is, or has in it, an event of a message: no text may be about those. */
bool sl_tell_has_messages(const char *name);

/* A payment as it is stored now has come to `event`. */
int sl_tell_payment(struct sl_service *service, int64_t payment_id, const char *event,
                    int64_t now_ms, struct sl_err *err);

/* A message as it is stored now has come to its status, or all that failed at now_ms did. */
int sl_tell_message(struct sl_service *service, int64_t message_id, int64_t now_ms,
                    struct sl_err *err);
int sl_tell_failed(struct sl_service *service, int64_t school_id, const struct sl_message_set *set,
                   int64_t now_ms, struct sl_err *err);

/* An address that is new among the opt-outs. */
int sl_tell_optout(struct sl_service *service, int64_t school_id, const char *channel,
                   const struct sl_optout *optout, int64_t now_ms, struct sl_err *err);

/* A provider's account: `event` is "provider.down" or "token.trouble", and told only if no earlier
 * one is open. What it did well ends that, and tells "provider.up". */
struct sl_tell_provider {
    const char *account, *provider; /* hash; code */
};
int sl_tell_trouble(struct sl_service *service, const struct sl_tell_provider *about,
                    const char *event, const char *why, int64_t now_ms, struct sl_err *err);
int sl_tell_recovered(struct sl_service *service, const struct sl_tell_provider *about,
                      int64_t now_ms, struct sl_err *err);

/* What somebody should see to before it becomes a trouble (lib/service/watch.h). Whoever calls knows
 * that it is new, or over: then `found` and `cure` are NULL. */
struct sl_attention {
    const char *watch;  /* "queue", "password", "certificate", "balance", "key" */
    const char *about;  /* what it is about, for people; of that watch there is one */
    const char *school; /* code; "everyone": the installation's */
    const char *found, *cure;
};
int sl_tell_attention(struct sl_service *service, const struct sl_attention *finding,
                      int64_t now_ms, struct sl_err *err);
int sl_tell_attended(struct sl_service *service, const struct sl_attention *finding, int64_t now_ms,
                     struct sl_err *err);

#endif
