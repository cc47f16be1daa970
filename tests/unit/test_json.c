/* JSON from outside: what is none is refused, also where json-c is lenient. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_json_c_takes_beyond_json_is_refused),
        cmocka_unit_test(capitals_within_texts_are_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
