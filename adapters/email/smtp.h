/* What the files of the SMTP adapter share. */
#ifndef SL_ADAPTERS_EMAIL_SMTP_H
#define SL_ADAPTERS_EMAIL_SMTP_H

#include "lib/adapter/adapter.h"

enum {
    HOST,
    PORT,
    SECURITY,
    USERNAME,
    PASSWORD,
    AUTH_METHOD,
    OAUTH_TOKEN_URL,
    OAUTH_CLIENT_ID,
    OAUTH_CLIENT_SECRET,
    OAUTH_REFRESH_TOKEN,
    OAUTH_SCOPE,
    OAUTH_AUTHORIZE_URL,
    OAUTH_DEVICE_URL,
    FROM_EMAIL,
    FROM_NAME,
    ENVELOPE_FROM,
    REPLY_TO,
    HELO_NAME,
    MESSAGE_ID_DOMAIN,
    SMTPUTF8,
    MOST_MAILS,
    N_FIELDS
};

bool sl_smtp_uses_token(const struct sl_settings *settings);

/* smtp_token.c: the grant for XOAUTH2, and the consent before it. */
int sl_smtp_build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
void sl_smtp_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result);
int sl_smtp_ask_consent(const struct sl_call *call, struct sl_consent_ask *ask, struct sl_err *err);

/* smtp_answers.c */
void sl_smtp_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);
void sl_smtp_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result);

#endif
