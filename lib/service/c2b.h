/* Payments that nobody asked for (C2B): the addresses that the provider tells of them, and trying
 * it out. What comes in is sl_payments_received() and sl_payments_may_come(). */
#ifndef SL_SERVICE_C2B_H
#define SL_SERVICE_C2B_H

#include "lib/service/service.h"
#include "lib/store/schools.h"

/* Gives the school's addresses to the provider: makes an endpoint for them, and records the
 * operation; nothing is sent: that is sl_engine_run() with the row's id as filter. `provider` NULL:
 * the school's primary. */
int sl_c2b_register(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const char *provider, int64_t *endpoint_id,
                    int64_t *item_id, struct sl_err *err);

/* A payment as a payer would make it, where the provider can pretend one (its sandbox). Checks and
 * records, likewise. */
struct sl_c2b_request {
    const char *provider;                   /* or NULL: the primary */
    const char *phone, *amount, *reference; /* as a person wrote them */
};
int sl_c2b_simulate(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const struct sl_c2b_request *request,
                    int64_t *item_id, struct sl_err *err);

#endif
