/* A school that has the simulated providers for its own: `sl-sandbox setup`. */
#ifndef SL_CMD_COMMON_SANDBOX_SETUP_H
#define SL_CMD_COMMON_SANDBOX_SETUP_H

#include "lib/cli/cli.h"
#include "lib/service/service.h"
#include "lib/store/schools.h"

struct sl_sandbox_setup_options {
    const char *url;
    bool samples;
};

int sl_sandbox_setup_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

/* Real operations of the school, so that there is something to look at: logs, messages, payments,
 * queue items in every state. They are made once: a second time nothing is added. */
int sl_sandbox_samples(const struct sl_cli *cli, struct sl_service *service,
                       const struct sl_school *school, struct sl_err *err);

/* The option --url, else SL_SANDBOX_URL, else where a sandbox is usually. */
const char *sl_sandbox_url(const char *given);

#endif
