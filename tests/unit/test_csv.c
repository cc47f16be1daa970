/* What the reader of lists promises: exact line numbers, flat memory, and that a bad row stops
 * nothing. And that what the writer wrote is read back. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/text/csv.h"

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static FILE *open_bytes(const char *bytes, size_t n)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    rewind(file);
    return file;
}

static FILE *open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

static struct sl_csv *open_csv(FILE *file)
{
    struct sl_csv *csv = NULL;
    struct sl_err err = { 0 };

    if (sl_csv_open(&csv, file, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
    return csv;
}

static struct sl_csv_row next(struct sl_csv *csv)
{
    struct sl_csv_row row = { 0 };
    struct sl_err err;

    assert_int_equal(sl_csv_next(csv, &row, &err), 1);
    return row;
}

static void next_is(struct sl_csv *csv, size_t line, const char *first, const char *second)
{
    struct sl_csv_row row = next(csv);

    if (row.bad)
        fail_msg("line %zu: %s", row.line, row.bad);
    assert_int_equal(row.line, line);
    assert_string_equal(row.fields[0], first);
    assert_string_equal(row.fields[1], second);
}

static void next_is_bad(struct sl_csv *csv, size_t line, const char *reason)
{
    struct sl_csv_row row = next(csv);

    assert_int_equal(row.line, line);
    assert_string_equal(row.bad, reason);
}

/* The same, and what was read of its two fields; NULL: none. */
static void next_is_bad_with(struct sl_csv *csv, size_t line, const char *reason, const char *first,
                             const char *second)
{
    struct sl_csv_row row = next(csv);

    assert_int_equal(row.line, line);
    assert_non_null(row.bad);
    assert_string_equal(row.bad, reason);
    assert_string_equal(row.fields[0] ? row.fields[0] : "none", first ? first : "none");
    assert_string_equal(row.fields[1] ? row.fields[1] : "none", second ? second : "none");
}

static void nothing_is_left(struct sl_csv *csv)
{
    struct sl_csv_row row;
    struct sl_err err;

    assert_int_equal(sl_csv_next(csv, &row, &err), 0);
    assert_int_equal(sl_csv_next(csv, &row, &err), 0);
}

static void refuse_header(const char *bytes, size_t n, const char *text)
{
    SL_AUTO(close_file) FILE *file = open_bytes(bytes, n);
    struct sl_csv *csv = NULL;
    struct sl_err err = { 0 };

    assert_int_equal(sl_csv_open(&csv, file, NULL, NULL, &err), -1);
    assert_null(csv);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_string_equal(err.text, text);
}

static void rows_come_in_order_with_their_lines(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("phone,parent\n0711,Jane\n0712,\"Ali, Said\"\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    assert_int_equal(sl_csv_columns(csv)->n, 2);
    assert_string_equal(sl_csv_columns(csv)->names[1], "parent");
    next_is(csv, 2, "0711", "Jane");
    next_is(csv, 3, "0712", "Ali, Said");
    nothing_is_left(csv);
}

static void mark_and_crlf_and_a_last_line_without_end_are_understood(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("\xef\xbb\xbfphone,parent\r\n0711,Jane\r\n0712,Ali");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    assert_string_equal(sl_csv_columns(csv)->names[0], "phone");
    next_is(csv, 2, "0711", "Jane");
    next_is(csv, 3, "0712", "Ali");
    nothing_is_left(csv);
}

static void the_header_tells_the_delimiter(void **state)
{
    static const char *const lists[] = {
        "phone;\"a,b,c\"\n0711;x,y,z\n",
        "\n\r\nphone;b\n0711;x,y,z\n",
        "phone\t\"a;b\"\n0711\tx,y,z\n",
        "phone,\"a;b;c\"\n0711,\"x,y,z\"\n",
    };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(lists); i++) {
        SL_AUTO(close_file) FILE *file = open_text(lists[i]);
        SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

        next_is(csv, i == 1 ? 4 : 2, "0711", "x,y,z");
        nothing_is_left(csv);
    }
}

static void quoted_fields_keep_quotes_blanks_and_line_ends(void **state)
{
    SL_AUTO(close_file)
    FILE *file =
        open_text("a,b\r\n\"say \"\"hi\"\"\",\" x\r\ny\n\nz \"\r\n\"\",\"1\" \r\n 2 , 3\r\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is(csv, 2, "say \"hi\"", " x\r\ny\n\nz ");
    next_is(csv, 6, "", "1");
    next_is(csv, 7, "2", "3");
    nothing_is_left(csv);
}

static void a_quote_inside_an_unquoted_field_is_a_character(void **state)
{
    SL_AUTO(close_file)
    FILE *file = open_text("a,b\n=\"0712\",Jane \"Mama\" W\n5\",\"6\"\n\"1\"x,2\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is(csv, 2, "=\"0712\"", "Jane \"Mama\" W");
    next_is(csv, 3, "5\"", "6");
    next_is_bad(csv, 4, "text behind a closing quote");
    nothing_is_left(csv);
}

static void blank_lines_are_counted_but_are_no_rows(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("\n\r\na,b\n\n  \n1,2\n\n\n3,4\n\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is(csv, 6, "1", "2");
    next_is(csv, 9, "3", "4");
    nothing_is_left(csv);
}

static void a_row_of_empty_fields_is_a_row(void **state)
{
    SL_AUTO(close_file) FILE *tabs = open_text("a\tb\n\t\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(tabs);

    (void)state;
    next_is(csv, 2, "", "");
    nothing_is_left(csv);
}

static void too_few_or_too_many_fields_stop_nothing(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("a,b\n1\n1,2,3\n1,2\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is_bad_with(csv, 2, "1 field where the header has 2", "1", NULL);
    next_is_bad_with(csv, 3, "3 fields where the header has 2", "1", "2");
    next_is(csv, 4, "1", "2");
    nothing_is_left(csv);
}

static void bytes_that_are_no_text_stop_nothing(void **state)
{
    static const char list[] = "a,b\n1,\xff\n1,x\0y\n\xc3,\"\xa9\n\"\n1,2\n";
    SL_AUTO(close_file) FILE *file = open_bytes(list, sizeof list - 1);
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is_bad_with(csv, 2, "not valid UTF-8", "1", "\xff");
    next_is_bad_with(csv, 3, "a NUL byte", "1", "x\xffy");
    next_is_bad(csv, 4, "not valid UTF-8 (lines 4 to 5)");
    next_is(csv, 6, "1", "2");
    nothing_is_left(csv);
}

static void add_many(FILE *file, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(fputs(text, file), EOF);
}

static void an_unclosed_quote_spoils_its_own_line_alone(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("a,b\n1,2\n3,\"4\n5,6\n\"7\",8\n\"9,10\n11,12");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is(csv, 2, "1", "2");
    next_is_bad_with(csv, 3, "a quote that is never closed", "3", "4");
    next_is(csv, 4, "5", "6");
    next_is(csv, 5, "7", "8");
    next_is_bad_with(csv, 6, "a quote that is never closed", "9,10", NULL);
    next_is(csv, 7, "11", "12");
    nothing_is_left(csv);
}

static void a_quote_that_the_next_one_closes_in_the_wrong_place_takes_no_rows(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("a,b\n\"1\"x,\"2\n3,4\n5,\"6\n7,8\n\"Mary\",9\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is_bad_with(csv, 2, "text behind a closing quote", "1", NULL);
    next_is(csv, 3, "3", "4");
    next_is_bad_with(csv, 4, "a quote that is never closed", "5", "6");
    next_is(csv, 5, "7", "8");
    next_is(csv, 6, "Mary", "9");
    nothing_is_left(csv);
}

static void a_quoted_field_that_spoils_the_count_takes_no_rows(void **state)
{
    SL_AUTO(close_file)
    FILE *file = open_text("a,b\n1,\"2\n3,4\n5,\"6\",\"7\"\n\"8\n9,10\n11\"\n12,13,\"14\n15,16\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is_bad(csv, 2, "a quote that is never closed");
    next_is(csv, 3, "3", "4");
    next_is_bad(csv, 4, "3 fields where the header has 2");
    next_is_bad(csv, 5, "1 field where the header has 2, and a quote that its line does not close");
    next_is(csv, 6, "9", "10");
    next_is_bad(csv, 7, "1 field where the header has 2");
    next_is_bad(csv, 8,
                "3 fields where the header has 2, and a quote that its line does not close");
    next_is(csv, 9, "15", "16");
    nothing_is_left(csv);
}

/* Each line opens a quote that the next one closes to open another: followed to the end from
 * every line it would take hours. */
static void quotes_that_open_on_every_line_cost_no_more_than_the_columns(void **state)
{
    enum { LINES = 200000 };
    SL_AUTO(close_file) FILE *file = open_text("a,b\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct sl_csv_row row;
    struct sl_err err;
    size_t n = 0;

    (void)state;
    (void)fseek(file, 0, SEEK_END);
    add_many(file, "x\",\"\n", LINES);
    rewind(file);
    csv = open_csv(file);
    while (sl_csv_next(csv, &row, &err) > 0) {
        assert_int_equal(row.line, n + 2);
        assert_non_null(row.bad);
        n++;
    }
    assert_int_equal(n, LINES);
}

static void a_carriage_return_inside_a_line_makes_its_row_bad(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("a,b\n1,2\r3,4\n5,\"6\r7\"\n1\r\"2\n8,9\r\n10,11\r");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);

    (void)state;
    next_is_bad(csv, 2, "a carriage return in the middle of a line");
    next_is(csv, 3, "5", "6\r7");
    next_is_bad(csv, 4, "a carriage return in the middle of a line");
    next_is(csv, 5, "8", "9");
    next_is(csv, 6, "10", "11");
    nothing_is_left(csv);
}

static long peak_kib(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void a_row_over_the_bound_is_bad_and_not_kept_in_memory(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("a,b\n1,");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    long before;

    (void)state;
    (void)fseek(file, 0, SEEK_END);
    add_many(file, "0123456789abcdef", 4 << 20); /* line 2: 64 MiB */
    add_many(file, "\n3,4\n5,\"", 1);            /* line 4, quoted, over many lines */
    add_many(file, "quoted,line\n", 1 << 18);
    add_many(file, "\"\n7,8\n", 1);
    rewind(file);
    before = peak_kib();
    csv = open_csv(file);
    next_is_bad(csv, 2, "a row of more than 1 MiB");
    next_is(csv, 3, "3", "4");
    next_is_bad_with(csv, 4, "a quote that is not closed within 1 MiB", "5", "quoted,line");
    for (size_t i = 5; i < 4 + (1 << 18); i++)
        next_is(csv, i, "quoted", "line");
    next_is_bad(csv, 4 + (1 << 18), "a quote that is never closed");
    next_is(csv, 5 + (1 << 18), "7", "8");
    nothing_is_left(csv);
    assert_true(peak_kib() - before < 16 * 1024);
}

static void rows_up_to_the_bound_are_whole(void **state)
{
    enum { MOST = SL_CSV_ROW_MOST - 3 }; /* less "1," and LF */
    SL_AUTO(close_file) FILE *file = open_text("a,b\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct sl_csv_row row;

    (void)state;
    (void)fseek(file, 0, SEEK_END);
    for (size_t extra = 0; extra < 2; extra++) {
        add_many(file, "1,", 1);
        add_many(file, "x", MOST + extra);
        add_many(file, "\n", 1);
    }
    rewind(file);
    csv = open_csv(file);
    row = next(csv);
    assert_null(row.bad);
    assert_int_equal(strlen(row.fields[1]), MOST);
    next_is_bad(csv, 3, "a row of more than 1 MiB");
    nothing_is_left(csv);
}

/* 64 KiB are read at a time: line ends, quotes and characters fall on every seam. */
static void seams_between_reads_are_not_seen(void **state)
{
    enum { SEAM = 64 * 1024 };
    static char text[SEAM + 24];

    (void)state;
    for (size_t before = SEAM - 24; before < SEAM + 24; before++) {
        SL_AUTO(close_file) FILE *file = open_text("a,b\r\n1,\"");
        SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
        struct sl_csv_row row;

        (void)fseek(file, 0, SEEK_END);
        memset(text, 'x', before - 8);
        text[before - 8] = '\0';
        add_many(file, text, 1);
        add_many(file, "\"\"é\r\ny\"\r\n2,\"3\"\r\n\r\n4,5\r\n", 1);
        rewind(file);
        csv = open_csv(file);
        row = next(csv);
        assert_null(row.bad);
        assert_string_equal(row.fields[1] + before - 8, "\"é\r\ny");
        next_is(csv, 4, "2", "3");
        next_is(csv, 6, "4", "5");
        nothing_is_left(csv);
    }
}

static void headers_that_cannot_be_used_are_refused(void **state)
{
    char many[2002];

    (void)state;
    refuse_header("", 0, "the list is empty; its first line names the columns");
    refuse_header("\xef\xbb\xbf\n\n", 5, "the list is empty; its first line names the columns");
    refuse_header("a,b,a\n1,2,3\n", 12, "the list has two columns 'a'");
    refuse_header("a,\xe9\n", 5, "line 1, the header: not valid UTF-8");
    refuse_header("\na\0,b\n", 6, "line 2, the header: a NUL byte");
    refuse_header("a,\"b\n1,2\n", 9, "line 1, the header: a quote that is never closed");
    refuse_header("a,b\r1,2\r", 8, "line 1, the header: a carriage return in the middle of a line");
    memset(many, ',', sizeof many);
    refuse_header(many, sizeof many, "the list has 2003 columns; 1000 are the most");
}

static void empty_column_names_may_repeat_but_cannot_be_asked_for(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text(" phone ,,\n1,2,3\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);
    const struct sl_columns *columns = sl_csv_columns(csv);
    size_t index = 7;
    struct sl_err err;

    (void)state;
    assert_int_equal(columns->n, 3);
    assert_int_equal(sl_columns_find(columns, "", &index, &err), -1);
    assert_int_equal(index, 7);
    assert_int_equal(sl_columns_find(columns, "phone", &index, &err), 0);
    assert_int_equal(index, 0);
}

static void a_column_that_is_not_there_is_answered_with_the_nearest(void **state)
{
    SL_AUTO(close_file) FILE *file = open_text("Phone,parent\n");
    SL_AUTO(sl_csv_close) struct sl_csv *csv = open_csv(file);
    struct sl_err err;
    size_t index;

    (void)state;
    assert_int_equal(sl_columns_find(sl_csv_columns(csv), "phone", &index, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_string_equal(err.text, "the list has no column 'phone'");
    assert_string_equal(err.hint, "did you mean 'Phone'?");
    assert_int_equal(sl_columns_find(sl_csv_columns(csv), "email", &index, &err), -1);
    assert_string_equal(err.hint, "the columns are: Phone, parent");
}

static void keep(void *context, const char *bytes, size_t n)
{
    FILE *copy = context;

    assert_int_equal(fwrite(bytes, 1, n, copy), n);
}

static void every_byte_that_is_read_is_shown_once(void **state)
{
    static const char list[] = "\xef\xbb\xbf"
                               "a,b\r\n\n1,\xff\0\n\"x\r";
    SL_AUTO(close_file) FILE *file = open_bytes(list, sizeof list - 1);
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    char copied[64] = "";
    SL_AUTO(close_file) FILE *copy = fmemopen(copied, sizeof copied, "w");
    struct sl_csv_row row;
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_csv_open(&csv, file, keep, copy, &err), 0);
    while (sl_csv_next(csv, &row, &err) > 0)
        assert_non_null(row.bad);
    assert_int_equal(ftell(copy), sizeof list - 1);
    (void)fflush(copy);
    assert_memory_equal(copied, list, sizeof list - 1);
}

static void bytes_are_made_text(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_string_equal(sl_utf8_repair(arena, "a\xffé\xc3", 5), "a\xef\xbf\xbdé\xef\xbf\xbd");
    assert_string_equal(sl_utf8_repair(arena, "a\0b", 3), "a\xef\xbf\xbd"
                                                          "b");
    assert_string_equal(sl_utf8_repair(arena, "", 0), "");
}

static void an_input_that_cannot_be_read_is_an_io_error(void **state)
{
    SL_AUTO(close_file) FILE *folder = fopen("/tmp", "r");
    struct sl_csv *csv = NULL;
    struct sl_err err = { 0 };

    (void)state;
    assert_non_null(folder);
    assert_int_equal(sl_csv_open(&csv, folder, NULL, NULL, &err), -1);
    assert_null(csv);
    assert_int_equal(err.code, SL_ERR_IO);
    assert_string_equal(err.text, "cannot read the list: Is a directory");
}

static void write_is(const char *const *fields, size_t n, const char *want)
{
    char *written = NULL;
    size_t n_written = 0;
    FILE *out = open_memstream(&written, &n_written);

    assert_non_null(out);
    assert_int_equal(sl_csv_write(out, fields, n), 0);
    (void)fclose(out);
    assert_string_equal(written, want);
    free(written);
}

static void fields_are_quoted_where_they_must_be(void **state)
{
    const char *const fields[] = {
        "a", "b c", "d,e", "f\"g", "h\r\ni", " j", "j ", NULL, "ũ", "k;l"
    };

    (void)state;
    write_is(fields, SL_COUNT(fields),
             "a,b c,\"d,e\",\"f\"\"g\",\"h\r\ni\",\" j\",\"j \",,ũ,\"k;l\"\n");
    write_is((const char *const[]){ "" }, 1, "\"\"\n"); /* a blank line would be no row */
}

static void formulas_are_disarmed_and_numbers_are_not(void **state)
{
    const char *const formulas[] = { "=1+1", "+A1", "-x",  "@SUM(A1)", "\tx",
                                     "\rx",  "+",   "-1.", "=a,b" };
    const char *const numbers[] = { "+254712345678", "-12.50", "0", "1.5", "a=b", "-3" };

    (void)state;
    write_is(formulas, SL_COUNT(formulas),
             "'=1+1,'+A1,'-x,'@SUM(A1),\"'\tx\",\"'\rx\",'+,'-1.,\"'=a,b\"\n");
    write_is(numbers, SL_COUNT(numbers), "+254712345678,-12.50,0,1.5,a=b,-3\n");
}

static void what_was_written_is_read_back(void **state)
{
    const char *const header[] = { "a", "b" };
    const char *const fields[] = { " say \"hi\",\r\n;\t ", "\n" };
    SL_AUTO(close_file) FILE *file = tmpfile();
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;

    (void)state;
    assert_int_equal(sl_csv_write(file, header, 2), 0);
    assert_int_equal(sl_csv_write(file, fields, 2), 0);
    rewind(file);
    csv = open_csv(file);
    next_is(csv, 2, fields[0], fields[1]);
    nothing_is_left(csv);
}

static void a_report_that_cannot_be_written_is_an_error(void **state)
{
    SL_AUTO(close_file) FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    (void)setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(sl_csv_write(full, (const char *const[]){ "a" }, 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_over_the_bound_is_bad_and_not_kept_in_memory),
        cmocka_unit_test(rows_come_in_order_with_their_lines),
        cmocka_unit_test(mark_and_crlf_and_a_last_line_without_end_are_understood),
        cmocka_unit_test(the_header_tells_the_delimiter),
        cmocka_unit_test(quoted_fields_keep_quotes_blanks_and_line_ends),
        cmocka_unit_test(a_quote_inside_an_unquoted_field_is_a_character),
        cmocka_unit_test(blank_lines_are_counted_but_are_no_rows),
        cmocka_unit_test(a_row_of_empty_fields_is_a_row),
        cmocka_unit_test(too_few_or_too_many_fields_stop_nothing),
        cmocka_unit_test(bytes_that_are_no_text_stop_nothing),
        cmocka_unit_test(an_unclosed_quote_spoils_its_own_line_alone),
        cmocka_unit_test(a_quote_that_the_next_one_closes_in_the_wrong_place_takes_no_rows),
        cmocka_unit_test(a_quoted_field_that_spoils_the_count_takes_no_rows),
        cmocka_unit_test(quotes_that_open_on_every_line_cost_no_more_than_the_columns),
        cmocka_unit_test(a_carriage_return_inside_a_line_makes_its_row_bad),
        cmocka_unit_test(rows_up_to_the_bound_are_whole),
        cmocka_unit_test(seams_between_reads_are_not_seen),
        cmocka_unit_test(headers_that_cannot_be_used_are_refused),
        cmocka_unit_test(empty_column_names_may_repeat_but_cannot_be_asked_for),
        cmocka_unit_test(a_column_that_is_not_there_is_answered_with_the_nearest),
        cmocka_unit_test(every_byte_that_is_read_is_shown_once),
        cmocka_unit_test(bytes_are_made_text),
        cmocka_unit_test(an_input_that_cannot_be_read_is_an_io_error),
        cmocka_unit_test(fields_are_quoted_where_they_must_be),
        cmocka_unit_test(formulas_are_disarmed_and_numbers_are_not),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_report_that_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
