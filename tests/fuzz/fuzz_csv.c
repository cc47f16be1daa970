/* Any bytes as a list: no crash, no leak, rows only as the header promises, lines that rise, and
 * every byte shown once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/text/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *context, const char *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)context += n;
}

static void check_row(const struct sl_csv *csv, const struct sl_csv_row *row, size_t *line)
{
    if (row->line <= *line)
        abort();
    *line = row->line;
    for (size_t i = 0; i < sl_csv_columns(csv)->n; i++)
        if (!row->bad && !sl_utf8_valid(row->fields[i], strlen(row->fields[i])))
            abort();
}

static void read_all(FILE *file, size_t size)
{
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    size_t n_seen = 0, line = 0;
    struct sl_csv_row row;
    struct sl_err err;

    if (sl_csv_open(&csv, file, count, &n_seen, &err) != 0)
        return;
    while (sl_csv_next(csv, &row, &err) > 0)
        check_row(csv, &row, &line);
    if (n_seen != size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char copy[1 << 16];
    FILE *file;

    if (size == 0 || size > sizeof copy)
        return 0;
    memcpy(copy, data, size);
    file = fmemopen(copy, size, "r");
    if (!file)
        return 0;
    read_all(file, size);
    (void)fclose(file);
    return 0;
}
