/* Google's tokens, for all of its services: google.c, and what a person consents to, in
 * google_consent.c. */
#ifndef SL_SANDBOX_GOOGLE_H
#define SL_SANDBOX_GOOGLE_H

#include "sandbox/table.h"
#include "sandbox/visit.h"

#define SL_SANDBOX_CLIENT_ID "sandbox-client.apps.googleusercontent.com"
#define SL_SANDBOX_CLIENT_SECRET "sandbox-client-secret"

/* Whether the request carries a token that was given for this scope and has not ended. */
bool sl_google_knows(struct sl_visit *visit, const char *scope);

/* ---- Between the two files --------------------------------------------------------------- */

struct sl_google {
    struct sl_arena *arena;
    struct sl_table tokens; /* google.c's own */
    struct sl_table papers; /* google_consent.c's own */
};
struct sl_google *sl_google_of(struct sl_visit *visit);

/* What was posted; NULL where it is not there. */
struct sl_google_form {
    const char *grant_type, *assertion, *client_id, *client_secret, *scope, *code, *redirect_uri,
        *code_verifier, *refresh_token, *device_code, *token;
};
struct sl_google_form sl_google_form(struct sl_visit *visit);

void sl_google_refuse(struct sl_visit *visit, int status, const char *error,
                      const char *description);
void sl_google_give(struct sl_visit *visit, const char *scope, const char *refresh); /* or NULL */

void sl_google_exchange_code(struct sl_visit *visit, const struct sl_google_form *form);
void sl_google_exchange_device(struct sl_visit *visit, const struct sl_google_form *form);
void sl_google_exchange_refresh(struct sl_visit *visit, const struct sl_google_form *form);
bool sl_google_consents(struct sl_visit *visit); /* false: the path is none of consent's */

#endif
