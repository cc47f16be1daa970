/* sl-webhook: what providers tell us, received by a daemon and seen by a person. */
#include "cmd/common/open.h"
#include "cmd/common/serve.h"
#include "lib/base/cidr.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/inbound.h"
#include "lib/store/configs.h"
#include "lib/store/inbound.h"

/* ---- serve ---------------------------------------------------------------------------------- */

struct serve_options {
    const char *listen, *metrics, *tls_cert, *tls_key, *trust_proxy;
};

static const struct sl_opt serve_options[] = {
    { "listen", 0, SL_OPT_TEXT, offsetof(struct serve_options, listen), "ADDRESS",
      .help = "ADDRESS:PORT or unix:PATH; 127.0.0.1:8480 if it is not given" },
    { "metrics", 0, SL_OPT_TEXT, offsetof(struct serve_options, metrics), "ADDRESS",
      .help = "ADDRESS:PORT or unix:PATH on this machine, where Prometheus finds /metrics" },
    { "tls-cert", 0, SL_OPT_TEXT, offsetof(struct serve_options, tls_cert), "FILE",
      .help = "Certificate and its chain, PEM: speak HTTPS" },
    { "tls-key", 0, SL_OPT_TEXT, offsetof(struct serve_options, tls_key), "FILE",
      .help = "The certificate's key, PEM" },
    { "trust-proxy", 0, SL_OPT_TEXT, offsetof(struct serve_options, trust_proxy), "CIDRS",
      .help = "Whose X-Forwarded-For is believed, instead of the setting trust_proxy" },
    { 0 },
};

static int check_options(const struct serve_options *options, struct sl_err *err)
{
    const char *wrong;
    int n = 0;

    if (!options->tls_cert != !options->tls_key)
        return sl_err_set(err, SL_ERR_USAGE, "--tls-cert and --tls-key belong together");
    wrong = options->trust_proxy ? sl_cidrs_wrong(options->trust_proxy, &n) : NULL;
    return wrong ? sl_err_set(err, SL_ERR_DATA,
                              "--trust-proxy: '%.*s' is no address or network like 10.0.0.0/8", n,
                              wrong)
                 : 0;
}

/* Providers wait no more than seconds (M-Pesa's validation: 8); then they are told to try again. */
enum { PATIENCE_MS = 5000 };

static int serve_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct serve_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_httpd_options options = {
        .listen = given->listen ? given->listen : "127.0.0.1:8480",
        .second = given->metrics,
        .tls_cert = given->tls_cert,
        .tls_key = given->tls_key,
        .trust_proxy = given->trust_proxy,
    };

    if (check_options(given, err) < 0 || sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0)
        return -1;
    sl_db_patience(service->db, PATIENCE_MS);
    if (!options.trust_proxy)
        options.trust_proxy = service->settings.trust_proxy;
    return sl_serve(cli, service, &options, err);
}

/* ---- events -------------------------------------------------------------------------------------- */

struct events_options {
    const char *state;
};

static const struct sl_opt events_options[] = {
    { "state", 0, SL_OPT_CHOICE, offsetof(struct events_options, state), "new|held|done|ignored",
      .help = "Only those" },
    { 0 },
};

static const struct sl_column columns[] = {
    { "id", SL_INT, 0 },
    { "provider", SL_TEXT, 0 },
    { "school", SL_TEXT, 0 },
    { "kind", SL_TEXT, 0 },
    { "state", SL_TEXT, 0 },
    { "event_key", SL_TEXT, SL_WIDE },
    { "external_reference", SL_TEXT, 0 },
    { "received_at", SL_TIME, 0 },
    { "note", SL_TEXT, 0 },
    { "request", SL_INT, SL_WIDE },
};

static int print_event(struct sl_output *output, const struct sl_webhook_event *event,
                       struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){
                             sl_int(event->id), sl_text(event->provider), sl_text(event->school),
                             sl_text(event->kind), sl_text(event->state), sl_text(event->key),
                             sl_text(event->external_reference), sl_time(event->created_at),
                             sl_text(event->note), sl_int(event->request_id) },
                         err);
}

static int print_events(const struct sl_cli *cli, struct sl_service *service,
                        const struct sl_webhook_filter *filter, const char *zone,
                        struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), zone);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_webhook_event event;
    int more;

    if (sl_webhook_events_list(&rows, service->db, filter, err) < 0)
        return -1;
    while ((more = sl_webhook_events_next(&rows, &event, err)) > 0)
        if (print_event(output, &event, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

static int events_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct events_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_webhook_filter filter = { .state = options->state };
    struct sl_school school = { 0 };
    struct sl_provider provider;

    if (cli->school ? sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0
                    : sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    filter.school_id = school.id;
    if (cli->provider) {
        if (sl_providers_find(service->db, cli->arena, cli->provider, &provider, err) < 0)
            return -1;
        filter.provider_id = provider.id;
    }
    return print_events(cli, service, &filter, school.timezone, err);
}

/* ---- replay --------------------------------------------------------------------------------------- */

struct replay_options {
    bool request;
};

static const struct sl_opt replay_options[] = {
    { "request", 0, SL_OPT_FLAG, offsetof(struct replay_options, request), NULL,
      .help = "The id is a request's: all of its events" },
    { 0 },
};

static int print_replayed(const struct sl_cli *cli, struct sl_service *service, int64_t id,
                          struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    struct sl_webhook_request request;
    struct sl_webhook_event event;
    int found = sl_webhook_events_get(service->db, cli->arena, id, &event, &request, err);

    if (found < 0 || (found > 0 && print_event(output, &event, err) < 0))
        return -1;
    return sl_output_end(&output, err);
}

static int replay_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct replay_options *options = opaque;
    const enum sl_replay what = options->request ? SL_REPLAY_REQUEST : SL_REPLAY_EVENT;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_webhook_filter filter = { 0 };
    int64_t id;

    if (!sl_parse_int(cli->operands[0], 1, INT64_MAX, &id))
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no id", cli->operands[0]);
    if (sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0 ||
        sl_inbound_replay(service, what, id, err) < 0)
        return -1;
    filter.request_id = id;
    return options->request ? print_events(cli, service, &filter, NULL, err)
                            : print_replayed(cli, service, id, err);
}

/* ---- The program ------------------------------------------------------------------------------------ */

static const struct sl_verb verbs[] = {
    { .name = "serve",
      .summary = "Listen to what providers tell, until SIGTERM",
      .options = serve_options,
      .options_size = sizeof(struct serve_options),
      .run = serve_run,
      .common = SL_WORKS_UNHEARD },
    { .name = "events",
      .summary = "List what providers told, newest first",
      .options = events_options,
      .options_size = sizeof(struct events_options),
      .run = events_run,
      .common = SL_USES_SCHOOL | SL_USES_PROVIDER },
    { .name = "replay",
      .operands = "ID",
      .summary = "Apply an event once more",
      .options = replay_options,
      .options_size = sizeof(struct replay_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = replay_run },
};

static const struct sl_program program = {
    .name = "sl-webhook",
    .summary = "What providers tell us",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    return sl_cli_main(argc, argv, &program);
}
