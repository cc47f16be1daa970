#include "cmd/common/config_verbs.h"

#include <string.h>

#include "cmd/common/open.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/config.h"
#include "lib/service/config_input.h"
#include "lib/service/values.h"

const struct sl_opt sl_set_options[] = {
    { "environment", 0, SL_OPT_CHOICE, offsetof(struct sl_set_options, environment),
      "sandbox|production", .help = "Which of the provider's; else its own default, or sandbox" },
    { "primary", 0, SL_OPT_FLAG, offsetof(struct sl_set_options, primary), NULL,
      .help = "The school's first choice for the category" },
    { "from", 0, SL_OPT_TEXT, offsetof(struct sl_set_options, from), "FILE|-",
      .help = "Read NAME=VALUE lines, or one JSON object" },
    { 0 },
};

int sl_check_category(const char *category, struct sl_err *err)
{
    size_t n = 0;

    for (; sl_category_names[n]; n++)
        if (strcmp(sl_category_names[n], category) == 0)
            return 0;
    return sl_err_unknown(err, SL_ERR_DATA, "category", category, sl_category_names, n);
}

/* ---- A row --------------------------------------------------------------------------- */

static const struct sl_column row_columns[] = {
    { "id", SL_INT, SL_WIDE },          { "school", SL_TEXT, 0 },
    { "category", SL_TEXT, 0 },         { "provider", SL_TEXT, 0 },
    { "environment", SL_TEXT, 0 },      { "is_enabled", SL_BOOL, 0 },
    { "is_primary", SL_BOOL, 0 },       { "rank", SL_INT, 0 },
    { "last_tested_at", SL_TIME, 0 },   { "last_test_status", SL_TEXT, 0 },
    { "created_at", SL_TIME, SL_WIDE }, { "updated_at", SL_TIME, SL_WIDE },
};

enum { N_ROW_COLUMNS = SL_COUNT(row_columns) };

static void fill_row(const struct sl_config_row *row, struct sl_value values[N_ROW_COLUMNS])
{
    const struct sl_value filled[N_ROW_COLUMNS] = {
        sl_int(row->id),
        sl_text(row->school_code),
        sl_text(row->category),
        sl_text(row->provider_code),
        sl_text(row->environment),
        sl_bool(row->is_enabled),
        sl_bool(row->is_primary),
        sl_int(row->rank),
        sl_time(row->last_tested_at),
        sl_text(row->last_test_status),
        sl_time(row->created_at),
        sl_time(row->updated_at),
    };

    memcpy(values, filled, sizeof filled);
}

static int print_row(const struct sl_cli *cli, struct sl_service *service,
                     const struct sl_school *school, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, row_columns, N_ROW_COLUMNS, school->timezone);
    struct sl_value values[N_ROW_COLUMNS];
    struct sl_config_row row;

    if (sl_config_find(service, cli->arena, school, cli->provider, &row, err) < 0)
        return -1;
    fill_row(&row, values);
    return sl_output_row(output, values, err) < 0 ? -1 : sl_output_end(&output, err);
}

/* `category` NULL: of all. */
static int print_rows(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_school *school, const char *category, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, row_columns, N_ROW_COLUMNS,
                                              school ? school->timezone : NULL);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_value values[N_ROW_COLUMNS];
    struct sl_config_row row;
    int more;

    if (sl_configs_list(&rows, service->db, school ? school->id : 0, err) < 0)
        return -1;
    while ((more = sl_configs_next(&rows, &row, err)) > 0) {
        if (category && strcmp(row.category, category) != 0)
            continue;
        fill_row(&row, values);
        if (sl_output_row(output, values, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}

int sl_configs_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;

    (void)options;
    if (!cli->school)
        return sl_open_service(cli, SL_NO_KEYS, &service, err) < 0
                   ? -1
                   : print_rows(cli, service, NULL, NULL, err);
    if (sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0)
        return -1;
    return print_rows(cli, service, &school, NULL, err);
}

/* ---- fields -------------------------------------------------------------------------- */

static const struct sl_column field_columns[] = {
    { "name", SL_TEXT, 0 },    { "required", SL_BOOL, 0 }, { "secret", SL_BOOL, 0 },
    { "default", SL_TEXT, 0 }, { "meaning", SL_TEXT, 0 },  { "kind", SL_TEXT, SL_WIDE },
    { "choices", SL_TEXT, 0 },
};

static const char *const kind_names[] = {
    [SL_FIELD_TEXT] = "text",      [SL_FIELD_INT] = "number",    [SL_FIELD_BOOL] = "true or false",
    [SL_FIELD_CHOICE] = "choice",  [SL_FIELD_URL] = "url",       [SL_FIELD_FILE] = "file",
    [SL_FIELD_CIDRS] = "networks", [SL_FIELD_FOLDER] = "folder",
};

int sl_fields_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, field_columns, SL_COUNT(field_columns), NULL);
    const struct sl_adapter *adapter;
    const struct sl_field *field;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_config_adapter(service, cli->operands[0], &adapter, err) < 0)
        return -1;
    for (size_t i = 0; (field = sl_values_field(adapter, i)) != NULL; i++)
        if (field->name && sl_output_row(output,
                                         (struct sl_value[]){
                                             sl_text(field->name), sl_bool(field->required),
                                             sl_bool(field->secret),
                                             sl_text(sl_values_default(cli->arena, adapter, i)),
                                             sl_text(field->help), sl_text(kind_names[field->kind]),
                                             sl_text(field->choices) },
                                         err) < 0)
            return -1;
    return sl_output_end(&output, err);
}

/* ---- set, unset ---------------------------------------------------------------------- */

/* What the school has set already; all empty if that is nothing, or does not open. */
static struct sl_values stored(const struct sl_cli *cli, struct sl_service *service,
                               const struct sl_school *school, const struct sl_adapter *adapter)
{
    struct sl_values values = sl_values_new(cli->arena, adapter);
    struct sl_config_row row;
    struct sl_err ignored; /* sl_config_set() meets it again */

    if (sl_config_find(service, cli->arena, school, adapter->code, &row, &ignored) == 0)
        (void)sl_values_open(service, cli->arena, &row, adapter, &values, &ignored);
    return values;
}

static bool any_set(const struct sl_values *values)
{
    for (size_t i = 0; i < values->n; i++)
        if (values->at[i])
            return true;
    return false;
}

static int ask(const struct sl_cli *cli, const struct sl_values *known,
               struct sl_config_input *input, struct sl_err *err)
{
    for (size_t i = 0; i < known->adapter->n_fields; i++) {
        const struct sl_field *field = &known->adapter->fields[i];
        const char *prompt = sl_arena_printf(cli->arena, "%s (%s)", field->name, field->help);
        const char *answer;

        if (!field->required || field->otherwise || known->at[i] ||
            sl_config_input_has(input, field->name))
            continue;
        answer = sl_terminal_read(cli->arena, prompt, field->secret ? SL_NO_ECHO : SL_ECHO, err);
        if (!answer || sl_config_input_add(input, field->name, answer, err) < 0)
            return -1;
    }
    return 0;
}

/* The line is read first, to refuse a secret on it before anything is waited for, and once more
 * behind the file, because it counts more. */
static int gather(const struct sl_cli *cli, const struct sl_set_options *options,
                  const struct sl_values *known, struct sl_config_input *input, struct sl_err *err)
{
    for (size_t i = 0; i < cli->n_operands; i++)
        if (sl_config_input_operand(input, cli->operands[i], err) < 0)
            return -1;
    if (options->from && sl_config_input_from(input, options->from, err) < 0)
        return -1;
    for (size_t i = 0; options->from && i < cli->n_operands; i++)
        if (sl_config_input_operand(input, cli->operands[i], err) < 0)
            return -1;
    return sl_terminal_attended() ? ask(cli, known, input, err) : 0;
}

int sl_set_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_set_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_config_input input = { .arena = cli->arena };
    struct sl_config_set set = { .environment = options->environment,
                                 .make_primary = options->primary };
    struct sl_school school;
    struct sl_values known;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_config_adapter(service, cli->provider, &input.adapter, err) < 0)
        return -1;
    known = stored(cli, service, &school, input.adapter);
    if (gather(cli, options, &known, &input, err) < 0)
        return -1;
    if (input.n == 0 && !options->environment && !options->primary && any_set(&known)) {
        (void)sl_err_set(err, SL_ERR_USAGE, "there is nothing to set");
        return sl_err_hint(err, "give NAME=VALUE, --from, --environment or --primary");
    }
    set.changes = input.changes;
    set.n_changes = input.n;
    if (sl_config_set(service, &school, input.adapter, &set, err) < 0)
        return -1;
    return print_row(cli, service, &school, err);
}

/* What may be missing, and what does not work then. */
static int tell_lacking(const struct sl_cli *cli, struct sl_service *service,
                        const struct sl_school *school, const struct sl_adapter *adapter,
                        struct sl_err *err)
{
    struct sl_config_row row;
    struct sl_values values;
    const char *lacking;

    if (sl_config_find(service, cli->arena, school, adapter->code, &row, err) < 0 ||
        sl_values_open(service, cli->arena, &row, adapter, &values, err) < 0)
        return -1;
    lacking = sl_values_lacking(cli->arena, adapter, values.at);
    if (lacking)
        sl_say(cli, "%s: %s for %s: not set: %s", cli->program, adapter->code, school->code,
               lacking);
    return 0;
}

int sl_unset_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_change *changes = SL_NEW(cli->arena, struct sl_change, cli->n_operands);
    const struct sl_config_set set = { .changes = changes, .n_changes = cli->n_operands };
    const struct sl_adapter *adapter;
    struct sl_config_row row;
    struct sl_school school;

    (void)options;
    for (size_t i = 0; i < cli->n_operands; i++)
        changes[i].name = cli->operands[i];
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_config_adapter(service, cli->provider, &adapter, err) < 0 ||
        sl_config_find(service, cli->arena, &school, cli->provider, &row, err) < 0 ||
        sl_config_set(service, &school, adapter, &set, err) < 0 ||
        tell_lacking(cli, service, &school, adapter, err) < 0)
        return -1;
    return print_row(cli, service, &school, err);
}

/* ---- show ---------------------------------------------------------------------------- */

/* The row, and behind it a column for each setting: its value as it may be seen, or its default. */
static int print_settings(const struct sl_cli *cli, const struct sl_school *school,
                          const struct sl_config_row *row, const struct sl_values *values,
                          struct sl_err *err)
{
    size_t n = N_ROW_COLUMNS;
    struct sl_column *columns = SL_NEW(cli->arena, struct sl_column, n + values->n);
    struct sl_value *cells = SL_NEW(cli->arena, struct sl_value, n + values->n);
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    memcpy(columns, row_columns, sizeof row_columns);
    fill_row(row, cells);
    for (size_t i = 0; i < values->n; i++) {
        const struct sl_field *field = sl_values_field(values->adapter, i);
        const char *value = sl_values_shown(cli->arena, field, values->at[i]);

        if (!field->name)
            continue;
        columns[n] = (struct sl_column){ field->name, SL_TEXT, 0 };
        cells[n++] = sl_text(value ? value : sl_values_default(cli->arena, values->adapter, i));
    }
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, n, school->timezone);
    return sl_output_row(output, cells, err) < 0 ? -1 : sl_output_end(&output, err);
}

int sl_configs_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    const struct sl_adapter *adapter;
    struct sl_config_row row;
    struct sl_school school;
    struct sl_values values;

    (void)options;
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_config_adapter(service, cli->provider, &adapter, err) < 0 ||
        sl_config_find(service, cli->arena, &school, cli->provider, &row, err) < 0 ||
        sl_values_open(service, cli->arena, &row, adapter, &values, err) < 0)
        return -1;
    return print_settings(cli, &school, &row, &values, err);
}

/* ---- enable, disable, primary, rank -------------------------------------------------- */

static int act(const struct sl_cli *cli, enum sl_config_act what, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;

    if (sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0 ||
        sl_config_act(service, &school, cli->provider, what, err) < 0)
        return -1;
    return print_row(cli, service, &school, err);
}

int sl_enable_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return act(cli, SL_CONFIG_ENABLE, err);
}

int sl_disable_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return act(cli, SL_CONFIG_DISABLE, err);
}

int sl_primary_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return act(cli, SL_CONFIG_PRIMARY, err);
}

int sl_rank_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    const char *category = cli->operands[0];
    struct sl_school school;

    (void)options;
    if (sl_check_category(category, err) < 0 ||
        sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0 ||
        sl_config_rank(service, &school, category, cli->operands + 1, cli->n_operands - 1, err) < 0)
        return -1;
    return print_rows(cli, service, &school, category, err);
}
