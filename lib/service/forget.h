/* Forgetting a person: erasing a phone number, and what was sent to it and said of it, from what
 * a school has recorded, while the chain of the audit trail holds. */
#ifndef SL_SERVICE_FORGET_H
#define SL_SERVICE_FORGET_H

#include "lib/service/service.h"
#include "lib/store/forget.h"
#include "lib/store/schools.h"

struct sl_forgotten {
    int64_t logs;
    int64_t records[SL_FORGET_KINDS];
    int64_t open;   /* records that are not over and keep the number until they are */
    bool compacted; /* false: a reader kept the write-ahead log from being emptied */
};

/* `e164` is the number. Each step is a short transaction; killed in between, the next run does
 * what is left. Ends by writing the database anew (VACUUM), which holds up all who write. The
 * number itself is recorded nowhere. Needs the index key. */
int sl_forget(struct sl_service *service, const struct sl_school *school, const char *e164,
              struct sl_forgotten *forgotten, struct sl_err *err);

#endif
