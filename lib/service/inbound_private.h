/* What the files of lib/service/inbound.h share: inbound_owner.c (whose an address is), inbound.c
 * (from request to stored events), inbound_apply.c (from those to records). Nobody else includes
 * this. */
#ifndef SL_SERVICE_INBOUND_PRIVATE_H
#define SL_SERVICE_INBOUND_PRIVATE_H

#include "lib/service/endpoints.h"
#include "lib/service/inbound.h"
#include "lib/store/inbound.h"
#include "lib/store/queue.h"

/* ---- Paths -------------------------------------------------------------------------------- */

struct route {
    const struct sl_adapter *adapter;
    const struct sl_hook *hook;
    const char *token; /* 32 lower-case hex digits; NULL: the path has none */
};

/* The neutral path or that of the specification, with or without a slash at its end. False if it is
 * neither; what looks like a token must be one. */
bool route_read(struct sl_arena *arena, const char *path, struct route *route);

/* A path as it may be logged: shortened, and without anything that could be a token. */
const char *route_shown(struct sl_arena *arena, const char *path);

/* ---- Owners: endpoints with their settings opened, once a transaction -------------------------- */

struct owner {
    struct owner *next;
    struct sl_endpoint endpoint; /* id 0: the school has none, and these settings are empty */
    bool by_school;              /* found as any of its school's */
    const struct sl_adapter *adapter;
    struct sl_settings settings;
    int64_t n_received; /* in this transaction */
};

struct owners {
    struct sl_service *service;
    struct sl_arena *arena; /* of the transaction */
    struct owner *first;
};

/* Each returns 1, 0 if there is none (or its adapter is not known), or -1. */
int owner_by_token(struct owners *owners, const char *hash, struct owner **owner,
                   struct sl_err *err);
int owner_by_id(struct owners *owners, int64_t webhook_id, struct owner **owner,
                struct sl_err *err);
/* Any active one of the school, or one without settings: there is always one. */
int owner_of_school(struct owners *owners, const struct sl_adapter *adapter, int64_t school_id,
                    int64_t provider_id, struct owner **owner, struct sl_err *err);

/* A setting of that name among the adapter's, or NULL. */
const char *owner_setting(const struct owner *owner, const char *name);

/* ---- Events --------------------------------------------------------------------------------- */

extern const char *const inbound_kinds[]; /* "delivery", by enum sl_event_kind */

/* Gives a request to its adapter. `body` has a NUL behind n_body bytes. */
void inbound_hear(struct sl_arena *arena, const struct owner *owner, const struct sl_hook *hook,
                  const struct sl_webhook_request *request, struct sl_heard *heard);

/* The answer as the log shows it, or NULL. */
const char *inbound_shown_reply(struct sl_arena *arena, const struct sl_reply *reply);

#endif
