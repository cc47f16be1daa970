/* Tokens, renewed before they end, once for all processes: sl-oauth-refresh. */
#ifndef SL_SERVICE_REFRESH_H
#define SL_SERVICE_REFRESH_H

#include "lib/service/service.h"

struct sl_refreshed {
    int64_t refreshed, failed, fresh;
};

/* Told of each that could not be renewed. `why` is what a person has to mend; NULL: nothing, the
 * provider gave none this time. */
typedef void sl_refresh_told(void *opaque, const char *school, const char *provider,
                             const char *why);

/* Renews every stored token that ends within this time, but for those that no school uses any
 * more; school_id 0: of all schools. `told` may be NULL. Fails for our own reasons only. */
int sl_refresh_run(struct sl_service *service, int64_t school_id, int64_t within_ms,
                   sl_refresh_told *told, void *opaque, struct sl_refreshed *counts,
                   struct sl_err *err);

#endif
