/* What the audit trail tells of bodies that were erased from it. */
#ifndef SL_SERVICE_ERASED_H
#define SL_SERVICE_ERASED_H

#include "lib/service/service.h"

/* Operations of its rows. Their response_data is {"erased":[ID,…]}, sorted: the rows whose bodies went, so
 * that sl_verify() tells them from others that lost theirs. */
#define SL_FORGET_OPERATION "logs.forget"
#define SL_KEEP_OPERATION "logs.keep"
bool sl_erased_tells(const char *operation);

/* Inside a transaction, the one that erases. `told` is JSON or NULL; the n ids may be none; school_id 0:
 * none's. */
int sl_erased_record(struct sl_service *service, const char *operation, int64_t school_id,
                     const char *told, const int64_t *ids, int n, struct sl_err *err);

#endif
