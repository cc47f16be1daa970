#include "lib/cli/output.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/table.h"

struct sl_output {
    struct sl_output_to to;
    const struct sl_column *columns;
    size_t n_columns;
    struct sl_table *table; /* of the table format only */
    struct sl_arena *arena; /* of one row */
    bool begun;             /* the head is written */
    size_t n_rows;
};

struct sl_value sl_text(const char *text)
{
    return (struct sl_value){ .present = text != NULL, .text = text };
}

struct sl_value sl_int(int64_t number)
{
    return (struct sl_value){ .present = true, .number = number };
}

struct sl_value sl_bool(bool truth)
{
    return (struct sl_value){ .present = true, .number = truth };
}

struct sl_value sl_time(int64_t ms)
{
    return (struct sl_value){ .present = ms > 0, .number = ms };
}

struct sl_value sl_null(void)
{
    return (struct sl_value){ 0 };
}

/* ---- JSON --------------------------------------------------------------------------- */

static void add_quoted(const struct sl_output *output, struct sl_buf *out, const char *text)
{
    size_t n = strlen(text);

    if (!sl_utf8_valid(text, n)) /* a file's name */
        text = sl_printable(output->arena, text, n, SIZE_MAX);
    sl_json_quote(out, text);
}

static void add_json(const struct sl_output *output, struct sl_buf *out, size_t i,
                     const struct sl_value *value)
{
    const char *text = sl_value_text(output->arena, &output->columns[i], value, NULL);

    if (!text) {
        sl_buf_text(out, "null");
        return;
    }
    switch (output->columns[i].kind) {
    case SL_TEXT:
    case SL_DECIMAL:
    case SL_TIME: add_quoted(output, out, text); return;
    case SL_INT:
    case SL_BOOL: sl_buf_text(out, text); return;
    case SL_JSON: sl_json_show(out, text); return;
    }
}

static void add_object(const struct sl_output *output, const struct sl_value *values,
                       struct sl_buf *out)
{
    for (size_t i = 0; i < output->n_columns; i++) {
        sl_buf_text(out, i > 0 ? "," : "{");
        sl_json_quote(out, output->columns[i].name);
        sl_buf_text(out, ":");
        add_json(output, out, i, &values[i]);
    }
    sl_buf_text(out, "}");
}

static void json_head(const struct sl_output *output, struct sl_buf *out)
{
    if (output->to.shape == SL_SHAPE_LIST)
        sl_buf_text(out, "[");
}

static void json_row(const struct sl_output *output, const struct sl_value *values,
                     struct sl_buf *out)
{
    if (output->to.shape == SL_SHAPE_LIST)
        sl_buf_text(out, output->n_rows > 0 ? ",\n" : "\n");
    add_object(output, values, out);
}

static void json_tail(const struct sl_output *output, struct sl_buf *out)
{
    if (output->n_rows > 0)
        sl_buf_text(out, "\n");
    if (output->to.shape == SL_SHAPE_LIST)
        sl_buf_text(out, "]\n");
}

static void ndjson_row(const struct sl_output *output, const struct sl_value *values,
                       struct sl_buf *out)
{
    add_object(output, values, out);
    sl_buf_text(out, "\n");
}

/* ---- CSV and TSV -------------------------------------------------------------------- */

/* "-12.50", "+254711000001" */
static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    if (!isdigit((unsigned char)*text))
        return false;
    text += strspn(text, "0123456789");
    if (*text == '.' && isdigit((unsigned char)text[1]))
        text += 1 + strspn(text + 1, "0123456789");
    return !*text;
}

/* A spreadsheet would compute it, and what a parent or provider wrote could read other cells. */
static bool is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text) && !is_number(text);
}

static void add_csv(struct sl_buf *out, const char *text)
{
    const char *prefix = is_formula(text) ? "'" : "";

    if (!text[strcspn(text, ",\"\r\n")] && *text != ' ') {
        sl_buf_text(out, prefix);
        sl_buf_text(out, text);
        return;
    }
    sl_buf_text(out, "\"");
    for (sl_buf_text(out, prefix); *text; text++)
        sl_buf_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    sl_buf_text(out, "\"");
}

static void add_tsv(struct sl_buf *out, const char *text)
{
    static const char plain[] = "\t\n\r\\", escaped[] = "tnr\\";

    while (*text) {
        size_t n = strcspn(text, plain);

        sl_buf_add(out, text, n);
        text += n;
        if (*text) {
            sl_buf_add(out, "\\", 1);
            sl_buf_add(out, &escaped[strchr(plain, *text) - plain], 1);
            text++;
        }
    }
}

/* A line of all columns: of their names if there are no values. */
static void add_cells(const struct sl_output *output, const struct sl_value *values,
                      struct sl_buf *out, const char *separator,
                      void (*add_cell)(struct sl_buf *out, const char *text))
{
    for (size_t i = 0; i < output->n_columns; i++) {
        const struct sl_column *column = &output->columns[i];
        const char *text = column->name;

        if (values)
            text = sl_value_text(output->arena, column, &values[i], NULL);
        sl_buf_text(out, i > 0 ? separator : "");
        add_cell(out, text ? sl_without_controls(output->arena, text) : "");
    }
    sl_buf_text(out, "\n");
}

static void csv_row(const struct sl_output *output, const struct sl_value *values,
                    struct sl_buf *out)
{
    add_cells(output, values, out, ",", add_csv);
}

static void csv_head(const struct sl_output *output, struct sl_buf *out)
{
    csv_row(output, NULL, out);
}

static void tsv_row(const struct sl_output *output, const struct sl_value *values,
                    struct sl_buf *out)
{
    add_cells(output, values, out, "\t", add_tsv);
}

static void tsv_head(const struct sl_output *output, struct sl_buf *out)
{
    tsv_row(output, NULL, out);
}

/* ---- All formats -------------------------------------------------------------------- */

static void nothing(const struct sl_output *output, struct sl_buf *out)
{
    (void)output;
    (void)out;
}

static void table_row(const struct sl_output *output, const struct sl_value *values,
                      struct sl_buf *out)
{
    (void)out;
    sl_table_add(output->table, values, output->arena);
}

static void table_tail(const struct sl_output *output, struct sl_buf *out)
{
    (void)out;
    sl_table_print(output->table);
}

static const struct {
    void (*head)(const struct sl_output *output, struct sl_buf *out);
    void (*row)(const struct sl_output *output, const struct sl_value *values, struct sl_buf *out);
    void (*tail)(const struct sl_output *output, struct sl_buf *out);
} writers[] = {
    [SL_FORMAT_TABLE] = { nothing, table_row, table_tail },
    [SL_FORMAT_JSON] = { json_head, json_row, json_tail },
    [SL_FORMAT_NDJSON] = { nothing, ndjson_row, nothing },
    [SL_FORMAT_CSV] = { csv_head, csv_row, nothing },
    [SL_FORMAT_TSV] = { tsv_head, tsv_row, nothing },
};

struct sl_output *sl_output_begin(const struct sl_output_to *to, const struct sl_column *columns,
                                  size_t n_columns)
{
    struct sl_output *output = calloc(1, sizeof *output);

    if (!output)
        sl_out_of_memory();
    output->to = *to;
    output->columns = columns;
    output->n_columns = n_columns;
    output->arena = sl_arena_new();
    if (to->format == SL_FORMAT_TABLE)
        output->table = sl_table_new(&output->to, columns, n_columns);
    return output;
}

struct sl_output *sl_output_open(const struct sl_cli *cli, enum sl_shape shape,
                                 const struct sl_column *columns, size_t n_columns,
                                 const char *zone)
{
    const struct sl_output_to to = {
        .stream = stdout,
        .name = "standard output",
        .format = cli->format,
        .shape = shape,
        .zone = zone,
        .wide = cli->verbose > 0,
    };

    return sl_output_begin(&to, columns, n_columns);
}

/* Writes what was made, and forgets it. The stream remembers a failure. */
static int write_out(struct sl_output *output, const struct sl_buf *out, struct sl_err *err)
{
    size_t n = out->len;
    bool written = fwrite_unlocked(out->data, 1, n, output->to.stream) == n;
    int status = 0;

    if (!written || ferror_unlocked(output->to.stream))
        status = sl_err_set(err, SL_ERR_IO, "%s: %m", output->to.name);
    sl_arena_reset(output->arena);
    return status;
}

static void add_head(struct sl_output *output, struct sl_buf *out)
{
    if (!output->begun)
        writers[output->to.format].head(output, out);
    output->begun = true;
}

int sl_output_row(struct sl_output *output, const struct sl_value *values, struct sl_err *err)
{
    struct sl_buf out = sl_buf_new(output->arena);

    assert(output->to.shape == SL_SHAPE_LIST || output->n_rows == 0);
    add_head(output, &out);
    writers[output->to.format].row(output, values, &out);
    output->n_rows++;
    return write_out(output, &out, err);
}

static int flush(struct sl_output *output, const struct sl_buf *out, struct sl_err *err)
{
    if (write_out(output, out, err) < 0)
        return -1;
    if (fflush(output->to.stream) != 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", output->to.name);
    return 0;
}

int sl_output_flush(struct sl_output *output, struct sl_err *err)
{
    struct sl_buf out = sl_buf_new(output->arena);

    add_head(output, &out);
    if (output->table)
        sl_table_print(output->table);
    return flush(output, &out, err);
}

int sl_output_end(struct sl_output **output, struct sl_err *err)
{
    struct sl_buf out = sl_buf_new((*output)->arena);
    int status;

    add_head(*output, &out);
    writers[(*output)->to.format].tail(*output, &out);
    status = flush(*output, &out, err);
    sl_table_free(&(*output)->table);
    sl_arena_free(&(*output)->arena);
    free(*output);
    *output = NULL;
    return status;
}

void sl_output_free(struct sl_output **output)
{
    struct sl_err untold;

    if (!*output)
        return;
    if ((*output)->begun) {
        (void)sl_output_end(output, &untold);
        return;
    }
    sl_table_free(&(*output)->table);
    sl_arena_free(&(*output)->arena);
    free(*output);
    *output = NULL;
}
