/* Tokens, renewed before they end, once for all processes: sl-oauth-refresh. */
#ifndef SL_SERVICE_REFRESH_H
#define SL_SERVICE_REFRESH_H

#include "lib/service/service.h"

struct sl_refreshed {
    int64_t refreshed, failed, fresh;
};

/* Renews every stored token that ends within this time; school_id 0: of all schools. `told` is
 * given each that could not be renewed, with the reason; may be NULL. Fails for our own reasons
 * only. */
int sl_refresh_run(struct sl_service *service, int64_t school_id, int64_t within_ms,
                   void (*told)(void *opaque, const char *school, const char *provider,
                                const char *why),
                   void *opaque, struct sl_refreshed *counts, struct sl_err *err);

#endif
