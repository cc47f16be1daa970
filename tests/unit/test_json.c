/* JSON from outside: what is none is refused, also where json-c is lenient. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/json.h"

static bool is_taken(const char *bytes, size_t n)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(bytes, n);

    return doc != NULL;
}

static void what_json_c_takes_beyond_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "NaN", "[Infinity]",     "{\"amount\":-Infinity}", "{} x",          "{\"a\":1,}",
        "'a'", "[\"\xc0\xb5\"]", "[\"\xed\xa0\x80\"]",     "[\"\\\"\",NaN]"
    };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        assert_false(is_taken(texts[i], strlen(texts[i])));
    assert_false(is_taken("{}\0x", 4));
    assert_false(is_taken("{\"a\0\":1}", 8));
}

static void capitals_within_texts_are_texts(void **state)
{
    static const char *const texts[] = { "\"NaN Infinity\"", "{\"IN\\\"N\":1}", "[1E3,true,-1.5]",
                                         "[\"\\\\\",\"N\"]" };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        assert_true(is_taken(texts[i], strlen(texts[i])));
}

static bool is_read(struct sl_arena *arena, const char *before, const char *unit, size_t times,
                    const char *after)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_buf text = sl_buf_new(arena);

    sl_buf_text(&text, before);
    for (size_t i = 0; i < times; i++)
        sl_buf_text(&text, unit);
    sl_buf_text(&text, after);
    doc = sl_json_parse(text.data, text.len);
    return doc != NULL;
}

/* Four megabytes of "{}," would need a gigabyte. */
static void what_would_fill_the_memory_is_not_read(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_true(is_read(arena, "[", "{},", 10000, "1]"));
    assert_true(is_read(arena, "[", "1,", 300000, "1]"));
    assert_true(is_read(arena, "[\"", "a", 4000000, "\"]"));
    assert_false(is_read(arena, "[", "{},", 1000000, "1]"));
    assert_false(is_read(arena, "[", "[],", 1000000, "1]"));
    assert_false(is_read(arena, "[", "1,", 1000000, "1]"));
    assert_false(is_read(arena, "", "[", 33, ""));
}

static void what_is_no_json_is_not_read(void **state)
{
    static const char *const wrong[] = { "",     " ",        "{\"a\":1}{}",
                                         "[1,]", "\"\xff\"", "\xef\xbb\xbf{}" };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(wrong); i++)
        assert_null(sl_json_parse(wrong[i], strlen(wrong[i])));
}

static void nothing_in_json_steers_a_terminal(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf quoted = sl_buf_new(arena), shown = sl_buf_new(arena);

    (void)state;
    sl_json_quote(&quoted, "\x1b[2J\x7f\xc2\x9b"
                           "31m \"\\\n \xc3\xa9\xc2\xa0");
    assert_string_equal(quoted.data,
                        "\"\\u001b[2J\\u007f\\u009b31m \\\"\\\\\\u000a \xc3\xa9\xc2\xa0\"");
    sl_json_show(&shown, "{\"a\":\"\xc2\x85\x7f\\n\"}");
    assert_string_equal(shown.data, "{\"a\":\"\\u0085\\u007f\\n\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_json_c_takes_beyond_json_is_refused),
        cmocka_unit_test(capitals_within_texts_are_texts),
        cmocka_unit_test(what_would_fill_the_memory_is_not_read),
        cmocka_unit_test(what_is_no_json_is_not_read),
        cmocka_unit_test(nothing_in_json_steers_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
