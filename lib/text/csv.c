/* The CSV reader: lines are found here, so that their numbers are exact, and libcsv finds the
 * fields in them. */
#include "lib/text/csv.h"

#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"

enum { AHEAD = 64 * 1024 };
static const size_t nowhere = SIZE_MAX;

struct sl_csv {
    FILE *in;
    void (*on_bytes)(void *context, const char *bytes, size_t n);
    void *context;
    struct sl_arena *arena;
    struct csv_parser parser;
    struct sl_columns columns;

    char *ahead; /* SL_CSV_ROW_MOST + AHEAD bytes, of which [at, end) are not taken yet */
    size_t at, end;
    size_t line; /* the number of the line that begins or goes on at `at` */
    bool at_eof;
    size_t second_at; /* where the second line of the row begins in `ahead`, or nowhere */
    size_t second_line;

    /* The row. */
    char *bytes; /* its fields, each with a NUL */
    size_t n_bytes;
    const char **fields; /* of columns.n */
    size_t n_fields;     /* may be more */
    size_t n_raw;        /* bytes of the input */
    bool ended;
    bool open;       /* a field's quote was opened on an earlier line */
    bool given_up;   /* libcsv is not given the rest of it */
    const char *bad; /* the first reason, or NULL */
    char reason[128];
};

/* ---- Lines -------------------------------------------------------------------------- */

/* A line, or some of one that is longer than what is read ahead. Borrowed from there. */
struct piece {
    const char *bytes;
    size_t n;
    const char *end; /* "\n", "\r\n", "" where the input ends without one; NULL: it goes on */
};

/* Makes room: what was taken goes, but for lines that may have to be read again. */
static void drop_taken(struct sl_csv *csv)
{
    size_t n = csv->second_at < csv->at ? csv->second_at : csv->at;

    memmove(csv->ahead, csv->ahead + n, csv->end - n);
    csv->end -= n;
    csv->at -= n;
    if (csv->second_at != nowhere)
        csv->second_at -= n;
}

/* Fills up to AHEAD bytes that are not taken. What is kept before them is less than a row. */
static int read_ahead(struct sl_csv *csv, struct sl_err *err)
{
    size_t room, n;

    drop_taken(csv);
    if (csv->end - csv->at >= AHEAD)
        return 0;
    room = AHEAD - (csv->end - csv->at);
    n = fread(csv->ahead + csv->end, 1, room, csv->in);
    if (ferror(csv->in))
        return sl_err_set(err, SL_ERR_IO, "cannot read the list: %s", strerror(errno));
    if (csv->on_bytes && n > 0)
        csv->on_bytes(csv->context, csv->ahead + csv->end, n);
    csv->end += n;
    csv->at_eof = n < room;
    return 0;
}

/* Reads on, if need be, until a whole line is there or enough of a longer one. */
static int find_line_end(struct sl_csv *csv, const char **found, struct sl_err *err)
{
    *found = memchr(csv->ahead + csv->at, '\n', csv->end - csv->at);
    if (*found || csv->at_eof)
        return 0;
    if (read_ahead(csv, err) != 0)
        return -1;
    *found = memchr(csv->ahead + csv->at, '\n', csv->end - csv->at);
    return 0;
}

/* Returns 1, 0 at the end of the input, or -1. */
static int next_piece(struct sl_csv *csv, struct piece *piece, struct sl_err *err)
{
    const char *found;

    if (find_line_end(csv, &found, err) != 0)
        return -1;
    if (csv->at == csv->end)
        return 0;
    *piece = (struct piece){ .bytes = csv->ahead + csv->at, .n = csv->end - csv->at };
    if (found) {
        piece->n = (size_t)(found - piece->bytes);
        piece->end = "\n";
    } else if (csv->at_eof) {
        piece->end = "";
    }
    csv->at += piece->n + (found ? 1 : 0);
    if (piece->n > 0 && piece->bytes[piece->n - 1] == '\r') {
        piece->n--;
        if (found)
            piece->end = "\r\n";
        else if (!csv->at_eof)
            csv->at--; /* its LF may come next */
    }
    return 1;
}

/* ---- Rows --------------------------------------------------------------------------- */

static void mark_bad(struct sl_csv *csv, const char *reason)
{
    if (!csv->bad)
        csv->bad = reason;
}

/* A NUL would hide what is behind it; 0xFF is as little text as it is. */
static void show_nuls(char *bytes, size_t n)
{
    char *end = bytes + n;

    while ((bytes = memchr(bytes, '\0', (size_t)(end - bytes))) != NULL)
        *bytes = '\xff';
}

static void on_field(void *bytes, size_t n, void *context)
{
    struct sl_csv *csv = context;
    char *field = csv->bytes + csv->n_bytes;

    assert(csv->n_bytes + n < SL_CSV_ROW_MOST + 2); /* no field is longer than its input */
    memcpy(field, bytes, n);
    field[n] = '\0';
    if (!sl_utf8_valid(field, n)) {
        mark_bad(csv, memchr(field, '\0', n) ? "a NUL byte" : "not valid UTF-8");
        show_nuls(field, n);
    }
    if (csv->given_up && csv->open) /* the lines behind its first are not of it */
        field[strcspn(field, "\r\n")] = '\0';
    if (csv->n_fields < csv->columns.n)
        csv->fields[csv->n_fields] = field;
    csv->n_fields++;
    csv->n_bytes += n + 1;
    csv->open = false;
}

static void on_row(int end, void *context)
{
    struct sl_csv *csv = context;

    (void)end;
    csv->ended = true;
}

/* The row is bad, and ends with its first line: libcsv is given no more of it. */
static void give_up(struct sl_csv *csv, const char *reason)
{
    if (reason)
        mark_bad(csv, reason);
    csv->given_up = true;
    (void)csv_fini(&csv->parser, on_field, NULL, csv);
    csv->ended = csv->second_at != nowhere;
}

/* libcsv stopped at a quote where none may be. In an unquoted field it is a character; behind
 * a quoted one nobody knows what was meant. Returns how many bytes it took. */
static size_t take_quote(struct sl_csv *csv, const char *at)
{
    size_t n = 1;

    if (csv_error(&csv->parser) != CSV_EPARSE)
        sl_out_of_memory();
    if (csv->parser.quoted) {
        give_up(csv, csv->open ? "a quote that is never closed" : "text behind a closing quote");
        return 0;
    }
    (void)csv_set_opts(&csv->parser, CSV_REPALL_NL);
    n = csv_parse(&csv->parser, at, n, on_field, on_row, csv);
    (void)csv_set_opts(&csv->parser, CSV_REPALL_NL | CSV_STRICT);
    return n;
}

static void parse(struct sl_csv *csv, const char *bytes, size_t n)
{
    while (n > 0 && !csv->given_up) {
        size_t done = csv_parse(&csv->parser, bytes, n, on_field, on_row, csv);

        if (done < n)
            done += take_quote(csv, bytes + done);
        bytes += done;
        n -= done;
    }
}

/* The line ended, and the row did not: a quote is open. Where it has all its fields already it
 * cannot be good, and is not followed: so no line is read again more often than there are
 * columns. */
static void go_on(struct sl_csv *csv)
{
    csv->open = true;
    if (csv->second_at == nowhere) {
        csv->second_at = csv->at;
        csv->second_line = csv->line;
    }
    if (csv->columns.n > 0 && csv->n_fields >= csv->columns.n)
        give_up(csv, NULL);
}

static void take(struct sl_csv *csv, const struct piece *piece)
{
    csv->n_raw += piece->n + (piece->end ? strlen(piece->end) : 0);
    if (csv->n_raw > SL_CSV_ROW_MOST && !csv->given_up)
        give_up(csv,
                csv->open ? "a quote that is not closed within 1 MiB" : "a row of more than 1 MiB");
    parse(csv, piece->bytes, piece->n);
    if (csv->ended && !csv->given_up)
        give_up(csv, "a carriage return in the middle of a line");
    if (!piece->end)
        return;
    if (!csv->given_up)
        parse(csv, *piece->end ? piece->end : "\n", *piece->end ? strlen(piece->end) : 1);
    else
        csv->ended = true;
    csv->line++;
    if (!csv->ended)
        go_on(csv);
}

static void begin_row(struct sl_csv *csv)
{
    csv->n_bytes = csv->n_fields = csv->n_raw = 0;
    csv->second_at = nowhere;
    csv->ended = csv->open = csv->given_up = false;
    csv->bad = NULL;
}

/* A quote that somebody forgot would take the lines behind it into its row, up to the next one. */
static void read_again(struct sl_csv *csv)
{
    csv->at = csv->second_at;
    csv->line = csv->second_line;
}

/* Reads one row, or one blank line, which has no fields and is not bad. Returns 1, 0 at the end
 * of the input, or -1. */
static int read_row(struct sl_csv *csv, struct sl_err *err)
{
    struct piece piece;
    int more = 1;

    begin_row(csv);
    while (!csv->ended && (more = next_piece(csv, &piece, err)) > 0)
        take(csv, &piece);
    if (more < 0)
        return -1;
    if (!csv->ended && csv->n_raw == 0)
        return 0;
    if (!csv->ended)
        give_up(csv, "a quote that is never closed");
    if (csv->second_at != nowhere &&
        (csv->given_up || (csv->columns.n > 0 && csv->n_fields != csv->columns.n)))
        read_again(csv);
    return 1;
}

static int read_filled_row(struct sl_csv *csv, size_t *line, struct sl_err *err)
{
    int more;

    do {
        *line = csv->line;
        more = read_row(csv, err);
    } while (more > 0 && csv->n_fields == 0 && !csv->bad);
    return more;
}

/* ---- The header --------------------------------------------------------------------- */

static unsigned char find_delimiter(const char *at, const char *end)
{
    static const char delimiters[] = ",;\t";
    size_t seen[sizeof delimiters] = { 0 }, best = 0;
    bool in_quotes = false;

    while (at < end && (*at == '\r' || *at == '\n' || *at == ' '))
        at++;
    for (; at < end && (in_quotes || *at != '\n'); at++) {
        const char *found = *at ? strchr(delimiters, *at) : NULL;

        if (*at == '"')
            in_quotes = !in_quotes;
        else if (found && !in_quotes)
            seen[found - delimiters]++;
    }
    for (size_t i = 0; i < sizeof delimiters; i++)
        best = seen[i] > seen[best] ? i : best;
    return (unsigned char)delimiters[best];
}

static int start(struct sl_csv *csv, struct sl_err *err)
{
    if (read_ahead(csv, err) != 0)
        return -1;
    if (csv->end >= 3 && memcmp(csv->ahead, "\xef\xbb\xbf", 3) == 0)
        csv->at = 3;
    if (csv_init(&csv->parser, CSV_REPALL_NL | CSV_STRICT) != 0)
        sl_out_of_memory();
    csv_set_blk_size(&csv->parser, AHEAD);
    csv_set_delim(&csv->parser, find_delimiter(csv->ahead + csv->at, csv->ahead + csv->end));
    return 0;
}

/* Copies the fields of the header out of the row's bytes. */
static int name_columns(struct sl_csv *csv, struct sl_err *err)
{
    const char **names;
    const char *name = sl_arena_memdup(csv->arena, csv->bytes, csv->n_bytes);

    if (csv->n_fields > SL_CSV_COLUMNS_MOST)
        return sl_err_set(err, SL_ERR_DATA, "the list has %zu columns; %d are the most",
                          csv->n_fields, SL_CSV_COLUMNS_MOST);
    names = SL_NEW(csv->arena, const char *, csv->n_fields);
    for (size_t i = 0; i < csv->n_fields; i++, name += strlen(name) + 1) {
        names[i] = name;
        for (size_t j = 0; *name && j < i; j++)
            if (strcmp(names[j], name) == 0)
                return sl_err_set(err, SL_ERR_DATA, "the list has two columns '%s'", name);
    }
    csv->columns = (struct sl_columns){ names, csv->n_fields };
    csv->fields = SL_NEW(csv->arena, const char *, csv->n_fields);
    return 0;
}

static int read_header(struct sl_csv *csv, struct sl_err *err)
{
    size_t line;
    int more = read_filled_row(csv, &line, err);

    if (more < 0)
        return -1;
    if (more == 0)
        return sl_err_set(err, SL_ERR_DATA, "the list is empty; its first line names the columns");
    if (csv->bad) {
        (void)sl_err_set(err, SL_ERR_DATA, "line %zu, the header: %s", line, csv->bad);
        return sl_err_hint(err, "save the list as \"CSV UTF-8\"");
    }
    return name_columns(csv, err);
}

/* ---- What callers see --------------------------------------------------------------- */

int sl_csv_open(struct sl_csv **out, FILE *in,
                void (*on_bytes)(void *context, const char *bytes, size_t n), void *context,
                struct sl_err *err)
{
    SL_AUTO(sl_csv_close) struct sl_csv *csv = calloc(1, sizeof *csv);

    if (!csv)
        sl_out_of_memory();
    csv->in = in;
    csv->on_bytes = on_bytes;
    csv->context = context;
    csv->line = 1;
    csv->second_at = nowhere;
    csv->arena = sl_arena_new();
    csv->ahead = malloc(SL_CSV_ROW_MOST + AHEAD); /* untouched pages cost nothing */
    csv->bytes = malloc(SL_CSV_ROW_MOST + 2);
    if (!csv->ahead || !csv->bytes)
        sl_out_of_memory();
    if (start(csv, err) != 0 || read_header(csv, err) != 0)
        return -1;
    *out = csv;
    csv = NULL;
    return 0;
}

void sl_csv_close(struct sl_csv **csv)
{
    if (!*csv)
        return;
    csv_free(&(*csv)->parser);
    sl_arena_free(&(*csv)->arena);
    free((*csv)->ahead);
    free((*csv)->bytes);
    free(*csv);
    *csv = NULL;
}

const struct sl_columns *sl_csv_columns(const struct sl_csv *csv)
{
    return &csv->columns;
}

/* What only the whole row tells: how many fields it has, and how many lines. */
static void judge_row(struct sl_csv *csv, size_t line)
{
    if (csv->bad && csv->line > line + 1)
        (void)snprintf(csv->reason, sizeof csv->reason, "%s (lines %zu to %zu)", csv->bad, line,
                       csv->line - 1);
    else if (!csv->bad && csv->n_fields != csv->columns.n)
        (void)snprintf(csv->reason, sizeof csv->reason, "%zu field%s where the header has %zu%s",
                       csv->n_fields, csv->n_fields == 1 ? "" : "s", csv->columns.n,
                       csv->second_at != nowhere ? ", and a quote that its line does not close"
                                                 : "");
    else
        return;
    csv->bad = csv->reason;
}

int sl_csv_next(struct sl_csv *csv, struct sl_csv_row *row, struct sl_err *err)
{
    size_t line;
    int more = read_filled_row(csv, &line, err);

    if (more <= 0)
        return more;
    judge_row(csv, line);
    for (size_t i = csv->n_fields; i < csv->columns.n; i++)
        csv->fields[i] = NULL;
    *row = (struct sl_csv_row){ line, csv->fields, csv->bad };
    return 1;
}

/* ---- Writing ------------------------------------------------------------------------ */

/* "+254712345678", "-12.50", "0": what a spreadsheet may well take for a number. */
static bool is_number(const char *field)
{
    const char *at = field + (*field == '+' || *field == '-');
    size_t n = strspn(at, "0123456789");

    if (n == 0 || !at[n])
        return n > 0;
    return at[n] == '.' && at[n + 1] && !at[n + 1 + strspn(at + n + 1, "0123456789")];
}

static bool is_formula(const char *field)
{
    return *field && strchr("=+-@\t\r", *field) && !is_number(field);
}

static bool needs_quotes(const char *field)
{
    size_t n = strlen(field);

    return field[strcspn(field, ",;\t\"\r\n")] || (n > 0 && (*field == ' ' || field[n - 1] == ' '));
}

/* Not libcsv's csv_fwrite(): it quotes all fields, and the apostrophe belongs inside. */
static void write_field(FILE *out, const char *field, bool quoted)
{
    if (quoted)
        (void)fputc('"', out);
    if (is_formula(field))
        (void)fputc('\'', out);
    while (*field) {
        size_t plain = strcspn(field, "\"");

        (void)fwrite(field, 1, plain, out);
        field += plain;
        if (*field && field++)
            (void)fputs("\"\"", out);
    }
    if (quoted)
        (void)fputc('"', out);
}

int sl_csv_write(FILE *out, const char *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *field = fields[i] ? fields[i] : "";

        if (i > 0)
            (void)fputc(',', out);
        write_field(out, field, needs_quotes(field) || (n == 1 && !*field));
    }
    (void)fputc('\n', out);
    return ferror(out) ? -1 : 0;
}
