#include "cmd/common/webhook_verbs.h"

#include "cmd/common/open.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/endpoints.h"

const struct sl_opt sl_webhook_options[] = {
    { "name", 0, SL_OPT_TEXT, offsetof(struct sl_webhook_options, name), "TEXT",
      .help = "What to call it in the list" },
    { 0 },
};

static const struct sl_column url_columns[] = {
    { "id", SL_INT, 0 },
    { "hook", SL_TEXT, 0 },
    { "url", SL_TEXT, 0 },
    { "enter_at", SL_TEXT, 0 },
    { "endpoint_url", SL_TEXT, SL_WIDE },
};

static int print_urls(const struct sl_cli *cli, const struct sl_endpoint_made *made,
                      struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, url_columns, SL_COUNT(url_columns), NULL);

    for (size_t i = 0; i < made->n_urls; i++) {
        const struct sl_endpoint_url *url = &made->urls[i];

        if (sl_output_row(output,
                          (struct sl_value[]){ sl_int(made->id), sl_text(url->hook),
                                               sl_text(url->url), sl_text(url->help),
                                               sl_text(url->endpoint_url) },
                          err) < 0)
            return -1;
    }
    for (size_t i = 0; i < made->n_words; i++)
        sl_say(cli, "%s to enter beside the address: %s", made->words[i].name,
               made->words[i].value);
    sl_say(cli, "these addresses are secret, and are not shown again");
    return sl_output_end(&output, err);
}

int sl_webhook_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_webhook_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_endpoint_made made;
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_endpoint_add(service, cli->arena, &school, cli->provider, given->name, &made, err) < 0)
        return -1;
    return print_urls(cli, &made, err);
}

static const struct sl_column webhook_columns[] = {
    { "id", SL_INT, 0 },         { "school", SL_TEXT, 0 },
    { "provider", SL_TEXT, 0 },  { "name", SL_TEXT, 0 },
    { "is_active", SL_BOOL, 0 }, { "last_received_at", SL_TIME, 0 },
    { "received", SL_INT, 0 },   { "created_at", SL_TIME, SL_WIDE },
};

static int print_webhook(struct sl_output *output, const struct sl_endpoint *e, struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){ sl_int(e->id), sl_text(e->school_code),
                                              sl_text(e->provider_code), sl_text(e->name),
                                              sl_bool(e->is_active), sl_time(e->last_received_at),
                                              sl_int(e->receive_count), sl_time(e->created_at) },
                         err);
}

int sl_webhook_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, webhook_columns, SL_COUNT(webhook_columns), NULL);
    struct sl_school school = { 0 };
    struct sl_endpoint endpoint;
    int more;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0) ||
        sl_endpoints_list(&rows, service->db, school.id, 0, err) < 0)
        return -1;
    while ((more = sl_endpoints_next(&rows, &endpoint, err)) > 0)
        if (print_webhook(output, &endpoint, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

static int read_id(const struct sl_cli *cli, int64_t *id, struct sl_err *err)
{
    if (sl_parse_int(cli->operands[0], 1, INT64_MAX, id))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "'%s' is no id", cli->operands[0]);
    return sl_err_hint(err, "`sl-config webhook list` shows them");
}

int sl_webhook_rotate_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_endpoint_made made;
    int64_t id;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_endpoint_rotate(service, cli->arena, id, &made, err) < 0)
        return -1;
    return print_urls(cli, &made, err);
}

int sl_webhook_disable_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, webhook_columns, SL_COUNT(webhook_columns), NULL);
    struct sl_endpoint endpoint;
    int64_t id;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_endpoint_disable(service, id, err) < 0 ||
        sl_endpoints_get(service->db, cli->arena, id, &endpoint, err) < 0 ||
        print_webhook(output, &endpoint, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}
