/* Connections in pools that never share one: each pool is a curl_multi of its own, and one epoll
 * drives all of them. For transfer.c alone. */
#ifndef SL_TRANSFER_POOLS_H
#define SL_TRANSFER_POOLS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct sl_pools;
struct sl_pool;

/* On success the caller owns *pools. */
int sl_pools_open(struct sl_pools **pools, struct sl_err *err);
void sl_pools_close(struct sl_pools **pools); /* when no handle is in any; for SL_AUTO() */

/* The pool of that name, made if there is none; NULL is a name too. Stays while a handle is in
 * it. A named one opens few connections to a host: over each go many requests at once. */
struct sl_pool *sl_pools_get(struct sl_pools *pools, const char *name);

/* How many requests a connection has carried, with the one that it is about to: by its port on this
 * machine. `fresh`: it is a new one. */
int sl_pool_carried(struct sl_pool *pool, int port, bool fresh);

/* False if curl does not want the handle. */
bool sl_pool_add(struct sl_pool *pool, CURL *easy);
void sl_pool_remove(struct sl_pool *pool, CURL *easy);

/* Wakes a wait when the descriptor can be read; closing it ends that. */
int sl_pools_watch(struct sl_pools *pools, int fd, struct sl_err *err);

/* Does what is ready, waiting for it at most this long. Returns early, and false, on a signal and
 * when a descriptor that is watched can be read. */
bool sl_pools_wait(struct sl_pools *pools, int64_t most_ms);

/* Takes out a handle that is over, which stays in its pool. False if none is. */
bool sl_pools_over(struct sl_pools *pools, CURL **easy, CURLcode *code);

#endif
