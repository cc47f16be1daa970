/* A person's consent: asked for once, kept as a refresh token, sealed (RFC 6749, 7636, 8252, 8628).
 *
 * By a browser: sl_consent_link() is opened, the answer comes back by the browser's redirect, and
 * sl_consent_finish() exchanges it. On another device: sl_consent_device() gives a code, and
 * sl_consent_poll() asks until it was entered. What was sent is in the audit trail, masked. */
#ifndef SL_SERVICE_CONSENT_H
#define SL_SERVICE_CONSENT_H

#include "lib/service/config.h"
#include "lib/transfer/transfer.h"

/* Open: what is shown to the person. The rest is consent.c's own. */
struct sl_consenting {
    struct sl_service *service;
    struct sl_arena *arena;
    struct sl_account account;
    struct sl_consent_ask ask;
    struct sl_transfer *transfer;
    const char *redirect, *state, *verifier;

    const char *device_code, *user_code, *device_page; /* the last two are for the person */
    int64_t interval_ms, until_ms;                     /* UTC */
};

/* Opens the school's account at that provider. SL_ERR_CONFIG if nobody's consent is needed there, or
 * what is asked with is not set yet. The arena is wiped by the caller. */
int sl_consent_begin(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const char *provider_code,
                     struct sl_consenting *consenting, struct sl_err *err);
void sl_consent_end(struct sl_consenting *consenting); /* for SL_AUTO() */

/* The address that the person opens; the browser is sent to `redirect` then, an address of this
 * machine. In the arena. */
const char *sl_consent_link(struct sl_consenting *consenting, const char *redirect);

/* `answer` is the address that the browser was sent to, its query, or the code alone. SL_ERR_AUTH if
 * the person refused or the provider does, SL_ERR_DATA for what is no answer to this link. */
int sl_consent_finish(struct sl_consenting *consenting, const char *answer, struct sl_err *err);

/* SL_ERR_CONFIG if it cannot be had that way. */
int sl_consent_device(struct sl_consenting *consenting, struct sl_err *err);

/* Asks once. Returns 1 when it is stored, 0 to ask again after interval_ms, or -1. */
int sl_consent_poll(struct sl_consenting *consenting, struct sl_err *err);

#endif
