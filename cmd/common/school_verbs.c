#include "cmd/common/school_verbs.h"

#include "cmd/common/open.h"
#include "lib/cli/output.h"
#include "lib/service/keep.h"
#include "lib/service/school.h"

#define MEMBER(m) offsetof(struct sl_school_options, m)
#define OPTIONS(name_required)                                                                         \
    { "name",                                                                                          \
      0,                                                                                               \
      SL_OPT_TEXT,                                                                                     \
      MEMBER(name),                                                                                    \
      "TEXT",                                                                                          \
      .help = "What people call it",                                                                   \
      .required = (name_required) },                                                                   \
        { "country", 0, SL_OPT_TEXT, MEMBER(country), "COUNTRY", .help = "ISO 3166 code, as KE" },     \
        { "timezone", 0, SL_OPT_TEXT, MEMBER(timezone), "ZONE", .help = "As Africa/Nairobi" },         \
        { "currency", 0, SL_OPT_TEXT, MEMBER(currency), "CURRENCY", .help = "ISO 4217 code, as KES" }, \
        { "receipt-template",                                                                          \
          0,                                                                                           \
          SL_OPT_TEXT,                                                                                 \
          MEMBER(receipt_template),                                                                    \
          "TEXT",                                                                                      \
          .help = "Text that thanks for a payment; empty: none is sent" },                             \
    {                                                                                                  \
        "keep", 0, SL_OPT_LIST, MEMBER(keep), "KIND=DAYS",                                             \
            .help =                                                                                    \
                "Erase bodies, messages, callbacks, queue or events after that; may be repeated"       \
    }

const struct sl_opt sl_school_add_options[] = {
    OPTIONS(true),
    { 0 },
};

const struct sl_opt sl_school_edit_options[] = {
    OPTIONS(false),
    { "status", 0, SL_OPT_CHOICE, MEMBER(status), "active|closed",
      .help = "Nothing is sent for a closed school" },
    { 0 },
};

static const struct sl_column columns[] = {
    { "id", SL_INT, SL_WIDE },
    { "code", SL_TEXT, 0 },
    { "name", SL_TEXT, 0 },
    { "country", SL_TEXT, 0 },
    { "timezone", SL_TEXT, 0 },
    { "currency", SL_TEXT, 0 },
    { "status", SL_TEXT, 0 },
    { "receipt_template", SL_TEXT, SL_WIDE },
    { "created_at", SL_TIME, SL_WIDE },
    { "updated_at", SL_TIME, SL_WIDE },
    { "keep_days", SL_TEXT, SL_WIDE },
};

static int print_row(struct sl_output *output, const struct sl_school *school, struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){
                             sl_int(school->id), sl_text(school->code), sl_text(school->name),
                             sl_text(school->country), sl_text(school->timezone),
                             sl_text(school->currency), sl_text(school->status),
                             sl_text(school->receipt_template), sl_time(school->created_at),
                             sl_time(school->updated_at), sl_text(school->keep_days) },
                         err);
}

static int print_one(const struct sl_cli *cli, struct sl_service *service, const char *code,
                     struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school;

    if (sl_schools_find(service->db, cli->arena, code, &school, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), school.timezone);
    return print_row(output, &school, err) < 0 ? -1 : sl_output_end(&output, err);
}

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

/* An empty template is none. */
static const char *template_of(const char *given, const char *otherwise)
{
    const char *text = or_else(given, otherwise);

    return text && *text ? text : NULL;
}

/* The pairs of the line, in what the school had: *keep_days is set anew. */
static int change_keep(const struct sl_cli *cli, const struct sl_list *pairs,
                       const char **keep_days, struct sl_err *err)
{
    struct sl_keep keep;

    if (sl_keep_read(*keep_days, &keep, err) < 0)
        return -1;
    for (size_t i = 0; i < pairs->n; i++)
        if (sl_keep_change(&keep, pairs->items[i], err) < 0)
            return -1;
    *keep_days = sl_keep_print(cli->arena, &keep);
    return 0;
}

int sl_school_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_school_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school = {
        .code = cli->operands[0],
        .name = given->name,
        .country = or_else(given->country, "KE"),
        .timezone = or_else(given->timezone, "Africa/Nairobi"),
        .currency = or_else(given->currency, "KES"),
        .status = "active",
        .receipt_template = template_of(given->receipt_template, NULL),
    };

    if (change_keep(cli, &given->keep, &school.keep_days, err) < 0 ||
        sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_school_add(service, &school, err) < 0)
        return -1;
    return print_one(cli, service, school.code, err);
}

int sl_school_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    struct sl_school school;
    int more;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_schools_list(&rows, service->db, err) < 0)
        return -1;
    while ((more = sl_schools_next(&rows, &school, err)) > 0)
        if (print_row(output, &school, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

int sl_school_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    return print_one(cli, service, cli->operands[0], err);
}

int sl_school_edit_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_school_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;

    if (!given->name && !given->country && !given->timezone && !given->currency && !given->status &&
        !given->receipt_template && given->keep.n == 0)
        return sl_err_set(err, SL_ERR_USAGE,
                          "there is nothing to change; see `%s school edit --help`", cli->program);
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_schools_find(service->db, cli->arena, cli->operands[0], &school, err) < 0)
        return -1;
    school.name = or_else(given->name, school.name);
    school.country = or_else(given->country, school.country);
    school.timezone = or_else(given->timezone, school.timezone);
    school.currency = or_else(given->currency, school.currency);
    school.status = or_else(given->status, school.status);
    school.receipt_template = template_of(given->receipt_template, school.receipt_template);
    if (change_keep(cli, &given->keep, &school.keep_days, err) < 0 ||
        sl_school_edit(service, &school, err) < 0)
        return -1;
    return print_one(cli, service, school.code, err);
}
