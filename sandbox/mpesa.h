/* Between the files of the simulated M-Pesa: routes and tokens in mpesa.c, checks that all
 * share in mpesa_checks.c, STK push and query in mpesa_stk.c, C2B in mpesa_c2b.c, what
 * ends in a Result callback in mpesa_result.c. */
#ifndef SL_SANDBOX_MPESA_H
#define SL_SANDBOX_MPESA_H

#include <json-c/json.h>

#include "sandbox/table.h"
#include "sandbox/visit.h"

struct sl_mpesa {
    struct sl_arena *arena; /* apps, payments and shops: until the reset */
    struct sl_table apps;   /* by consumer key, and by each token that it was given */
    struct sl_table pushes; /* by CheckoutRequestID */
    struct sl_table paid;   /* by receipt */
    struct sl_table shops;  /* by shortcode: its C2B URLs */
    struct sl_table orders; /* reversals, by OriginatorConversationID */
};

/* A payment, by STK push or C2B. */
struct sl_mpesa_payment {
    const char *phone, *amount, *reference, *shortcode;
    const char *checkout, *merchant, *callback; /* NULL: it came by C2B */
    int64_t shillings;
    int64_t at_ms;
    enum sl_scenario scenario;
    bool early;       /* decided before the push was answered */
    int code;         /* the ResultCode that it ends with */
    char state[12];   /* processing, paid, failed */
    char receipt[12]; /* "" until it is paid */
    bool reversed;
};

/* ---- mpesa_checks.c ---- */

/* The error envelope. */
void sl_mpesa_fail(struct sl_visit *visit, int status, const char *code, const char *text);
void sl_mpesa_invalid(struct sl_visit *visit, const char *field); /* 400.002.02 */

/* What the rows of a table ask of a request's members. All of these are false for NULL. */
struct sl_mpesa_rule {
    const char *field;
    bool (*fits)(const char *value);
};
/* False, and answered, at the first row that does not fit. */
bool sl_mpesa_check(struct sl_visit *visit, struct json_object *doc,
                    const struct sl_mpesa_rule *rules, size_t n);

bool sl_mpesa_is_shortcode(const char *value); /* 5 to 7 digits */
bool sl_mpesa_is_phone(const char *value);     /* 2547 or 2541 and 8 digits */
bool sl_mpesa_is_amount(const char *value);    /* whole, 1 to 250000 */
bool sl_mpesa_is_url(const char *value);     /* https, or http to loopback; without a banned word */
bool sl_mpesa_is_remarks(const char *value); /* 2 to 100 */
bool sl_mpesa_is_credential(const char *value); /* 256 bytes in base64 */
bool sl_mpesa_is_filled(const char *value);

/* True, and answered, if the scenario refuses the request. */
bool sl_mpesa_refused(struct sl_visit *visit);

/* A number of the kind that the documentation shows, new each time, in the arena. */
const char *sl_mpesa_merchant_id(struct sl_visit *visit);     /* 29115-34620561-1 */
const char *sl_mpesa_conversation_id(struct sl_visit *visit); /* AG_20260105_… */

/* Marks it paid and gives it a receipt by which it is found. */
void sl_mpesa_pay(struct sl_sandbox *box, struct sl_mpesa *mpesa, struct sl_mpesa_payment *payment);

/* ---- what the routes run, all with a token that is good ---- */
void sl_mpesa_push(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_query(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_register(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_simulate(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_status(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_reverse(struct sl_visit *visit, struct json_object *doc);
void sl_mpesa_balance(struct sl_visit *visit, struct json_object *doc);

/* True, and answered, if the scenario token-expired refuses the token of this request. `what`
 * tells the request from others: it is refused once. */
bool sl_mpesa_token_expired(struct sl_visit *visit, const char *what);

#endif
