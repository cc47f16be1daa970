/* Records, printed in every format by one way: the same fields under the same names.
 *
 *     static const struct sl_column columns[] = {
 *         { "id", SL_TEXT, 0 },
 *         { "segments", SL_INT, 0 },
 *         { "created_at", SL_TIME, SL_WIDE },
 *     };
 *     SL_AUTO(sl_output_free) struct sl_output *output =
 *         sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), school->timezone);
 *     while (…)
 *         if (sl_output_row(output, (struct sl_value[]){ sl_text(id), sl_int(n), sl_time(ms) },
 *                           err) < 0)
 *             return -1;
 *     return sl_output_end(&output, err);
 *
 * table   for people: fitted to the terminal if there is one, never cut elsewhere; times in the
 *         school's zone; what could steer a terminal comes out as '?'. It is printed in pages of
 *         a thousand rows; all else is streamed, so that memory stays flat.
 * json    LIST: one array, even of one or none, a line a record. OBJECT: an object.
 * ndjson  an object a line.
 * csv     RFC 4180 with LF and a header line. What a spreadsheet would take for a formula and is
 *         no number or phone gets a leading apostrophe.
 * tsv     a header line; tab, newline, carriage return and backslash as \t \n \r \\.
 *         In both, other control characters come out as '?'; JSON escapes them.
 *
 * All but the table write times as UTC with Z. Null is null, or an empty cell. */
#ifndef SL_CLI_OUTPUT_H
#define SL_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/cli/cli.h"

enum sl_column_kind {
    SL_TEXT,
    SL_INT,     /* right-aligned in a table */
    SL_BOOL,    /* true or false */
    SL_TIME,    /* milliseconds UTC */
    SL_DECIMAL, /* text, "0.8000": right-aligned, and a text in JSON, which has no decimals */
    SL_JSON,    /* text that is one JSON value, and goes into JSON as it is */
};

enum sl_column_flags {
    SL_WIDE = 1,  /* in a table of a list only with --verbose */
    SL_RIGHT = 2, /* right-aligned, whatever the kind */
};

struct sl_column {
    const char *name; /* "external_reference" */
    enum sl_column_kind kind;
    unsigned flags;
};

/* A cell; what it holds must be of its column's kind. Made by the functions below. */
struct sl_value {
    bool present; /* false: null */
    int64_t number;
    const char *text; /* borrowed until sl_output_row() returns */
};

struct sl_value sl_text(const char *text); /* TEXT, DECIMAL, JSON; NULL is null */
struct sl_value sl_int(int64_t number);
struct sl_value sl_bool(bool truth);
struct sl_value sl_time(int64_t ms); /* null if ms is not above 0 */
struct sl_value sl_null(void);

enum sl_shape {
    SL_SHAPE_LIST,
    SL_SHAPE_OBJECT, /* exactly one row; a table of it has a line a field: name, value */
};

struct sl_output;

struct sl_output_to {
    FILE *stream;     /* borrowed */
    const char *name; /* for errors: "standard output", a path */
    enum sl_format format;
    enum sl_shape shape;
    const char *zone; /* of times in a table; NULL: UTC */
    bool wide;        /* show SL_WIDE columns too */
};

/* The columns are borrowed until the end. Nothing is written yet. */
struct sl_output *sl_output_begin(const struct sl_output_to *to, const struct sl_column *columns,
                                  size_t n_columns);

/* The usual one: to stdout, as the line asked for. */
struct sl_output *sl_output_open(const struct sl_cli *cli, enum sl_shape shape,
                                 const struct sl_column *columns, size_t n_columns,
                                 const char *zone);

/* One value for each column. -1 if the stream does not take it (SL_ERR_IO). */
int sl_output_row(struct sl_output *output, const struct sl_value *values, struct sl_err *err);

/* Writes out what is held back, for somebody who follows (`tail -F`). */
int sl_output_flush(struct sl_output *output, struct sl_err *err);

/* Writes the rest, flushes the stream, frees. *output is NULL afterwards, whatever happened. */
int sl_output_end(struct sl_output **output, struct sl_err *err);

/* The same on the way out of a failure, for SL_AUTO(): an array that was begun is closed, so
 * that stdout parses; errors are not told. *output may be NULL. */
void sl_output_free(struct sl_output **output);

#endif
