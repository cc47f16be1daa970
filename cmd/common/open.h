/* What the programs have in common: opening, stopping, completing. */
#ifndef SL_CMD_COMMON_OPEN_H
#define SL_CMD_COMMON_OPEN_H

#include <signal.h>

#include "lib/cli/cli.h"
#include "lib/service/service.h"
#include "lib/store/schools.h"

/* Opens what the command line names. On success the caller owns *service. */
int sl_open_service(const struct sl_cli *cli, enum sl_service_keys keys,
                    struct sl_service **service, struct sl_err *err);

/* And finds the school of --school, in the verb's arena. */
int sl_open_school(const struct sl_cli *cli, enum sl_service_keys keys, struct sl_service **service,
                   struct sl_school *school, struct sl_err *err);

/* SIGINT and SIGTERM set the flag from now on: what is in flight is waited for, nothing more is
 * begun. A second one ends the program at once. */
const volatile sig_atomic_t *sl_stop_flag(void);

/* For struct sl_program: schools, providers, batches, columns. Prints no errors and opens no key
 * ring. */
void sl_complete(const struct sl_cli *cli, const char *kind);

#endif
