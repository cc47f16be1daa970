/* What every program has open: its settings, the database, the key ring. */
#ifndef SL_SERVICE_SERVICE_H
#define SL_SERVICE_SERVICE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/service/chain.h"
#include "lib/service/keyring.h"
#include "lib/service/seal.h"
#include "lib/service/settings.h"
#include "lib/store/db.h"

/* Where a person watches what is done (-v, -vv). */
enum sl_trace_level {
    SL_TRACE_STEPS = 1, /* each step of each row */
    SL_TRACE_WIRE,      /* each request and its answer too, masked */
};
struct sl_trace {
    int level; /* 0: nobody watches; else up to which is told */
    void (*tell)(void *opaque, int level, const char *text);
    void *opaque;
};

struct sl_service {
    struct sl_arena *arena;          /* lives as long as the service */
    struct sl_installation settings; /* lib/service/settings.h: where things are */
    struct sl_db *db;
    struct sl_keyring *keyring; /* NULL with SL_NO_KEYS */
    struct sl_ring_seen {
        uint64_t device, inode;
        int64_t changed_ns;
    } seen[2];             /* the ring's files as they were when it was read; service.c's own */
    struct sl_trace trace; /* of the options */
    struct sl_chain chain; /* lib/service/audit.h's own; starts zeroed, holds nothing to free */
};

enum sl_service_keys { SL_NO_KEYS, SL_WEBHOOK_KEYS, SL_ALL_KEYS };

struct sl_service_options {
    const char *config, *database; /* --config, --database or their variables; NULL: not given */
    enum sl_service_keys keys;
    struct sl_trace trace; /* zeroed: nobody watches */
};

/* On success the caller owns *service. Fails with SL_ERR_CONFIG for what is missing, damaged or
 * of another version, naming the cure. */
int sl_service_open(struct sl_service **service, const struct sl_service_options *options,
                    struct sl_err *err);
void sl_service_close(struct sl_service **service); /* for SL_AUTO() */

/* As sl_seal(), with the service's ring; it is read again first if its files have changed. Call it
 * in the transaction that stores the text: a key is taken out of the ring only while nobody else
 * can write, so nothing is ever sealed by one that is gone. */
char *sl_service_seal(struct sl_service *service, enum sl_key_purpose purpose,
                      struct sl_arena *arena, const void *plaintext, size_t n,
                      const struct sl_seal_place *place, struct sl_err *err);

/* As sl_unseal(), with the service's ring; where a rotation has sealed it meanwhile with a key
 * that this process has not seen, the ring is read again, once. */
char *sl_service_unseal(struct sl_service *service, enum sl_key_purpose purpose,
                        struct sl_arena *arena, const char *text, const struct sl_seal_place *place,
                        size_t *n, struct sl_err *err);

#endif
