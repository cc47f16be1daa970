/* What the `send` verb of every channel records: one message to some addresses. What is accepted
 * here is in the database, and sl_engine_run() with the batch as its filter sends it. */
#ifndef SL_SERVICE_SEND_H
#define SL_SERVICE_SEND_H

#include "lib/service/sender.h"

/* A message that its channel has looked at, and may be sent. */
struct sl_sending {
    struct sl_sender sender;
    const char *key;             /* idempotency key, or NULL */
    const char *payload;         /* JSON: what the channel's operation loads */
    const struct sl_file *files; /* n_files in the spool that it names */
    size_t n_files;
    int64_t segments;                            /* 0 where a channel has none */
    const char *const *given, *const *addresses; /* n of each: as it stood on the line, and as it
                                                  * is sent to */
    size_t n;
};

/* Records it, as urgent. Addresses that are opted out or repeated are recorded as skipped. A known
 * key gives the earlier batch, if payload and addresses are the same (*fresh is false), else
 * SL_ERR_DATA. */
int sl_send_record(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_sending *sending,
                   struct sl_batch *batch, bool *fresh, struct sl_err *err);

#endif
