/* sl-oauth-refresh: tokens, renewed before they end. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/common/open.h"
#include "lib/base/crypto.h"
#include "lib/cli/output.h"
#include "lib/service/refresh.h"

struct refresh_options {
    int64_t within_s;
};

static const struct sl_opt refresh_options[] = {
    { "within", 0, SL_OPT_INT, offsetof(struct refresh_options, within_s), "SECONDS",
      .help = "Renew what ends within this time", .least = 0, .most = 86400, .initial = 600 },
    { 0 },
};

static void tell(void *opaque, const char *school, const char *provider, const char *why)
{
    const struct sl_cli *cli = opaque;

    if (!why)
        (void)fprintf(stderr, "%s: %s of %s gave no token; it is asked again next time\n",
                      cli->program, provider, school);
    else
        (void)fprintf(stderr,
                      "%s: %s of %s could not be renewed: %s; mend its settings, then "
                      "`sl-config test -s %s -p %s`\n",
                      cli->program, provider, school, why, school, provider);
}

static int print_counts(const struct sl_cli *cli, const struct sl_refreshed *counts,
                        struct sl_err *err)
{
    static const struct sl_column columns[] = { { "refreshed", SL_INT, 0 },
                                                { "failed", SL_INT, 0 },
                                                { "fresh", SL_INT, 0 } };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->quiet)
        return 0;
    if (cli->format == SL_FORMAT_TABLE) {
        (void)printf("%" PRId64 " refreshed, %" PRId64 " failed, %" PRId64 " fresh\n",
                     counts->refreshed, counts->failed, counts->fresh);
        return 0;
    }
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_int(counts->refreshed), sl_int(counts->failed),
                                           sl_int(counts->fresh) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int refresh_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct refresh_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school = { 0 };
    struct sl_refreshed counts;

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0)
        return -1;
    if (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    if (sl_refresh_run(service, school.id, given->within_s * 1000, tell, (void *)cli, &counts,
                       err) < 0)
        return -1;
    return print_counts(cli, &counts, err);
}

static const struct sl_verb verbs[] = {
    { .name = "",
      .summary = "Renew the tokens that end soon, then exit",
      .options = refresh_options,
      .options_size = sizeof(struct refresh_options),
      .run = refresh_run,
      .common = SL_USES_SCHOOL | SL_WORKS_UNHEARD },
};

static const struct sl_program program = {
    .name = "sl-oauth-refresh",
    .summary = "Tokens, renewed before they end",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
