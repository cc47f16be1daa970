/* What a template promises: checked once, against the header, and then it cannot fail. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/text/template.h"

static const char *const names[] = { "phone", "parent", "", "Jina la mtoto" };
static const char *const fields[] = { "0712345678", "Wanjiru", "nothing", "Ng’ang’a {parent}" };
static const struct sl_columns columns = { names, SL_COUNT(names) };

static void check(const char *text, const char *want, bool uses_columns)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_template *template = NULL;
    struct sl_buf out = sl_buf_new(arena);
    struct sl_err err;

    assert_int_equal(sl_template_compile(&template, arena, text, &columns, &err), 0);
    assert_int_equal(sl_template_uses_columns(template), uses_columns);
    sl_template_render(template, fields, &out);
    assert_string_equal(out.data, want);
}

static void refuse(const char *template_text, const char *text, const char *hint)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_template *template = NULL;
    struct sl_err err;

    assert_int_equal(sl_template_compile(&template, arena, template_text, &columns, &err), -1);
    assert_null(template);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_string_equal(err.text, text);
    assert_string_equal(err.hint, hint);
}

static void a_name_in_braces_becomes_the_field(void **state)
{
    (void)state;
    check("Dear {parent}, ...", "Dear Wanjiru, ...", true);
    check("{parent}{phone}", "Wanjiru0712345678", true);
}

static void a_column_may_have_blanks_and_any_letters(void **state)
{
    (void)state;
    check("Wa {Jina la mtoto}.", "Wa Ng’ang’a {parent}.", true); /* a field is no template */
}

static void double_braces_are_braces(void **state)
{
    (void)state;
    check("{{parent}}", "{parent}", false);
    check("{{{parent}}}", "{Wanjiru}", true);
    check("}}{{", "}{", false);
}

static void a_template_without_columns_is_its_text(void **state)
{
    (void)state;
    check("Shule itafungwa Ijumaa.", "Shule itafungwa Ijumaa.", false);
    check("", "", false);
}

static void an_unknown_column_is_refused_with_the_nearest(void **state)
{
    (void)state;
    refuse("Dear {parnet}", "template, character 6: the list has no column 'parnet'",
           "did you mean 'parent'?");
    refuse("ũ {PARENT}", "template, character 3: the list has no column 'PARENT'",
           "did you mean 'parent'?");
    refuse("{zzzzzzzz}", "template, character 1: the list has no column 'zzzzzzzz'",
           "the columns are: phone, parent, Jina la mtoto");
}

static void braces_that_do_not_pair_are_refused(void **state)
{
    (void)state;
    refuse("ũ {parent", "the '{' at character 3 of the template is not closed",
           "a column is written {name}, a brace {{");
    refuse("{parent {phone}", "the '{' at character 1 of the template is not closed",
           "a column is written {name}, a brace {{");
    refuse("a{", "the '{' at character 2 of the template is not closed",
           "a column is written {name}, a brace {{");
    refuse("{parent}}", "the '}' at character 9 of the template closes nothing",
           "a brace is written }}");
}

static void an_empty_name_is_refused_even_if_a_column_has_none(void **state)
{
    (void)state;
    refuse("a {}", "the '{' at character 3 of the template names no column", "");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    refuse("a\xff", "the template is not valid UTF-8", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_braces_becomes_the_field),
        cmocka_unit_test(a_column_may_have_blanks_and_any_letters),
        cmocka_unit_test(double_braces_are_braces),
        cmocka_unit_test(a_template_without_columns_is_its_text),
        cmocka_unit_test(an_unknown_column_is_refused_with_the_nearest),
        cmocka_unit_test(braces_that_do_not_pair_are_refused),
        cmocka_unit_test(an_empty_name_is_refused_even_if_a_column_has_none),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
