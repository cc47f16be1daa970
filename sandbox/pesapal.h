/* Between the files of the simulated Pesapal: token, addresses and routes in pesapal.c, orders in
 * pesapal_order.c. */
#ifndef SL_SANDBOX_PESAPAL_H
#define SL_SANDBOX_PESAPAL_H

#include <json-c/json.h>

#include "sandbox/page.h"

/* An address for notifications, as it was registered. */
struct sl_pesapal_ipn {
    const char *id, *url;
    bool gets;
    struct sl_pesapal_ipn *next;
};

struct sl_pesapal {
    struct sl_arena *arena; /* until the reset */
    struct sl_table tokens;
    struct sl_table orders; /* by reference, by tracking id and by confirmation code */
    struct sl_pesapal_ipn *ipns;
};

/* ---- pesapal.c ---- */

/* HTTP 200 with an error inside, as it comes mostly. */
void sl_pesapal_fail(struct sl_visit *visit, const char *code, const char *text);

/* True, and answered, if the scenario refuses the request. */
bool sl_pesapal_refused(struct sl_visit *visit);

uint64_t sl_pesapal_hash(const char *kind, const char *name);
const char *sl_pesapal_guid(struct sl_visit *visit); /* a new one, in the state's arena */
const struct sl_pesapal_ipn *sl_pesapal_find_ipn(const struct sl_pesapal *pesapal, const char *id);

/* ---- what the routes run, all with a token that is good ---- */
void sl_pesapal_submit(struct sl_visit *visit, struct json_object *doc);
void sl_pesapal_status(struct sl_visit *visit, struct json_object *doc);
void sl_pesapal_refund(struct sl_visit *visit, struct json_object *doc);
void sl_pesapal_cancel(struct sl_visit *visit, struct json_object *doc);
void sl_pesapal_show(struct sl_visit *visit); /* the page */

/* POST /_sandbox/fire/pesapal {"event":"approve","reference":…}: Pesapal's people give back what
 * was asked for. Returns what is wrong, or NULL. */
const char *sl_pesapal_fire(struct sl_visit *visit, struct json_object *doc);

#endif
