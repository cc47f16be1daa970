/* What every format promises about the same records. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/json.h"
#include "lib/cli/output.h"

static const struct sl_column columns[] = {
    { "id", SL_TEXT, 0 },         { "parts", SL_INT, 0 },          { "sent", SL_BOOL, 0 },
    { "created_at", SL_TIME, 0 }, { "cost", SL_DECIMAL, SL_WIDE }, { "raw", SL_JSON, SL_WIDE },
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const int64_t NOON_MS = 1794571200000; /* 2026-11-13T12:00:00Z */

/* Rows with these ids, and all else the same; the text of it is the caller's. */
static char *print(enum sl_format format, enum sl_shape shape, bool wide, const char *const *ids)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    const struct sl_output_to to = { stream, "memory", format, shape, "Africa/Nairobi", wide };
    struct sl_output *output = sl_output_begin(&to, columns, N_COLUMNS);
    struct sl_err err;

    for (size_t i = 0; ids[i]; i++) {
        const struct sl_value values[] = { sl_text(ids[i]),  sl_int(-2),        sl_bool(true),
                                           sl_time(NOON_MS), sl_text("0.8000"), sl_text("{\n}") };

        assert_int_equal(sl_output_row(output, values, &err), 0);
    }
    assert_int_equal(sl_output_end(&output, &err), 0);
    assert_null(output);
    (void)fclose(stream);
    return text;
}

static void assert_prints(enum sl_format format, enum sl_shape shape, const char *const *ids,
                          const char *expected)
{
    char *text = print(format, shape, false, ids);

    assert_string_equal(text, expected);
    free(text);
}

#define IDS(...) ((const char *[]){ __VA_ARGS__, NULL })

static void json_lists_are_arrays_even_of_one_or_none(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_JSON, SL_SHAPE_LIST, IDS(NULL), "[]\n");
    assert_prints(SL_FORMAT_JSON, SL_SHAPE_LIST, IDS("a"),
                  "[\n{\"id\":\"a\",\"parts\":-2,\"sent\":true,\"created_at\":"
                  "\"2026-11-13T12:00:00Z\",\"cost\":\"0.8000\",\"raw\":{ }}\n]\n");
}

static void json_parses_whatever_a_text_holds(void **state)
{
    char *text = print(SL_FORMAT_JSON, SL_SHAPE_LIST, false, IDS("a\"\\\n\033", "\xff", "ż"));
    struct json_object *doc = sl_json_parse(text, strlen(text));

    (void)state;
    assert_int_equal(sl_json_length(doc), 3);
    assert_string_equal(sl_json_text(json_object_array_get_idx(doc, 0), "id"), "a\"\\\n\033");
    assert_string_equal(sl_json_text(json_object_array_get_idx(doc, 1), "id"), "?");
    assert_string_equal(sl_json_text(json_object_array_get_idx(doc, 2), "id"), "ż");
    sl_json_free(&doc);
    free(text);
}

static void an_object_is_no_array(void **state)
{
    char *text = print(SL_FORMAT_JSON, SL_SHAPE_OBJECT, false, IDS("a"));

    (void)state;
    assert_memory_equal(text, "{\"id\":\"a\",", 10);
    assert_string_equal(text + strlen(text) - 3, "}}\n" + 0);
    free(text);
}

static void ndjson_is_an_object_a_line(void **state)
{
    char *text = print(SL_FORMAT_NDJSON, SL_SHAPE_LIST, false, IDS("a\nb", "c"));
    char *end = strchr(text, '\n');

    (void)state;
    assert_non_null(end);
    assert_memory_equal(text, "{\"id\":\"a\\u000ab\"", 16);
    assert_memory_equal(end + 1, "{\"id\":\"c\"", 9);
    assert_string_equal(strchr(end + 1, '\n'), "\n");
    free(text);
    assert_prints(SL_FORMAT_NDJSON, SL_SHAPE_LIST, IDS(NULL), "");
}

#define CSV_HEAD "id,parts,sent,created_at,cost,raw\n"
#define CSV_REST ",-2,true,2026-11-13T12:00:00Z,0.8000,{ }\n"

static void csv_quotes_what_needs_it(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_CSV, SL_SHAPE_LIST, IDS(NULL), CSV_HEAD);
    assert_prints(SL_FORMAT_CSV, SL_SHAPE_LIST, IDS("plain", "a,b", "say \"x\"", "two\nlines", ""),
                  CSV_HEAD "plain" CSV_REST "\"a,b\"" CSV_REST "\"say \"\"x\"\"\"" CSV_REST
                           "\"two\nlines\"" CSV_REST CSV_REST);
}

static void csv_disarms_formulas_but_not_numbers_and_phones(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_CSV, SL_SHAPE_LIST,
                  IDS("=1+1", "+1+1", "-x", "@sum", "-", "=\"a\"", "\tx"),
                  CSV_HEAD "'=1+1" CSV_REST "'+1+1" CSV_REST "'-x" CSV_REST "'@sum" CSV_REST
                           "'-" CSV_REST "\"'=\"\"a\"\"\"" CSV_REST "'\tx" CSV_REST);
    assert_prints(SL_FORMAT_CSV, SL_SHAPE_LIST, IDS("+254711000001", "-5", "-12.50", "1=1"),
                  CSV_HEAD "+254711000001" CSV_REST "-5" CSV_REST "-12.50" CSV_REST "1=1" CSV_REST);
}

static void tsv_escapes_tabs_and_newlines(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_TSV, SL_SHAPE_LIST, IDS("a\tb\nc\\d\r", "=x"),
                  "id\tparts\tsent\tcreated_at\tcost\traw\n"
                  "a\\tb\\nc\\\\d\\r\t-2\ttrue\t2026-11-13T12:00:00Z\t0.8000\t{ }\n"
                  "=x\t-2\ttrue\t2026-11-13T12:00:00Z\t0.8000\t{ }\n");
}

/* What a payer or provider wrote, at a terminal: ESC, DEL, a C1 control and a byte that is none. */
static void csv_and_tsv_hold_nothing_that_steers_a_terminal(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_CSV, SL_SHAPE_LIST,
                  IDS("a\033[2Jb\177",
                      "\xc2\x9b"
                      "1m",
                      "\x9b"
                      "1m",
                      "Wanjik\xc5\xa9\n"),
                  CSV_HEAD "a?[2Jb?" CSV_REST "?1m" CSV_REST "?1m" CSV_REST
                           "\"Wanjik\xc5\xa9\n\"" CSV_REST);
    assert_prints(SL_FORMAT_TSV, SL_SHAPE_LIST, IDS("a\033[2J\tb"),
                  "id\tparts\tsent\tcreated_at\tcost\traw\n"
                  "a?[2J\\tb\t-2\ttrue\t2026-11-13T12:00:00Z\t0.8000\t{ }\n");
}

static void null_is_null_or_an_empty_cell(void **state)
{
    static const struct sl_column two[] = { { "a", SL_INT, 0 }, { "b", SL_TIME, 0 } };
    static const char *const expected[] = {
        [SL_FORMAT_JSON] = "[\n{\"a\":null,\"b\":null}\n]\n",
        [SL_FORMAT_NDJSON] = "{\"a\":null,\"b\":null}\n",
        [SL_FORMAT_CSV] = "a,b\n,\n",
        [SL_FORMAT_TSV] = "a\tb\n\t\n",
    };

    (void)state;
    for (int format = SL_FORMAT_JSON; format <= SL_FORMAT_TSV; format++) {
        char text[100] = "";
        FILE *stream = fmemopen(text, sizeof text, "w");
        const struct sl_output_to to = { stream,        "memory", (enum sl_format)format,
                                         SL_SHAPE_LIST, NULL,     false };
        struct sl_output *output = sl_output_begin(&to, two, 2);
        struct sl_err err;

        assert_int_equal(sl_output_row(output, (struct sl_value[]){ sl_null(), sl_time(0) }, &err),
                         0);
        assert_int_equal(sl_output_end(&output, &err), 0);
        (void)fclose(stream);
        assert_string_equal(text, expected[format]);
    }
}

static void a_table_is_for_people(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_TABLE, SL_SHAPE_LIST, IDS("a", "żółć\033[31m"),
                  "ID        PARTS SENT CREATED_AT\n"
                  "a            -2 true 2026-11-13T15:00:00+03:00\n"
                  "żółć?[31m    -2 true 2026-11-13T15:00:00+03:00\n");
    assert_prints(SL_FORMAT_TABLE, SL_SHAPE_LIST, IDS(NULL), "");
}

static void a_wide_table_shows_all_columns(void **state)
{
    char *text = print(SL_FORMAT_TABLE, SL_SHAPE_LIST, true, IDS("a"));

    (void)state;
    assert_string_equal(text, "ID PARTS SENT CREATED_AT                  COST RAW\n"
                              "a     -2 true 2026-11-13T15:00:00+03:00 0.8000 { }\n");
    free(text);
}

static void a_table_of_an_object_has_a_line_a_field(void **state)
{
    (void)state;
    assert_prints(SL_FORMAT_TABLE, SL_SHAPE_OBJECT, IDS("a"),
                  "id         a\nparts      -2\nsent       true\n"
                  "created_at 2026-11-13T15:00:00+03:00\ncost       0.8000\nraw        { }\n");
}

static void nothing_is_cut_without_a_terminal(void **state)
{
    char id[501] = "", *text;

    (void)state;
    memset(id, 'x', 500);
    text = print(SL_FORMAT_TABLE, SL_SHAPE_LIST, true, IDS(id, id));
    assert_non_null(strstr(text, id));
    free(text);
}

/* Many rows to a stream that keeps none. Returns the growth of the process in KiB. */
static long print_many(enum sl_format format, size_t n_rows)
{
    FILE *stream = fopen("/dev/null", "w");
    const struct sl_output_to to = { stream, "nothing", format, SL_SHAPE_LIST, NULL, true };
    const struct sl_value values[] = { sl_text("0192"),  sl_int(1),         sl_bool(true),
                                       sl_time(NOON_MS), sl_text("0.8000"), sl_text("{}") };
    struct sl_output *output = sl_output_begin(&to, columns, N_COLUMNS);
    struct rusage before, after;
    struct sl_err err;

    for (size_t i = 0; i < n_rows; i++) {
        if (i == 2000)
            (void)getrusage(RUSAGE_SELF, &before);
        assert_int_equal(sl_output_row(output, values, &err), 0);
    }
    (void)getrusage(RUSAGE_SELF, &after);
    assert_int_equal(sl_output_end(&output, &err), 0);
    (void)fclose(stream);
    return after.ru_maxrss - before.ru_maxrss;
}

static void memory_does_not_grow_with_the_rows(void **state)
{
    (void)state;
    for (int format = SL_FORMAT_TABLE; format <= SL_FORMAT_TSV; format++) {
#ifdef __SANITIZE_ADDRESS__
        (void)print_many((enum sl_format)format, 5000); /* what is freed is kept for a while */
#else
        assert_in_range(print_many((enum sl_format)format, 20000), 0, 512);
#endif
    }
}

static void the_columns_of_all_pages_stand_below_each_other(void **state)
{
    static const char *ids[2002];
    char *text, *last;

    (void)state;
    for (size_t i = 0; i < 2001; i++)
        ids[i] = i == 0 ? "a long one" : "b";
    text = print(SL_FORMAT_TABLE, SL_SHAPE_LIST, false, ids);
    text[strlen(text) - 1] = '\0';
    last = strrchr(text, '\n');
    assert_string_equal(last, "\nb             -2 true 2026-11-13T15:00:00+03:00");
    assert_null(strstr(text + 1, "ID"));
    free(text);
}

static void what_is_held_back_can_be_flushed(void **state)
{
    char text[200] = "";
    FILE *stream = fmemopen(text, sizeof text, "w");
    const struct sl_output_to to = {
        stream, "memory", SL_FORMAT_TABLE, SL_SHAPE_LIST, NULL, false
    };
    struct sl_output *output = sl_output_begin(&to, columns, 1);
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_output_row(output, (struct sl_value[]){ sl_text("a") }, &err), 0);
    assert_string_equal(text, "");
    assert_int_equal(sl_output_flush(output, &err), 0);
    assert_string_equal(text, "ID\na\n");
    assert_int_equal(sl_output_row(output, (struct sl_value[]){ sl_text("b") }, &err), 0);
    assert_int_equal(sl_output_end(&output, &err), 0);
    assert_string_equal(text, "ID\na\nb\n");
    (void)fclose(stream);
}

static void a_failure_halfway_leaves_json_that_parses(void **state)
{
    char text[200] = "";
    FILE *stream = fmemopen(text, sizeof text, "w");
    const struct sl_output_to to = { stream, "memory", SL_FORMAT_JSON, SL_SHAPE_LIST, NULL, false };
    struct sl_output *begun = sl_output_begin(&to, columns, 1);
    struct sl_output *unused = sl_output_begin(&to, columns, 1), *none = NULL;
    struct sl_err err;

    (void)state;
    sl_output_free(&none);
    sl_output_free(&unused);
    (void)fflush(stream);
    assert_string_equal(text, "");
    assert_int_equal(sl_output_row(begun, (struct sl_value[]){ sl_text("a") }, &err), 0);
    sl_output_free(&begun);
    assert_null(begun);
    (void)fclose(stream);
    assert_string_equal(text, "[\n{\"id\":\"a\"}\n]\n");
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    for (int format = SL_FORMAT_TABLE; format <= SL_FORMAT_TSV; format++) {
        FILE *stream = fopen("/dev/full", "w");
        const struct sl_output_to to = { stream,        "/dev/full", (enum sl_format)format,
                                         SL_SHAPE_LIST, NULL,        false };
        struct sl_output *output = sl_output_begin(&to, columns, 1);
        struct sl_err err;
        int status = 0;

        for (size_t i = 0; i < 5000 && status == 0; i++)
            status = sl_output_row(output, (struct sl_value[]){ sl_text("abcdefgh") }, &err);
        assert_int_equal(status, -1);
        assert_int_equal(err.code, SL_ERR_IO);
        assert_string_equal(err.text, "/dev/full: No space left on device");
        assert_int_equal(sl_output_end(&output, &err), -1);
        (void)fclose(stream);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lists_are_arrays_even_of_one_or_none),
        cmocka_unit_test(json_parses_whatever_a_text_holds),
        cmocka_unit_test(an_object_is_no_array),
        cmocka_unit_test(ndjson_is_an_object_a_line),
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(csv_disarms_formulas_but_not_numbers_and_phones),
        cmocka_unit_test(tsv_escapes_tabs_and_newlines),
        cmocka_unit_test(csv_and_tsv_hold_nothing_that_steers_a_terminal),
        cmocka_unit_test(null_is_null_or_an_empty_cell),
        cmocka_unit_test(a_table_is_for_people),
        cmocka_unit_test(a_wide_table_shows_all_columns),
        cmocka_unit_test(a_table_of_an_object_has_a_line_a_field),
        cmocka_unit_test(nothing_is_cut_without_a_terminal),
        cmocka_unit_test(memory_does_not_grow_with_the_rows),
        cmocka_unit_test(the_columns_of_all_pages_stand_below_each_other),
        cmocka_unit_test(what_is_held_back_can_be_flushed),
        cmocka_unit_test(a_failure_halfway_leaves_json_that_parses),
        cmocka_unit_test(a_full_disk_is_told),
    };

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
