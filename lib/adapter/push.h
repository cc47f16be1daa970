/* What providers of push notifications share. */
#ifndef SL_ADAPTER_PUSH_H
#define SL_ADAPTER_PUSH_H

#include "lib/adapter/adapter.h"

/* Whether a person is shown something; else it only wakes the app. */
bool sl_push_shown(const struct sl_push_send *push);

/* What Apple's devices are told of sound, badge, category, thread and silence, added to `aps`. */
void sl_push_aps(const struct sl_push_send *push, struct json_object *aps);

/* By which a later one replaces this one: the caller's, else our own id, so that one that is sent
 * once more after a lost answer replaces itself. */
const char *sl_push_collapse(const struct sl_call *call);

/* Makes `doc` the body of the request; SL_ERR_DATA if it has more than `most` bytes. */
int sl_push_body(const struct sl_call *call, struct json_object *doc, size_t most,
                 struct sl_request *request, struct sl_err *err);

/* "unregistered: …", by which scripts know that the device's token is dead. */
struct sl_outcome sl_push_unregistered(const char *code, const char *why);

#endif
