/* Between the files of the simulated Flutterwave: routes and control in flutterwave.c, payments in
 * flutterwave_pay.c, refunds in flutterwave_refund.c. */
#ifndef SL_SANDBOX_FLUTTERWAVE_H
#define SL_SANDBOX_FLUTTERWAVE_H

#include <json-c/json.h>

#include "sandbox/page.h"

struct sl_flutterwave {
    struct sl_arena *arena;                /* until the reset */
    struct sl_table pages;                 /* by reference, by page and by transaction */
    struct sl_flutterwave_refund *refunds; /* the newest first */
    const char *webhook;                   /* as the dashboard has it; or NULL */
};

/* ---- flutterwave.c ---- */

void sl_flutterwave_fail(struct sl_visit *visit, int status, const char *text);
void sl_flutterwave_begin(struct sl_visit *visit, const char *message); /* up to the data */

/* True, and answered, if the scenario refuses the request. */
bool sl_flutterwave_refused(struct sl_visit *visit);

/* Of a name among the pages: "ref", "page" or "id". */
uint64_t sl_flutterwave_hash(const char *kind, const char *name);
const char *sl_flutterwave_amount(struct sl_arena *arena, int64_t amount_minor);

/* ---- what the routes run, all with a key that is good ---- */
void sl_flutterwave_charge(struct sl_visit *visit, struct json_object *doc);
void sl_flutterwave_link(struct sl_visit *visit, struct json_object *doc);
void sl_flutterwave_verify(struct sl_visit *visit, struct json_object *doc);
void sl_flutterwave_list(struct sl_visit *visit, struct json_object *doc);
void sl_flutterwave_show(struct sl_visit *visit, const struct sl_page *page); /* NULL: unknown */
void sl_flutterwave_refund(struct sl_visit *visit, struct sl_page *page, struct json_object *doc);
void sl_flutterwave_list_refunds(struct sl_visit *visit, struct json_object *doc);
void sl_flutterwave_show_refund(struct sl_visit *visit, const char *number);

#endif
