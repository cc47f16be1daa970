/* FCM: what its files share. */
#ifndef SL_ADAPTERS_PUSH_FCM_H
#define SL_ADAPTERS_PUSH_FCM_H

#include "lib/adapter/adapter.h"

void sl_fcm_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result);
void sl_fcm_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result);

#endif
