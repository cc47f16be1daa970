#include "cmd/common/log_rows.h"

/* Which cell a column shows; the last three are no cells of the row. */
enum { SCHOOL = SL_LOG_COLUMNS, PROVIDER, PEOPLE };

static const struct {
    struct sl_column column;
    int cell;
} shown[] = {
    { { "id", SL_INT, 0 }, SL_LOG_ID },
    { { "created_at", SL_TIME, 0 }, SL_LOG_CREATED_AT },
    { { "school_id", SL_INT, SL_WIDE }, SL_LOG_SCHOOL_ID },
    { { "school", SL_TEXT, 0 }, SCHOOL },
    { { "provider_id", SL_INT, SL_WIDE }, SL_LOG_PROVIDER_ID },
    { { "provider", SL_TEXT, 0 }, PROVIDER },
    { { "direction", SL_TEXT, SL_WIDE }, SL_LOG_DIRECTION },
    { { "operation", SL_TEXT, 0 }, SL_LOG_OPERATION },
    { { "status", SL_TEXT, 0 }, SL_LOG_STATUS },
    { { "status_code", SL_INT, 0 }, SL_LOG_STATUS_CODE },
    { { "duration_ms", SL_INT, 0 }, SL_LOG_DURATION_MS },
    { { "attempt", SL_INT, SL_WIDE }, SL_LOG_ATTEMPT },
    { { "reference_type", SL_TEXT, SL_WIDE }, SL_LOG_REFERENCE_TYPE },
    { { "reference_id", SL_TEXT, SL_WIDE }, SL_LOG_REFERENCE_ID },
    { { "external_reference", SL_TEXT, 0 }, SL_LOG_EXTERNAL_REFERENCE },
    { { "error_message", SL_TEXT, 0 }, SL_LOG_ERROR_MESSAGE },
    { { "ip_address", SL_TEXT, SL_WIDE }, SL_LOG_IP_ADDRESS },
    { { "actor", SL_TEXT, SL_WIDE }, SL_LOG_ACTOR },
    { { "request_data", SL_JSON, SL_WIDE }, SL_LOG_REQUEST_DATA },
    { { "response_data", SL_JSON, SL_WIDE }, SL_LOG_RESPONSE_DATA },
    { { "salt", SL_TEXT, SL_WIDE }, SL_LOG_SALT },
    { { "body_digest", SL_TEXT, SL_WIDE }, SL_LOG_BODY_DIGEST },
    { { "previous_hash", SL_TEXT, SL_WIDE }, SL_LOG_PREVIOUS_HASH },
    { { "hash", SL_TEXT, SL_WIDE }, SL_LOG_HASH },
    { { "people", SL_JSON, 0 }, PEOPLE },
};

enum { N_REVEALED = SL_COUNT(shown), N_WHOLE = N_REVEALED - 1, N_SHORT = N_WHOLE - 4 };

struct sl_output *sl_log_output(const struct sl_cli *cli, enum sl_shape shape,
                                enum sl_log_detail detail, const char *zone)
{
    static const size_t n_columns[] = {
        [SL_LOG_SHORT] = N_SHORT,
        [SL_LOG_WHOLE] = N_WHOLE,
        [SL_LOG_REVEALED] = N_REVEALED,
    };
    struct sl_column *columns = SL_NEW(cli->arena, struct sl_column, N_REVEALED);

    for (size_t i = 0; i < N_REVEALED; i++)
        columns[i] = shown[i].column;
    return sl_output_open(cli, shape, columns, n_columns[detail], zone);
}

static struct sl_value show_cell(const struct sl_log_cell *cell, enum sl_column_kind kind)
{
    switch (cell->kind) {
    case SL_LOG_NULL: return sl_null();
    case SL_LOG_TEXT: return sl_text(cell->text);
    case SL_LOG_NUMBER: break;
    }
    return kind == SL_TIME ? sl_time(cell->number) : sl_int(cell->number);
}

int sl_log_print(struct sl_output *output, const struct sl_log_row *row, const char *people,
                 struct sl_err *err)
{
    const char *const others[] = { row->school, row->provider, people };
    struct sl_value values[N_REVEALED];

    for (size_t i = 0; i < N_REVEALED; i++)
        values[i] = shown[i].cell < SCHOOL
                        ? show_cell(&row->cells[shown[i].cell], shown[i].column.kind)
                        : sl_text(others[shown[i].cell - SCHOOL]);
    return sl_output_row(output, values, err);
}
