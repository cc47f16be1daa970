#include "cmd/common/hook_verbs.h"

#include <string.h>

#include "cmd/common/open.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/hooks.h"

const struct sl_opt sl_hook_options[] = {
    { "event", 0, SL_OPT_TEXT, offsetof(struct sl_hook_options, event), "EVENT",
      .help = "What to tell: payment.succeeded, message.failed …; * is all", .required = true },
    { "url", 0, SL_OPT_TEXT, offsetof(struct sl_hook_options, url), "URL",
      .help = "Where to POST it: https, or http to this machine" },
    { "exec", 0, SL_OPT_TEXT, offsetof(struct sl_hook_options, program), "FILE",
      .help = "Or the program of this machine that gets it on stdin" },
    { 0 },
};

const struct sl_opt sl_alert_options[] = {
    { "to", 0, SL_OPT_TEXT, offsetof(struct sl_alert_options, to), "NUMBER|ADDRESS|URL",
      .help =
          "Whom to tell: a number that is texted, an address that is mailed, or where to POST it",
      .required = true },
    { "event", 0, SL_OPT_TEXT, offsetof(struct sl_alert_options, event), "EVENT",
      .help = "What to tell; without it trouble: a provider is down, refuses the credentials or"
              " works again, or something needs attention" },
    { 0 },
};

/* ---- Records --------------------------------------------------------------------------------- */

static const struct sl_column columns[] = {
    { "id", SL_INT, 0 },
    { "school", SL_TEXT, 0 },
    { "event", SL_TEXT, 0 },
    { "kind", SL_TEXT, 0 },
    { "target", SL_TEXT, 0 },
    { "is_active", SL_BOOL, 0 },
    { "created_at", SL_TIME, 0 },
    /* of `add` alone: */
    { "secret", SL_TEXT, 0 },
};

enum { N_WHOLE = SL_COUNT(columns), N_SHORT = N_WHOLE - 1 };

static int print_hook(struct sl_output *output, const struct sl_hook_row *hook, const char *secret,
                      struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){ sl_int(hook->id), sl_text(hook->school),
                                              sl_text(hook->event), sl_text(hook->kind),
                                              sl_text(hook->target), sl_bool(hook->is_active),
                                              sl_time(hook->created_at), sl_text(secret) },
                         err);
}

static int print_added(const struct sl_cli *cli, const struct sl_hook_row *hook, const char *secret,
                       struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, secret ? N_WHOLE : N_SHORT, NULL);

    if (print_hook(output, hook, secret, err) < 0)
        return -1;
    if (secret)
        sl_say(cli, "it proves what we send to who has it, and is not shown again");
    return sl_output_end(&output, err);
}

static int list(const struct sl_cli *cli, const char *purpose, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, N_SHORT, NULL);
    struct sl_school school = { 0 };
    struct sl_hook_row hook;
    int more;

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0) ||
        sl_hooks_list(&rows, service->db, purpose, school.id, err) < 0)
        return -1;
    while ((more = sl_hooks_next(&rows, &hook, err)) > 0)
        if (print_hook(output, &hook, NULL, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

static int remove_one(const struct sl_cli *cli, const char *purpose, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    int64_t id;

    if (!sl_parse_int(cli->operands[0], 1, INT64_MAX, &id)) {
        (void)sl_err_set(err, SL_ERR_DATA, "'%s' is no id", cli->operands[0]);
        return sl_err_hint(err, "`sl-config %s list` shows them", purpose);
    }
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    return sl_hook_remove(service, purpose, id, err);
}

/* ---- hook ------------------------------------------------------------------------------------ */

int sl_hook_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_hook_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_hook_row hook = { .purpose = "hook",
                                .event = given->event,
                                .kind = given->url ? "url" : "exec",
                                .target = given->url ? given->url : given->program };
    struct sl_school school;
    const char *secret;

    if (!given->url == !given->program)
        return sl_err_set(err, SL_ERR_USAGE, "give --url or --exec, and not both");
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0)
        return -1;
    hook.school_id = school.id;
    if (sl_hook_add(service, cli->arena, &school, &hook, &secret, err) < 0)
        return -1;
    return print_added(cli, &hook, secret, err);
}

int sl_hook_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return list(cli, "hook", err);
}

int sl_hook_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return remove_one(cli, "hook", err);
}

/* ---- alert ----------------------------------------------------------------------------------- */

/* What is told to a number is sent by a school's provider; an address needs none. */
static int read_target(const struct sl_cli *cli, struct sl_hook_row *alert, struct sl_err *err)
{
    if (strstr(alert->target, "://")) {
        alert->kind = "url";
        return 0;
    }
    alert->kind = strchr(alert->target, '@') ? "email" : "sms";
    if (!cli->school)
        return sl_err_set(err, SL_ERR_USAGE, "name the school whose provider %s '%s': -s SCHOOL",
                          strchr(alert->target, '@') ? "mails" : "texts", alert->target);
    return 0;
}

int sl_alert_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_alert_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_hook_row alert = { .purpose = "alert",
                                 .event = given->event ? given->event : "trouble",
                                 .target = given->to };
    struct sl_school school;
    const char *secret;

    if (read_target(cli, &alert, err) < 0 || sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_schools_find(service->db, cli->arena, cli->school ? cli->school : "everyone", &school,
                        err) < 0)
        return -1;
    alert.school_id = school.id;
    if (sl_hook_add(service, cli->arena, &school, &alert, &secret, err) < 0)
        return -1;
    return print_added(cli, &alert, secret, err);
}

int sl_alert_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return list(cli, "alert", err);
}

int sl_alert_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return remove_one(cli, "alert", err);
}
