/* APNs: what its files share. */
#ifndef SL_ADAPTERS_PUSH_APNS_H
#define SL_ADAPTERS_PUSH_APNS_H

#include "lib/adapter/adapter.h"

/* What they want of an answer. */
extern const char *const sl_apns_headers[];

void sl_apns_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);
void sl_apns_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);

#endif
