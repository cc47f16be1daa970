/* Acts of people, as rows of the audit trail: who did what, when, before and after, masked. */
#ifndef SL_SERVICE_ACT_H
#define SL_SERVICE_ACT_H

#include <stdbool.h>

#include "lib/service/service.h"

struct sl_act {
    const char *operation;          /* "config.set" */
    int64_t school_id, provider_id; /* 0: none */
    const char *kind;               /* of the record: "config", "school", "key"; NULL: none */
    const char *id;                 /* of the record, as text */
    const char *changes;            /* JSON, masked already; NULL: nothing to tell */
};

/* Inside a transaction of the caller's, the one that does it. */
int sl_act_record(struct sl_service *service, const struct sl_act *act, struct sl_err *err);

/* {"name":{"before":…,"after":…},…}, built member by member: begin with a new buffer, add what
 * changed, and end. Values are masked by the caller; two secrets may look the same then. */
bool sl_act_differs(const char *before, const char *after);
void sl_act_change(struct sl_buf *changes, const char *name, const char *before, const char *after);
const char *sl_act_changes(struct sl_buf *changes);

#endif
