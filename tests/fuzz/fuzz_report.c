/* Any texts as the rows of a report: what is written is read again as it was, and no field begins
 * like a formula. The texts end with NUL; three are a row. */
#include "tests/fuzz/fuzz.h"

#include "lib/text/csv.h"

enum { COLUMNS = 3, MOST_ROWS = 100 };

struct row {
    const char *fields[COLUMNS];
};

static const char *take_text(struct fuzz *fuzz)
{
    const char *text = sl_arena_memdup(fuzz->arena, fuzz->at, strnlen(fuzz->at, fuzz->n));
    size_t n = strlen(text) + 1;

    n = n < fuzz->n ? n : fuzz->n;
    fuzz->at += n;
    fuzz->n -= n;
    return text;
}

static size_t take_rows(struct fuzz *fuzz, struct row *rows)
{
    size_t n = 0;

    for (; n < MOST_ROWS && fuzz->n > 0; n++)
        for (size_t i = 0; i < COLUMNS; i++)
            rows[n].fields[i] = take_text(fuzz);
    return n;
}

static void expect_field(const char *read, const char *written)
{
    bool marked = *read == '\'' && strcmp(read + 1, written) == 0;

    must(strcmp(read, written) == 0 || marked);
    must(!*read || !strchr("=@\t\r", *read));
    must(*read != '+' || !read[1 + strspn(read + 1, "0123456789.")]);
    must(*read != '-' || !read[1 + strspn(read + 1, "0123456789.")]);
}

static void read_rows(FILE *file, const struct row *rows, size_t n)
{
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct sl_csv_row row;
    struct sl_err err;

    must(sl_csv_open(&csv, file, NULL, NULL, &err) == 0);
    for (size_t i = 0; i < n; i++) {
        must(sl_csv_next(csv, &row, &err) == 1 && !row.bad);
        for (size_t k = 0; k < COLUMNS; k++)
            expect_field(row.fields[k], rows[i].fields[k]);
    }
    must(sl_csv_next(csv, &row, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[COLUMNS] = { "line", "phone", "error" };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    struct row rows[MOST_ROWS];
    size_t n = take_rows(&fuzz, rows), n_text = 0;
    char *text = NULL;
    FILE *file = open_memstream(&text, &n_text);

    must(file && sl_csv_write(file, names, COLUMNS) == 0);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < COLUMNS; k++) /* a report holds text alone */
            if (!sl_utf8_valid(rows[i].fields[k], strlen(rows[i].fields[k])))
                rows[i].fields[k] = "?";
        must(sl_csv_write(file, rows[i].fields, COLUMNS) == 0);
    }
    must(fclose(file) == 0);
    file = fmemopen(text, n_text, "r");
    must(file != NULL);
    read_rows(file, rows, n);
    (void)fclose(file);
    free(text);
    return 0;
}
