/* What came by webhook: requests as they came, and the events that they told. A request that
 * tells nothing new is not kept. */
#ifndef SL_STORE_INBOUND_H
#define SL_STORE_INBOUND_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_webhook_request {
    int64_t id;
    int64_t webhook_id; /* the endpoint whose token its path carried; 0: none */
    int64_t school_id, provider_id;
    int64_t queue_id; /* the operation whose token its path carried; 0: none */
    const char *hook; /* its word: "dlr" */
    const char *method, *query, *content_type;
    const char *body; /* n_body bytes and a NUL */
    size_t n_body;
    const char *ip_address; /* or NULL */
    int64_t received_at;
};

/* request->id is set. */
int sl_webhook_requests_add(struct sl_db *db, struct sl_webhook_request *request,
                            struct sl_err *err);

struct sl_webhook_event {
    int64_t id, request_id;
    const char *scope; /* keys are unique within it */
    const char *key;   /* NULL: every one counts */
    int64_t place;     /* within its request */
    const char *kind;  /* "delivery" */
    const char *external_reference;
    const char *state; /* "new", "held", "done", "ignored" */
    const char *note;
    int64_t created_at;
    int64_t updated_at;            /* 0: nobody has looked at it yet */
    const char *provider, *school; /* codes: only read; the school's may be NULL */
};

/* Adds it as "new" or, if it has a state, as one that was looked at already; id, times and codes
 * are not looked at. Returns 1; 0 if its scope has
 * that key already (nothing is added); or -1. */
int sl_webhook_events_add(struct sl_db *db, const struct sl_webhook_event *event, int64_t now_ms,
                          struct sl_err *err);

/* Whether a key was there before, and the note of that event, in the arena. Returns 1, 0 or -1. */
int sl_webhook_events_note(struct sl_db *db, struct sl_arena *arena, const char *scope,
                           const char *key, const char **note, struct sl_err *err);

/* An event and its request, in the arena. Returns 1, 0 if there is none, or -1. */
int sl_webhook_events_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                          struct sl_webhook_event *event, struct sl_webhook_request *request,
                          struct sl_err *err);

/* The oldest new ones behind a mark, which is moved to the last of them; at most n. Begin with a
 * zeroed one. Returns how many, or -1. */
struct sl_webhook_mark {
    int64_t created_at, id;
};
int sl_webhook_events_new(struct sl_db *db, struct sl_webhook_mark *mark, size_t n, int64_t *ids,
                          struct sl_err *err);

/* Those that wait for somebody to know a reference; at most n. Returns how many, or -1. Costs one
 * look into an index that is empty where nothing waits. */
int sl_webhook_events_held(struct sl_db *db, const char *external_reference, size_t n, int64_t *ids,
                           struct sl_err *err);

/* Those with a key of one scope, oldest first; at most n. Returns how many, or -1. */
int sl_webhook_events_of(struct sl_db *db, const char *scope, size_t n, int64_t *ids,
                         struct sl_err *err);

int sl_webhook_events_settle(struct sl_db *db, int64_t id, const char *state, const char *note,
                             int64_t now_ms, struct sl_err *err);

/* What was held since before a time is ignored. Returns how many, or -1. */
int sl_webhook_events_expire(struct sl_db *db, int64_t before_ms, int64_t now_ms,
                             struct sl_err *err);

/* Newest first; what is 0 or NULL does not filter. Then _next() until 0 or -1; borrowed until the
 * next one. */
struct sl_webhook_filter {
    int64_t school_id, provider_id, request_id;
    const char *state;
};
int sl_webhook_events_list(struct sl_rows *rows, struct sl_db *db,
                           const struct sl_webhook_filter *filter, struct sl_err *err);
int sl_webhook_events_next(struct sl_rows *rows, struct sl_webhook_event *event,
                           struct sl_err *err);

/* ---- The endpoints' side of it --------------------------------------------------------- */

/* Counts what an endpoint has received. */
int sl_webhooks_count(struct sl_db *db, int64_t webhook_id, int64_t n, int64_t now_ms,
                      struct sl_err *err);

/* The oldest active endpoint of a school at a provider. Returns 1, 0 if there is none, or -1. */
int sl_webhooks_of_school(struct sl_db *db, int64_t school_id, int64_t provider_id, int64_t *id,
                          struct sl_err *err);

#endif
