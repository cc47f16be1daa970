/* Testing a school's settings, and asking for a balance: operations of their own, through the one
 * way, whose result somebody waits for. */
#ifndef SL_SERVICE_TESTING_H
#define SL_SERVICE_TESTING_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/configs.h"
#include "lib/store/schools.h"

struct sl_tested {
    const char *provider;
    const char *status; /* "ok", "failed", "refused" */
    const char *error;  /* NULL: none */
    int64_t duration_ms;
    const char *findings[SL_MOST_FINDINGS]; /* n_findings lines for a person */
    size_t n_findings;
};

/* Proves the settings of one provider: runs "test", with `deep` also "test.deep", which waits for
 * its callback up to a minute. It is sent though the account is blocked or held or its breaker is
 * open; when "test" passes, all three are lifted. What came out is stored beside the settings.
 * Texts are in the arena. Fails for our own reasons only. */
int sl_test_run(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                const struct sl_config_row *row, bool deep, struct sl_tested *tested,
                struct sl_err *err);

struct sl_balance {
    const char *provider, *balance, *currency; /* balance: decimal text */
};

/* What is left on the account, which is asked though it is held: somebody looks whether it was
 * topped up. SL_ERR_AUTH if the credentials are refused, SL_ERR_UNAVAILABLE if
 * nothing was told. */
int sl_balance_run(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, enum sl_category category,
                   const char *provider_code, struct sl_balance *balance, struct sl_err *err);

#endif
