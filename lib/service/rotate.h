/* Keys that follow each other: a new one, everything sealed anew, the old one taken away.
 *
 * All of it happens while other programs work: what they change meanwhile stays theirs, and what
 * they meet under a key that they do not know makes them read the ring again
 * (sl_service_unseal()). Stopped at any instruction, a rotation is taken up by the next one. */
#ifndef SL_SERVICE_ROTATE_H
#define SL_SERVICE_ROTATE_H

#include "lib/service/service.h"
#include "lib/store/sealed.h"

struct sl_rotation {
    bool continued;                      /* an earlier one that was stopped: no new keys */
    int64_t resealed[SL_SEALED_COLUMNS]; /* values */
    int64_t unopened[SL_SEALED_COLUMNS]; /* values that no key of the ring opens: left alone */
    const char *seal_key, *webhook_key;  /* the active ones; borrowed from the ring */
};

/* New active keys for settings and webhooks, or those of the rotation that was stopped; then seals
 * with them, in small transactions, what other keys have sealed. The ring of *service is the new
 * one afterwards. */
int sl_keys_rotate(struct sl_service *service, struct sl_rotation *rotation, struct sl_err *err);

/* What a person may know of a key. */
struct sl_key_info {
    const struct sl_key *key; /* of the service's ring */
    const char *state;        /* "active", "retiring" (a rotation is not finished), "retired" */
    int64_t retired_at;       /* 0: it is not */
    int64_t sealed;           /* values that only it opens */
};

/* The i-th key of the ring. Returns 1, 0 behind the last, or -1. */
int sl_keys_info(struct sl_service *service, size_t i, struct sl_key_info *info,
                 struct sl_err *err);

/* Takes a retired key out of the ring for good. Refuses (SL_ERR_DATA) an unknown one, an active
 * one, one by which anything is sealed, and one that a running program may still seal by. */
int sl_keys_retire(struct sl_service *service, const char *id, struct sl_err *err);

/* Notes the ring's keys in the database. In a transaction of the caller's. */
int sl_keys_note(struct sl_service *service, struct sl_err *err);

#endif
