/* What the files of lib/service/inbound.h share: inbound_owner.c (whose an address is), inbound.c
 * (from request to stored events), inbound_answer.c, inbound_share.c and inbound_validate.c (parts
 * of that), inbound_apply.c and inbound_deeds.c (from events to records). Nobody else includes this. */
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

/* ---- Receiving ------------------------------------------------------------------------------ */

struct sl_inbox {
    struct sl_service *service;
    struct owners owners;
    struct sl_tx tx;
    int64_t now_ms;
    /* Requests to nobody: scanners must not fill the log. */
    int64_t second, n_logged, n_unlogged;
};

/* One request on its way. */
struct reception {
    struct sl_inbox *inbox;
    struct sl_received *received;
    struct sl_arena *arena;
    struct route route;
    struct owner *owner;
    int64_t queue_id; /* of a token that belongs to an operation */
    int64_t school_id, provider_id;
    struct sl_webhook_request request;
    const char *scope;
    struct sl_heard heard;
    const char *note; /* of a validation */
    bool refused;     /* likewise */

    /* Where one path serves several schools (inbound_share.c): */
    const char *sharing; /* only the events of this owner are meant; NULL: all but … */
    bool *shared;        /* … those that other schools got; NULL: none did */
};

/* Whose the token of its path is: fills owner, scope and ids. Returns 1; 0 if it is nobody's, or
 * that of an operation which this hook does not end; or -1. */
int owner_of_route(struct reception *reception, struct sl_err *err);

/* Each answers the request, and leaves the row of a call that leaves no event behind. Returns 1, or
 * -1. `why` NULL: it was taken. */
int inbound_answer(const struct reception *reception, struct sl_reply reply, const char *why,
                   struct sl_err *err);
int inbound_refuse(const struct reception *reception, int status, const char *why,
                   struct sl_err *err);
/* Of many in a second only some leave a row: nobody is known whom it concerns. */
int inbound_refuse_stranger(const struct reception *reception, int status, const char *why,
                            struct sl_err *err);
/* What came is kept too, as an event that is ignored. */
int inbound_answer_malformed(const struct reception *reception, struct sl_err *err);

/* Whether what is to be paid may be. Returns 0 to go on, 1 if it is answered or a program is to be
 * asked, or -1. */
int inbound_validate(struct reception *reception, struct sl_err *err);

/* Stores what is the reception's of what was heard, as far as it is new. Returns 1, 0 if nothing of it
 * was, or -1. */
int inbound_store(struct reception *reception, struct sl_err *err);

/* Gives the events that are other schools' to those whose own secret proves the request, each under
 * an endpoint of its own: as what came there. Returns 0 or -1. */
int inbound_share(struct reception *reception, struct sl_err *err);

/* Whether an event is that of the endpoint's school, or of whom no number is named. */
bool inbound_is_own(const struct owner *owner, const struct sl_hook *hook,
                    const struct sl_event *event);

/* ---- Events --------------------------------------------------------------------------------- */

extern const char *const inbound_kinds[]; /* "delivery", by enum sl_event_kind */

/* Gives a request to its adapter: as it came, or (received NULL) read again from the store, proven.
 * `body` has a NUL behind n_body bytes. */
void inbound_hear(const struct owners *owners, struct sl_arena *arena, const struct owner *owner,
                  const struct sl_hook *hook, const struct sl_received *received,
                  const struct sl_webhook_request *request, struct sl_heard *heard);

/* The answer as the log shows it, or NULL. */
const char *inbound_shown_reply(struct sl_arena *arena, const struct sl_reply *reply);

/* ---- Applying ------------------------------------------------------------------------------- */

/* An event on its way into our records. */
struct deed {
    struct sl_service *service;
    struct sl_arena *arena;
    int64_t now_ms;
    struct sl_webhook_event row;
    struct sl_webhook_request request;
    const struct owner *owner;
    const struct sl_event *event;
    struct sl_item item; /* of a token that belongs to an operation; id 0: none */

    /* What became of it. */
    const char *state;                         /* "done" until it is something else */
    const char *note;                          /* as it was until it is something else */
    const char *reference_type, *reference_id; /* our record, for the log; or NULL */
};

/* Writes the records of an event. SL_ERR_DATA for what makes no sense. */
int deed_do(struct deed *deed, struct sl_err *err);

#endif
