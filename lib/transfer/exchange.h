/* One exchange over one handle of curl: set up from a request, and told when it is over. For
 * transfer.c alone. */
#ifndef SL_TRANSFER_EXCHANGE_H
#define SL_TRANSFER_EXCHANGE_H

#include <curl/curl.h>

#include "lib/base/text.h"
#include "lib/transfer/files.h"
#include "lib/transfer/pieces.h"
#include "lib/transfer/pools.h"
#include "lib/transfer/reach.h"
#include "lib/transfer/smtp.h"
#include "lib/transfer/transfer.h"

/* One exchange. Kept with its easy handle when it is over, for the next one. */
struct slot {
    struct slot *next; /* in the list of free ones, or of those that are over */
    struct slot *all;  /* in the list of all */
    CURL *easy;
    struct sl_pool *pool;       /* while it is active and was started */
    struct curl_slist *headers; /* or, of a mail, its recipients */
    struct smtp_log mail;       /* of one */
    struct sl_pieces *pieces;   /* of the body; NULL: it has none */
    struct sl_files *files;     /* a step on files instead; NULL: it is HTTP */
    struct sl_exchange told;    /* what that told */
    int64_t started_ms;         /* of that, on the boot clock */
    int sink;                   /* where a good answer's body goes; -1: into memory */
    int64_t n_sunk;
    struct sl_send send;
    struct sl_buf body;
    struct reach reach; /* where it may be connected to */
    bool active, begun, too_large, repeated;
    int error; /* of a file of the request that could not be opened: errno */
    CURLcode code;
    char reason[CURL_ERROR_SIZE];
};

/* Sets what is the same for every exchange of a handle. */
void exchange_prepare(struct slot *slot);

/* Makes a slot that is free that of `send`. */
void exchange_begin(struct slot *slot, const struct sl_send *send);

/* Opens its files and sets the handle. `ca_file` is the one of the system. Fails, with slot->error,
 * if a file cannot be opened: nothing is sent then. */
int exchange_set(struct slot *slot, const char *ca_file, struct sl_err *err);

/* Fills what is told of one that is over. */
void exchange_tell(struct slot *slot, struct sl_sent *sent);

/* Frees it for another: the handle is as exchange_prepare() left it, in no pool. */
void exchange_clear(struct slot *slot);

#endif
