/* Endpoints: the addresses that providers call (integration_webhooks). Their token is kept only
 * as its hash; what proves a callback is sealed: who opens it is lib/service/endpoints.h. */
#ifndef SL_STORE_ENDPOINTS_H
#define SL_STORE_ENDPOINTS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_endpoint {
    int64_t id;
    int64_t school_id; /* 0: all schools */
    int64_t provider_id;
    const char *token_hash; /* endpoint_path */
    const char *sealed;     /* secret_key, or NULL */
    bool is_active;
    int64_t last_received_at; /* 0: never */
    int64_t receive_count;
    int64_t created_at;
    const char *name;                        /* or NULL */
    const char *provider_code, *school_code; /* only read; the school's NULL: all schools */
};

/* Adds an active one; school, provider, token_hash and name are taken. Its id is set. */
int sl_endpoints_add(struct sl_db *db, struct sl_endpoint *endpoint, int64_t now_ms,
                     struct sl_err *err);

/* By the hash of its token, whether it is active or not. What was found is in the arena. Returns 1,
 * 0 if there is none, or -1. */
int sl_endpoints_find(struct sl_db *db, struct sl_arena *arena, const char *token_hash,
                      struct sl_endpoint *endpoint, struct sl_err *err);
/* By id; likewise. */
int sl_endpoints_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_endpoint *endpoint, struct sl_err *err);

/* Changes one thing of it. Each returns 1, 0 if there is no such endpoint, or -1. */
int sl_endpoints_seal(struct sl_db *db, int64_t id, const char *sealed, const char *route,
                      struct sl_err *err);
int sl_endpoints_rotate(struct sl_db *db, int64_t id, const char *token_hash, struct sl_err *err);
int sl_endpoints_disable(struct sl_db *db, int64_t id, struct sl_err *err);

/* The active ones of a route, oldest first; at most n. Returns how many, or -1. */
int sl_endpoints_by_route(struct sl_db *db, int64_t provider_id, const char *route, size_t n,
                          int64_t *ids, struct sl_err *err);

/* By school and id; school_id and provider_id 0: of all. Then _next() until 0 or -1. */
int sl_endpoints_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id,
                      int64_t provider_id, struct sl_err *err);
int sl_endpoints_next(struct sl_rows *rows, struct sl_endpoint *endpoint, struct sl_err *err);

#endif
