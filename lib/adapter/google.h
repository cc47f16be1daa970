/* The token that a service account gets for a JSON Web Token that it signs (RFC 7523; Google,
 * "Using OAuth 2.0 for server to server applications"). */
#ifndef SL_ADAPTER_GOOGLE_H
#define SL_ADAPTER_GOOGLE_H

#include "lib/adapter/adapter.h"

/* The file that the console hands out; all in the arena. */
struct sl_service_account {
    const char *project_id, *client_email, *private_key;
    const char *private_key_id; /* or NULL */
    const char *token_uri;      /* where tokens are asked for */
};

/* SL_ERR_CONFIG says what it is instead: one whose token_uri is not Google's would have us post
 * where it likes. */
int sl_service_account_read(struct sl_arena *arena, const char *json,
                            struct sl_service_account *account, struct sl_err *err);

/* The same, and whether its key signs; for an adapter's check(). */
int sl_service_account_check(struct sl_arena *arena, const char *json, struct sl_err *err);

/* What a token is asked for. */
struct sl_service_grant {
    const char *account;   /* the file's text */
    const char *scope;     /* separated by blanks */
    const char *subject;   /* the user that it acts for (domain-wide delegation), or NULL */
    const char *token_url; /* instead of the file's; NULL: that */
};

/* The step of a grant. */
int sl_service_grant_build(const struct sl_call *call, const struct sl_service_grant *grant,
                           struct sl_request *request, struct sl_err *err);
void sl_google_grant_parse(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);

#endif
