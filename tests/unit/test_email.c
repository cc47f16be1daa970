/* Mail addresses: what is taken, in which form, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/email.h"

static void what_is_an_address_is_taken(void **state)
{
    static const char *const pairs[][2] = {
        { "jane@school.example", "jane@school.example" },
        { "  jane@school.example ", "jane@school.example" },
        { "Jane.W+fees@School.Example", "Jane.W+fees@school.example" },
        { "o'brien@a-b.example", "o'brien@a-b.example" },
        { "p@sk\xc3\xb8le.example", "p@xn--skle-hra.example" },
        { "p@SK\xc3\x98LE.example", "p@xn--skle-hra.example" },
        { "p@R3---sn.example", "p@r3---sn.example" },
        { "wanjir\xc5\xa9@school.example", "wanjir\xc5\xa9@school.example" },
    };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *got = sl_email_read(arena, pairs[i][0], &why);

        assert_non_null(got);
        assert_string_equal(got, pairs[i][1]);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const pairs[][2] = {
        { "", "empty" },
        { "jane", "no @" },
        { "jane@gmail", "no dot" },
        { "a@b@c.example", "more than one @" },
        { "p1@example.xn--xaMteDst", "stands for no name" },
        { "@school.example", "in front" },
        { "jane@", "behind" },
        { "ja ne@school.example", "a character" },
        { "jane,ann@school.example", "a character" },
        { "\"ja ne\"@school.example", "a character" },
        { "<jane@school.example", "a character" },
        { ".jane@school.example", "dot is out of place" },
        { "ja..ne@school.example", "dot is out of place" },
        { "jane@school..example", "dot out of place" },
        { "jane@.example", "dot out of place" },
        { "jane@-school.example", "hyphen" },
        { "jane@sch_ool.example", "no domain has" },
        { "jane@school.example>\r\nRCPT TO:<evil@x.example", "control" },
        { "jane@school.example\n", "control" },
        { "jane\x7f@school.example", "control" },
        { "jane@school.example\nBcc: a@b.example", "control" },
        { "jane\xff@school.example", "not UTF-8" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example",
          "more than 64" },
        { "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
          "more than 63" },
    };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *why = NULL;

        assert_null(sl_email_read(arena, pairs[i][0], &why));
        if (!why || !strstr(why, pairs[i][1]))
            fail_msg("'%s': %s", pairs[i][0], why ? why : "no reason");
    }
}

static void a_name_stands_in_front(void **state)
{
    static const char *const rows[][3] = {
        { "Jane <jane@school.example>", "Jane", "jane@school.example" },
        { "\"Wanjir\xc5\xa9, \\\"JJ\\\"\" <p@School.example>", "Wanjir\xc5\xa9, \"JJ\"",
          "p@school.example" },
        { "Wanjiru, Jane  < p@school.example >", "Wanjiru, Jane", "p@school.example" },
        { "<p@school.example>", NULL, "p@school.example" },
        { "p@school.example", NULL, "p@school.example" },
    };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *name, *why;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = sl_email_read_named(arena, rows[i][0], &name, &why);

        assert_non_null(got);
        assert_string_equal(got, rows[i][2]);
        assert_int_equal(name == NULL, rows[i][1] == NULL);
        if (name)
            assert_string_equal(name, rows[i][1]);
    }
    assert_null(sl_email_read_named(arena, "Ja\nne <p@school.example>", &name, &why));
    assert_non_null(strstr(why, "control"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_an_address_is_taken),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(a_name_stands_in_front),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
