/* Between the files of the simulated Twilio: who asks for what is seen in twilio.c, texts are refused
 * in twilio_send.c, kept and told of in twilio_messages.c. */
#ifndef SL_SANDBOX_TWILIO_H
#define SL_SANDBOX_TWILIO_H

#include <json-c/json.h>
#include <stdint.h>

#include "sandbox/table.h"
#include "sandbox/visit.h"

/* The auth token of every account; it signs callbacks. */
#define SL_TWILIO_TOKEN "sandbox-token"

struct sl_twilio_message {
    struct sl_twilio_message *older;
    const char *sid, *to, *from, *service, *body; /* from or service may be NULL */
    const char *status, *error_code;              /* "queued" …; error NULL: none */
    size_t n_parts;
    int64_t created_ms;
};

/* With these credentials only texts are taken, and only from the test number. */
#define SL_TWILIO_TEST_ACCOUNT "ACeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

/* All of them, newest first, until the reset. */
struct sl_twilio_account {
    struct sl_arena *arena;
    struct sl_twilio_message *newest;
    struct sl_table by_sid;
    char *in; /* where incoming texts are told; NULL: nowhere */
};

/* A request to send, as its form says; NULL: not given. */
struct sl_twilio_form {
    const char *to, *from, *service, *body, *callback, *validity, *media;
};

void sl_twilio_refuse(struct sl_visit *visit, int status, int code, const char *message);

/* True, and answered, if the scenario refuses the request. */
bool sl_twilio_is_refused(struct sl_visit *visit);

bool sl_twilio_sid(const char *text, const char *prefix); /* prefix and 32 digits */

/* POST …/Messages.json */
void sl_twilio_send(struct sl_visit *visit, const char *account_sid);

/* Takes the message, answers, and tells what becomes of it. */
void sl_twilio_take(struct sl_visit *visit, const char *account_sid,
                    const struct sl_twilio_form *form);

/* Appends the message as JSON. */
void sl_twilio_print(struct sl_buf *out, const char *account_sid,
                     const struct sl_twilio_message *message);

/* An incoming text; NULL when it is done. */
const char *sl_twilio_incoming(struct sl_visit *visit, struct json_object *doc);

#endif
