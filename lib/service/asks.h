/* When a provider is asked about a row whose answer was lost or only says that it was accepted. */
#ifndef SL_SERVICE_ASKS_H
#define SL_SERVICE_ASKS_H

#include "lib/adapter/adapter.h"

/* When the next question is due after `asks` of them, or, if there is none, the end of patience.
 * UTC ms. */
int64_t sl_asks_time(const struct sl_settle *settle, int64_t asks, int64_t sent_ms);

#endif
