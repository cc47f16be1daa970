/* What comes in by webhook: the mirror image of the one way of an operation.
 *
 * A request is proved and split into events by its adapter, and stored with them; when that is
 * committed it is answered, and later its events are applied, each in one transaction with its
 * audit row. The process may end between any two of these: what was answered is stored, and what
 * is stored is applied by the next daemon or runner. A repetition falls on the events' keys,
 * changes nothing and is answered like the first. */
#ifndef SL_SERVICE_INBOUND_H
#define SL_SERVICE_INBOUND_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"

/* ---- Receiving ---------------------------------------------------------------------------- */

/* What a program said that was asked whether a payment may come. */
enum sl_may_come { SL_MAY_UNDECIDED, SL_MAY_YES, SL_MAY_NO, SL_MAY_UNKNOWN };

struct sl_received {
    /* What came; borrowed. */
    struct sl_arena *arena; /* answers are made in it */
    const char *method, *path, *query, *content_type;
    const char *body; /* n_body bytes and a NUL */
    size_t n_body;
    bool too_large;         /* it had a body longer than any may be */
    const char *ip_address; /* of the client, or NULL */
    const char *(*header)(const void *opaque, const char *name); /* of the request, or NULL */
    const void *opaque;
    enum sl_may_come may_come;

    /* The answer … */
    struct sl_reply reply; /* status 0: none yet */
    const char *allow;     /* with 405 */
    int retry_after_s;     /* with 503 */

    /* … or, instead, a program to be asked first, with this on its stdin. Nothing is stored
     * then: set may_come by what it says, and receive it again. */
    const char *ask, *question;
};

/* What stays from one group of requests to the next. One for each process. */
struct sl_inbox;
struct sl_inbox *sl_inbox_new(struct sl_service *service);
void sl_inbox_free(struct sl_inbox **inbox); /* for SL_AUTO() */

/* Receives n requests in one transaction: when it returns their answers may be given. A request
 * that cannot be stored does not take the others with it. Returns 0, or -1 with the last error
 * if some could not; those have 503 as their answer. */
int sl_inbound_receive_all(struct sl_inbox *inbox, struct sl_received *const *received, size_t n,
                           struct sl_err *err);

/* The parts of it. begin() and commit() are the transaction; without a commit, abandon(). An error
 * of receive() leaves the request half stored: abandon all. */
int sl_inbox_begin(struct sl_inbox *inbox, struct sl_err *err);
int sl_inbound_receive(struct sl_inbox *inbox, struct sl_received *received, struct sl_err *err);
int sl_inbox_commit(struct sl_inbox *inbox, struct sl_err *err);
void sl_inbox_abandon(struct sl_inbox *inbox);

/* ---- Applying ------------------------------------------------------------------------------- */

/* Applies the oldest events that are new, at most a hundred, in one transaction. One that makes no
 * sense is ignored, with the reason as its note; one whose keys are missing stays as it is.
 * Neither stops the others. Returns how many were settled, or -1. Webhook keys are enough. */
int sl_inbound_apply(struct sl_service *service, struct sl_err *err);

/* The same for as long as there are any, but not much longer than 200 ms; and gives up what was
 * held for a day. For the engine's `maintain`: events that stay as they are are no error here.
 * Likewise. */
int sl_inbound_maintain(struct sl_service *service, struct sl_err *err);

/* A reference is known now: what came for it before is applied. Inside the transaction that makes
 * it known. Costs next to nothing where nothing is held. Returns how many, or -1. */
int sl_inbound_release(struct sl_service *service, const char *external_reference, int64_t now_ms,
                       struct sl_err *err);

/* Applies a settled event again, or all events of a request: ranks make that harmless. Who did it
 * is a row of the audit trail. SL_ERR_DATA if there is none of that id. Returns how many. */
enum sl_replay { SL_REPLAY_EVENT, SL_REPLAY_REQUEST };
int sl_inbound_replay(struct sl_service *service, enum sl_replay what, int64_t id,
                      struct sl_err *err);

/* ---- Looking back --------------------------------------------------------------------------- */

/* What was told under the token of an operation that took a payment: the callbacks that say paid by
 * this receipt and (-1: whatever) this amount; one whose amount cannot be read may have been of any.
 * Returns 1 and *news, in the arena; 0 if none tells the receipt; or -1, SL_ERR_DATA too if they
 * tell several amounts, none that can be read, or another one. */
int sl_inbound_claim(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                     const char *receipt, int64_t amount_minor, struct sl_payment_news *news,
                     struct sl_err *err);

#endif
