/* A payment that was asked for, by a page or by a prompt: what becomes of it, for the providers that
 * show pages. The payer decides callback_ms later, as the scenario wants. A page on which a try
 * failed can be opened and is then paid. */
#ifndef SL_SANDBOX_PAGE_H
#define SL_SANDBOX_PAGE_H

#include <json-c/json.h>

#include "sandbox/table.h"
#include "sandbox/visit.h"

enum sl_page_state {
    SL_PAGE_OPEN, /* nobody has tried yet */
    SL_PAGE_PAID,
    SL_PAGE_FAILED, /* the last try */
    SL_PAGE_CANCELLED,
    SL_PAGE_REVERSED,
};

/* Its texts last until the reset. */
struct sl_page {
    const char *id;        /* the provider's, in the page's address */
    const char *reference; /* ours */
    const char *currency, *phone, *callback;
    int64_t amount_minor; /* as it was asked for */
    int64_t paid_minor;   /* as it was paid: not the same in the scenario wrong-amount */
    const char *number;   /* of the transaction, and its receipt once it is paid */
    bool prompt;          /* on the phone: nobody opens it */
    bool asked_back;      /* a refund was asked for */
    int64_t at_ms;        /* of the last try */
    const char *why;      /* it failed; or NULL */
    enum sl_scenario scenario;
    enum sl_page_state state;
    char shown[12];   /* the state, for what was seen */
    char receipt[32]; /* "" until it is paid */

    /* Tells of a try; `visit` as sl_callbacks_play() takes it. */
    void (*tell)(struct sl_sandbox *box, const struct sl_page *page, struct sl_visit *visit);
};

/* The payer will decide. In the scenario early-callback it is decided before the answer. */
void sl_page_begin(struct sl_visit *visit, struct sl_page *page);

/* Somebody opens the page in a browser, and pays what is not paid. Answers the visit. */
void sl_page_open(struct sl_visit *visit, struct sl_page *page);

void sl_page_set(struct sl_page *page, enum sl_page_state state);

/* "http://127.0.0.1:8490": where this sandbox is, as the visitor named it. */
const char *sl_page_here(const struct sl_visit *visit);

/* An amount of a request, a JSON number or text, in minor units; -1 for what is none. */
int64_t sl_page_amount(struct sl_visit *visit, struct json_object *doc, const char *member);

#endif
