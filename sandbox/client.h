/* Asks a running sandbox by its control endpoints (sandbox/sandbox.h), for people and scripts.
 * Loopback only, and by no proxy. */
#ifndef SL_SANDBOX_CLIENT_H
#define SL_SANDBOX_CLIENT_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

struct sl_sandbox_ask {
    const char *url;  /* "http://127.0.0.1:8490" */
    const char *path; /* "/_sandbox/counts" */
    const char *body; /* JSON, which is posted; NULL: it is a GET */
};

/* Gets bytes of a good answer as they come; -1 stops it, with *err set. */
typedef int sl_sandbox_take(void *opaque, const char *bytes, size_t n, struct sl_err *err);

/* SL_ERR_USAGE for a URL that is not this machine's, SL_ERR_UNAVAILABLE if nobody answers or the
 * answer ends early, SL_ERR_DATA with the sandbox's own words if it refuses. `take` may be NULL. */
int sl_sandbox_pour(const struct sl_sandbox_ask *ask, sl_sandbox_take *take, void *opaque,
                    struct sl_err *err);

/* The same with the whole answer in the arena. NULL after an error. */
const char *sl_sandbox_answer(const struct sl_sandbox_ask *ask, struct sl_arena *arena,
                              struct sl_err *err);

#endif
