/* The operations on a learning management system, as payloads of the queue. */
#ifndef SL_SERVICE_LMS_H
#define SL_SERVICE_LMS_H

#include "lib/adapter/inputs.h"
#include "lib/base/arena.h"

/* What lms.* operations are given, as JSON: the members that are set, under their names. In the
 * arena. */
const char *sl_lms_json(struct sl_arena *arena, const struct sl_lms_ask *ask);

#endif
