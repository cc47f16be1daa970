/* The audit trail: one row for every call, in or out, and for every act of a person; masked,
 * written once, chained by hashes. */
#ifndef SL_SERVICE_AUDIT_H
#define SL_SERVICE_AUDIT_H

#include "lib/adapter/adapter.h"
#include "lib/service/config.h"
#include "lib/service/service.h"

struct sl_log {
    int64_t school_id, provider_id; /* 0: unknown or none */
    const char *direction;          /* "outbound", "inbound" */
    const char *operation;
    const char *reference_type,
        *reference_id;                        /* our record: "payment" and its public id; or NULL */
    const char *request_data, *response_data; /* JSON, masked already; or NULL */
    const char *status;                       /* "success", "failed", "timeout" */
    int status_code;                          /* HTTP; 0: none */
    const char *error_message;                /* phones in it are masked here */
    int64_t duration_ms;                      /* -1: not measured */
    const char *external_reference;           /* one of the phones in it is masked here */
    const char *ip_address;
    int attempt;               /* 0: none */
    const char *actor;         /* who did it, for acts of people: "root" */
    const char *const *phones; /* E.164: kept as keyed hashes beside the row */
    size_t n_phones;
    int64_t created_at;
};

/* Appends it, inside a transaction of the caller's. Cheap enough for a hundred thousand rows:
 * what the chain needs of the last row is read once a transaction. */
int sl_audit_add(struct sl_service *service, const struct sl_log *log, struct sl_err *err);

/* Who acts: the user's name, and behind sudo the one who called it ("root (wanjiku)"). */
const char *sl_audit_actor(struct sl_arena *arena);

/* A request and an answer as the log shows them: JSON, secrets as "••••" and phones as
 * "2547••••5678", by the adapter's wire fields, and whatever equals one of the account's
 * secrets or the token, wherever it stands. Bodies that are no JSON and no form are text, cut
 * at 2,000 characters; of a list only the first twenty entries are kept. */
const char *sl_audit_request(struct sl_arena *arena, const struct sl_account *account,
                             const char *token, const struct sl_request *request);
const char *sl_audit_answer(struct sl_arena *arena, const struct sl_account *account,
                            const char *token, const struct sl_exchange *exchange);

/* A callback as the log shows it. `adapter` may be NULL: then only phones are masked. */
const char *sl_audit_body(struct sl_arena *arena, const struct sl_adapter *adapter,
                          const char *content_type, const char *body, size_t n_body);

/* Text with every phone number in it masked, for errors and notes. */
const char *sl_audit_mask_text(struct sl_arena *arena, const char *text);

#endif
