#include "cmd/common/test_verb.h"

#include <string.h>

#include "cmd/common/open.h"
#include "lib/cli/output.h"
#include "lib/service/config.h"
#include "lib/service/testing.h"
#include "lib/store/configs.h"

const struct sl_opt sl_test_options[] = {
    { "deep", 0, SL_OPT_FLAG, offsetof(struct sl_test_options, deep), NULL,
      .help = "Prove more than the keys, where the provider can (waits for its callback)" },
    { 0 },
};

static const struct sl_column columns[] = {
    { "school", SL_TEXT, 0 }, { "provider", SL_TEXT, 0 },   { "status", SL_TEXT, 0 },
    { "error", SL_TEXT, 0 },  { "duration_ms", SL_INT, 0 },
};

enum { MOST_CONFIGS = 64 };

/* The rows are read first: the tests write to the same table. */
static int read_configs(const struct sl_cli *cli, struct sl_service *service,
                        const struct sl_school *school, struct sl_config_row *configs,
                        struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row row;
    int more, n = 0;

    if (sl_configs_list(&rows, service->db, school->id, err) < 0)
        return -1;
    while ((more = sl_configs_next(&rows, &row, err)) > 0 && n < MOST_CONFIGS) {
        if (!row.is_enabled || (cli->provider && strcmp(cli->provider, row.provider_code) != 0))
            continue;
        row.provider_code = sl_arena_strdup(cli->arena, row.provider_code);
        configs[n++] = row;
    }
    return more < 0 ? -1 : n;
}

static int print_tested(const struct sl_cli *cli, struct sl_output *output,
                        const struct sl_school *school, const struct sl_tested *tested,
                        struct sl_err *err)
{
    for (size_t i = 0; i < tested->n_findings; i++)
        sl_say(cli, "%s: %s", tested->provider, tested->findings[i]);
    return sl_output_row(output,
                         (struct sl_value[]){ sl_text(school->code), sl_text(tested->provider),
                                              sl_text(tested->status), sl_text(tested->error),
                                              sl_int(tested->duration_ms) },
                         err);
}

int sl_test_verb_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_test_options *options = opaque;
    struct sl_config_row *configs = SL_NEW(cli->arena, struct sl_config_row, MOST_CONFIGS);
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const struct sl_adapter *adapter;
    struct sl_school school;
    struct sl_tested tested;
    int n, status = 0;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        (cli->provider && sl_config_adapter(service, cli->provider, &adapter, err) < 0))
        return -1;
    n = read_configs(cli, service, &school, configs, err);
    if (n == 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s has no provider set up%s%s", school.code,
                         cli->provider ? " that is " : "", cli->provider ? cli->provider : "");
        return sl_err_hint(err, "give it one with `sl-config set -s %s -p PROVIDER`", school.code);
    }
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), school.timezone);
    for (int i = 0; i < n; i++) {
        if (sl_test_run(service, cli->arena, &school, &configs[i], options->deep, &tested, err) <
                0 ||
            print_tested(cli, output, &school, &tested, err) < 0)
            return -1;
        if (strcmp(tested.status, "refused") == 0)
            status = SL_ERR_AUTH;
        else if (strcmp(tested.status, "ok") != 0 && status == 0)
            status = 1;
    }
    return n < 0 || sl_output_end(&output, err) < 0 ? -1 : status;
}
