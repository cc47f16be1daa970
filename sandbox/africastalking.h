/* Between the two files of the simulated Africa's Talking: requests are read in
 * africastalking.c, messages taken and answered in africastalking_send.c. */
#ifndef SL_SANDBOX_AFRICASTALKING_H
#define SL_SANDBOX_AFRICASTALKING_H

#include "sandbox/visit.h"

struct sl_at_account {
    char *dlr, *in, *optout; /* URLs to call back, or NULL */
    int64_t spent;           /* in units of KES 0.0001 */
};

/* A request to send, whichever way it came. */
struct sl_at_message {
    const char *username, *text;
    const char *to;   /* numbers, parted by commas */
    const char *from; /* NULL: the account's own */
    bool masked;      /* `to` is one hashed number */
    bool at_once;     /* enqueue=0 */

    /* Filled while it is sent. */
    struct sl_at_recipient *recipients;
    size_t n_recipients, n_accepted, n_parts;
};

/* Judges every number, counts and records them, and answers. */
void sl_africastalking_send(struct sl_visit *visit, struct sl_at_message *message);

/* True, and answered, if the scenario refuses the request. */
bool sl_africastalking_refused(struct sl_visit *visit);

#endif
