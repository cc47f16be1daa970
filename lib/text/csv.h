/* Lists: a streaming CSV reader, and a writer for reports (RFC 4180; DESIGN section 11).
 *
 * The reader takes UTF-8 with or without byte order mark, lines that end in LF or CRLF, a header
 * line, and "," ";" or TAB between the fields, whichever the header has most. It holds one row
 * of at most SL_CSV_ROW_MOST bytes, so memory stays flat whatever the input is. Two liberties
 * beyond the RFC, both certain: blanks around an unquoted field are dropped (nobody sees them in
 * a spreadsheet; quoted ones stay), and a quote inside an unquoted field is a character.
 *
 * A bad row is given like any other, with its reason, and reading goes on behind it. A quote that
 * is never closed, or closes where no field may end, spoils the line on which its row starts and no
 * more: the lines behind it are read anew, as rows of their own. So are those of a quoted field
 * that leaves its row with too few or too many fields. (A quote that a later line closes as if it
 * were meant to makes one good row of the lines between; nothing can tell.) */
#ifndef SL_TEXT_CSV_H
#define SL_TEXT_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "lib/base/err.h"
#include "lib/text/columns.h"

struct sl_csv;

enum {
    SL_CSV_ROW_MOST = 1 << 20, /* bytes of a row, quotes and line ends included */
    SL_CSV_COLUMNS_MOST = 1000,
};

struct sl_csv_row {
    size_t line; /* where it starts; the first line of the input is 1 */
    /* One for each column, valid UTF-8; the reader's, until the next call. Of a bad row what could
     * be read, as it stands there (a NUL as the byte 0xFF), and NULL for the rest. */
    const char *const *fields;
    const char *bad; /* why it cannot be used, or NULL; the reader's, as above */
};

/* Starts reading and reads the header. `in` stays the caller's and stays open until the reader
 * is closed; the reader reads ahead. `on_bytes`, unless it is NULL, is given every byte that is
 * read, byte order mark included, in order and once: all of the input when sl_csv_next() has
 * returned 0.
 * -1 with SL_ERR_DATA for an empty input, and for a header that is not readable, names a column
 * twice (empty names may repeat) or more than SL_CSV_COLUMNS_MOST; with SL_ERR_IO if `in`
 * cannot be read, interruption by a signal included: handlers that are not to end the reading
 * are installed with SA_RESTART. */
int sl_csv_open(struct sl_csv **out, FILE *in,
                void (*on_bytes)(void *context, const char *bytes, size_t n), void *context,
                struct sl_err *err);

/* Frees. *csv may be NULL and is NULL afterwards; made for SL_AUTO(). */
void sl_csv_close(struct sl_csv **csv);

/* The header; the reader's, until it is closed. */
const struct sl_columns *sl_csv_columns(const struct sl_csv *csv);

/* Reads the next row, blank lines left out. Returns 1, 0 behind the last row, or -1 with
 * SL_ERR_IO, after which only closing makes sense. */
int sl_csv_next(struct sl_csv *csv, struct sl_csv_row *row, struct sl_err *err);

/* Writes one row, ended by LF. A field is quoted where the RFC or this reader needs it. One that
 * a spreadsheet would take for a formula (= + - @ TAB CR first) gets an apostrophe in front,
 * unless it is a number or "+" and digits. NULL is an empty field. Returns 0, or -1 if `out`
 * did not take it (errno). */
int sl_csv_write(FILE *out, const char *const *fields, size_t n);

#endif
