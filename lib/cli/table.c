#include "lib/cli/table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { PAGE_ROWS = 1000 };

struct sl_table {
    struct libscols_table *page; /* rows that are not printed yet */
    const struct sl_output_to *to;
    const struct sl_column *columns;
    size_t n_columns;
};

/* A newline in JSON stands between its tokens, never in a text; in ours it would end a record. */
static char *on_one_line(struct sl_arena *arena, const char *json)
{
    char *line = sl_arena_strdup(arena, json);

    for (char *at = line; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    return line;
}

const char *sl_value_text(struct sl_arena *arena, const struct sl_column *column,
                          const struct sl_value *value, const char *zone)
{
    char *time;

    if (!value->present)
        return NULL;
    switch (column->kind) {
    case SL_TEXT:
    case SL_DECIMAL: return value->text;
    case SL_JSON: return on_one_line(arena, value->text);
    case SL_INT: return sl_arena_printf(arena, "%" PRId64, value->number);
    case SL_BOOL: return value->number ? "true" : "false";
    case SL_TIME: break;
    }
    time = sl_arena_alloc(arena, SL_TIME_SIZE, 1);
    if (zone)
        sl_time_zone(value->number, zone, time);
    else
        sl_time_utc(value->number, time);
    return time;
}

/* libsmartcols fails only for want of memory. */
static void must(int result)
{
    if (result != 0)
        sl_out_of_memory();
}

static bool is_shown(const struct sl_table *table, const struct sl_column *column)
{
    return table->to->wide || !(column->flags & SL_WIDE);
}

/* What gives way on a narrow terminal: texts, but not the first column, which names the row. */
static int flags_of(const struct sl_table *table, const struct sl_column *column)
{
    bool number = column->kind == SL_INT || column->kind == SL_DECIMAL;
    bool text = column->kind == SL_TEXT || column->kind == SL_JSON;
    int flags = text && column != table->columns ? SCOLS_FL_TRUNC : 0;

    return flags | (number || (column->flags & SL_RIGHT) ? SCOLS_FL_RIGHT : 0);
}

/* `width` is the least, for the column of a page that follows another. */
static void add_column(struct libscols_table *page, const char *name, int flags, size_t width)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    char *heading = sl_arena_printf(arena, "%-*s", (int)width, name);

    for (char *at = heading; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    if (!scols_table_new_column(page, heading, 0, flags))
        sl_out_of_memory();
}

static size_t width_of(struct libscols_table *before, size_t column)
{
    return before ? scols_column_get_width(scols_table_get_column(before, column)) : 0;
}

static void add_columns(const struct sl_table *table, struct libscols_table *page,
                        struct libscols_table *before)
{
    size_t n = 0;

    if (table->to->shape == SL_SHAPE_OBJECT) {
        add_column(page, "name", 0, 0);
        add_column(page, "value", SCOLS_FL_WRAP, 0);
        must(scols_table_enable_noheadings(page, 1));
        return;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        if (is_shown(table, &table->columns[i])) {
            add_column(page, table->columns[i].name, flags_of(table, &table->columns[i]),
                       width_of(before, n));
            n++;
        }
}

/* Without headings if it follows another, and its columns stand below that one's: libsmartcols
 * makes no column narrower than its heading, printed or not. */
static struct libscols_table *new_page(const struct sl_table *table, struct libscols_table *before)
{
    struct libscols_table *page = scols_new_table();
    bool terminal = isatty(fileno(table->to->stream)) == 1;

    if (!page)
        sl_out_of_memory();
    must(scols_table_set_stream(page, table->to->stream));
    must(
        scols_table_set_termforce(page, terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER));
    add_columns(table, page, before);
    if (before)
        must(scols_table_enable_noheadings(page, 1));
    return page;
}

struct sl_table *sl_table_new(const struct sl_output_to *to, const struct sl_column *columns,
                              size_t n_columns)
{
    struct sl_table *table = calloc(1, sizeof *table);

    if (!table)
        sl_out_of_memory();
    table->to = to;
    table->columns = columns;
    table->n_columns = n_columns;
    table->page = new_page(table, NULL);
    return table;
}

static const char *cell_text(const struct sl_table *table, size_t i, const struct sl_value *value,
                             struct sl_arena *arena)
{
    const char *text = sl_value_text(arena, &table->columns[i], value, table->to->zone);

    return text ? sl_printable(arena, text, strlen(text), SIZE_MAX) : "";
}

static struct libscols_line *add_line(struct sl_table *table)
{
    struct libscols_line *line = scols_table_new_line(table->page, NULL);

    if (!line)
        sl_out_of_memory();
    return line;
}

static void add_object(struct sl_table *table, const struct sl_value *values,
                       struct sl_arena *arena)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        struct libscols_line *line = add_line(table);

        must(scols_line_set_data(line, 0, table->columns[i].name));
        must(scols_line_set_data(line, 1, cell_text(table, i, &values[i], arena)));
    }
}

void sl_table_add(struct sl_table *table, const struct sl_value *values, struct sl_arena *arena)
{
    struct libscols_line *line;
    size_t cell = 0;

    if (table->to->shape == SL_SHAPE_OBJECT) {
        add_object(table, values, arena);
        return;
    }
    line = add_line(table);
    for (size_t i = 0; i < table->n_columns; i++)
        if (is_shown(table, &table->columns[i]))
            must(scols_line_set_data(line, cell++, cell_text(table, i, &values[i], arena)));
    if (scols_table_get_nlines(table->page) >= PAGE_ROWS)
        sl_table_print(table);
}

void sl_table_print(struct sl_table *table)
{
    struct libscols_table *printed = table->page;
    int why;

    if (scols_table_get_nlines(printed) == 0)
        return;
    (void)scols_print_table(printed);
    why = errno;
    table->page = new_page(table, printed);
    scols_unref_table(printed);
    errno = why;
}

void sl_table_free(struct sl_table **table)
{
    if (!*table)
        return;
    scols_unref_table((*table)->page);
    free(*table);
    *table = NULL;
}
