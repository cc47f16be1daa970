/* What schools have in their lists becomes E.164 or a reason: every case of phones.jsonl, and
 * the rules that it has no case for. */
#include "tests/unit/data_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/text/phone.h"

static const char *const kind_names[] = {
    [SL_PHONE_INVALID] = "invalid",
    [SL_PHONE_MOBILE] = "mobile",
    [SL_PHONE_FIXED] = "fixed",
    [SL_PHONE_OTHER] = "other",
};

struct vector {
    const char *text, *country, *e164; /* NULL: none */
    enum sl_phone_kind kind;
};

static bool agrees(const struct sl_phone *phone, struct json_object *want)
{
    const char *e164 = sl_json_text(want, "e164");

    if (strcmp(kind_names[phone->kind], sl_json_text(want, "kind")) != 0)
        return false;
    return e164 && phone->e164 ? strcmp(e164, phone->e164) == 0 : e164 == phone->e164;
}

/* `also` is the table's own answer where libphonenumber knows more, and then it is ours. */
static void run_case(const char *line, size_t n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_json_free) struct json_object *want = sl_json_parse(line, n);
    struct json_object *also = sl_json_at(want, "also");
    const char *input = sl_json_text(want, "input");
    struct sl_phone phone = sl_phone_read(arena, input, sl_json_text(want, "country"));

    if (!agrees(&phone, also ? also : want))
        fail_msg("'%s' became %s %s (%s)", input, kind_names[phone.kind],
                 phone.e164 ? phone.e164 : "-", phone.reason);
    if (phone.kind != SL_PHONE_MOBILE)
        assert_true(*phone.reason);
}

static void every_case_of_the_specification_is_met(void **state)
{
    (void)state;
    assert_int_equal(run_cases("tests/data/phones.jsonl", run_case), 74);
}

static void check(const struct vector *vectors, size_t n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    for (size_t i = 0; i < n; i++) {
        const struct vector *want = &vectors[i];
        struct sl_phone phone = sl_phone_read(arena, want->text, want->country);
        const char *e164 = phone.e164 ? phone.e164 : "-";

        if (phone.kind != want->kind || strcmp(e164, want->e164 ? want->e164 : "-") != 0)
            fail_msg("'%s' at %s became %s %s (%s)", want->text, want->country,
                     kind_names[phone.kind], e164, phone.reason);
    }
}

static void what_is_certain_is_repaired(void **state)
{
    static const struct vector vectors[] = {
        { "०", "KE", NULL, SL_PHONE_INVALID },
        { "０７１２３４５６７８", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "＋254712345678", "UG", "+254712345678", SL_PHONE_MOBILE },
        { "٠٧١٢٣٤٥٦٧٨", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "۰۷۱۲۳۴۵۶۷۸", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "\t0712\u2003345\u202f678\r\n", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "\ufeff07\u200b12\u00ad345678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "\"0712345678\"", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "'=\"0712345678\"", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "WhatsApp 0712345678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "Simu. (0712) 345-678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "telephone: +254 712 345 678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "(+254) 712 345 678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "2,54712345678e+11", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "2.547123456780E+11", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "0712\u3000345678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "254712345678.00", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "0712.345678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "0712‐345−678", "KE", "+254712345678", SL_PHONE_MOBILE },
        { "00447911123456", "KE", "+447911123456", SL_PHONE_MOBILE },
        { "+44 (0) 7911 123456", "KE", "+447911123456", SL_PHONE_MOBILE },
    };

    (void)state;
    check(vectors, SL_COUNT(vectors));
}

static void what_is_a_guess_is_refused(void **state)
{
    static const struct vector vectors[] = {
        { "", "KE", NULL, SL_PHONE_INVALID },
        { " \u00a0 ", "KE", NULL, SL_PHONE_INVALID },
        { "2.5471234567E+11", "KE", NULL, SL_PHONE_INVALID },
        { "7.1234567E+99999999999999999999", "KE", NULL, SL_PHONE_INVALID },
        { "2.54712345670E+11", "KE", NULL, SL_PHONE_INVALID },
        { "071234567.8", "KE", NULL, SL_PHONE_INVALID },
        { "254712345678.5", "KE", NULL, SL_PHONE_INVALID },
        { "0712 FLOWER", "KE", NULL, SL_PHONE_INVALID },
        { "tel0712345678", "KE", NULL, SL_PHONE_INVALID },
        { "0712345678+0722345678", "KE", NULL, SL_PHONE_INVALID },
        { "+254712345678 +254722345678", "KE", NULL, SL_PHONE_INVALID },
        { "0712345678;", "KE", NULL, SL_PHONE_INVALID },
        { "*0712345678#", "KE", NULL, SL_PHONE_INVALID },
        { "0712_345_678", "KE", NULL, SL_PHONE_INVALID },
        { "0712345678é", "KE", NULL, SL_PHONE_INVALID },
        { "00712345678", "KE", NULL, SL_PHONE_INVALID },
        { "+0712345678", "KE", NULL, SL_PHONE_INVALID },
        { "+1234567", "KE", NULL, SL_PHONE_INVALID },
        { "+4479111234567890", "KE", NULL, SL_PHONE_INVALID },
        { "+25471234567", "UG", NULL, SL_PHONE_INVALID },
        { "079123456", "BI", NULL, SL_PHONE_INVALID },
        { "0712345678\xff", "KE", NULL, SL_PHONE_INVALID },
        { "0712345678", NULL, NULL, SL_PHONE_INVALID },
        { "0712345678", "ZA", NULL, SL_PHONE_INVALID },
        { "+254712345678", NULL, "+254712345678", SL_PHONE_MOBILE },
    };

    (void)state;
    check(vectors, SL_COUNT(vectors));
}

static void every_country_of_the_table_has_its_own_shapes(void **state)
{
    static const struct vector vectors[] = {
        { "0202345", "KE", NULL, SL_PHONE_INVALID }, /* five behind the 2 */
        { "02023456", "KE", "+2542023456", SL_PHONE_FIXED },
        { "09001234567", "KE", "+2549001234567", SL_PHONE_OTHER },
        { "0801234567", "UG", "+256801234567", SL_PHONE_OTHER },
        { "0412345678", "TZ", "+255412345678", SL_PHONE_OTHER },
        { "0252123456", "RW", "+250252123456", SL_PHONE_FIXED },
        { "06123456", "RW", "+25006123456", SL_PHONE_FIXED },
        { "+250 06123456", "RW", "+25006123456", SL_PHONE_FIXED },
        { "79123456", "BI", "+25779123456", SL_PHONE_MOBILE },
        { "22123456", "BI", "+25722123456", SL_PHONE_FIXED },
        { "0712345678", "ET", "+251712345678", SL_PHONE_MOBILE },
        { "0921234567", "SS", "+211921234567", SL_PHONE_MOBILE },
        { "0181234567", "SS", "+211181234567", SL_PHONE_FIXED },
        { "0991234567", "MW", "+265991234567", SL_PHONE_MOBILE },
        { "01234567", "MW", "+2651234567", SL_PHONE_FIXED },
        { "01034567", "MW", NULL, SL_PHONE_INVALID },
        { "0971234567", "ZM", "+260971234567", SL_PHONE_MOBILE },
        { "0211234567", "ZM", "+260211234567", SL_PHONE_FIXED },
        { "0635123456", "ZM", "+260635123456", SL_PHONE_OTHER },
        { "07001234567", "NG", "+2347001234567", SL_PHONE_OTHER },
        { "08001234567", "NG", "+2348001234567", SL_PHONE_OTHER },
        { "02012345678", "NG", "+2342012345678", SL_PHONE_FIXED },
        { "0241234567", "GH", "+233241234567", SL_PHONE_MOBILE },
        { "080012345", "GH", "+23380012345", SL_PHONE_OTHER },
    };

    (void)state;
    check(vectors, SL_COUNT(vectors));
}

static void a_reason_says_what_to_change(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_string_equal(sl_phone_read(arena, "071234567", "KE").reason, "too short");
    assert_string_equal(sl_phone_read(arena, "07123456789", "KE").reason, "too long");
    assert_string_equal(sl_phone_read(arena, "25471234567", "KE").reason, "too short");
    assert_string_equal(sl_phone_read(arena, "0812345678", "KE").reason, "not a mobile range");
    assert_string_equal(sl_phone_read(arena, "256772123456", "KE").reason,
                        "another country without +: write +256772123456");
    assert_string_equal(sl_phone_read(arena, "0712345678/9", "KE").reason,
                        "several numbers in one cell");
    assert_string_equal(sl_phone_read(arena, "0712345678", "KE").reason, "");
}

static void the_countries_of_the_table_are_known_and_no_others(void **state)
{
    (void)state;
    assert_true(sl_phone_country_known("KE"));
    assert_true(sl_phone_country_known("GH"));
    assert_false(sl_phone_country_known("ZA"));
    assert_false(sl_phone_country_known("K"));
    assert_false(sl_phone_country_known(""));
    assert_false(sl_phone_country_known(NULL));
}

static void people_see_their_own_numbers_as_they_dial_them(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_string_equal(sl_phone_national(arena, "+254712345678", "KE"), "0712 345 678");
    assert_string_equal(sl_phone_national(arena, "+2348031234567", "NG"), "0803 123 4567");
    assert_string_equal(sl_phone_national(arena, "+25779123456", "BI"), "79 123 456");
    assert_string_equal(sl_phone_national(arena, "+2651234567", "MW"), "01 234 567");
    assert_string_equal(sl_phone_national(arena, "+256772123456", "KE"), "+256 772 123 456");
    assert_string_equal(sl_phone_national(arena, "+447911123456", "KE"), "+447911123456");
    assert_string_equal(sl_phone_national(arena, "+25412345", "KE"), "+25412345");
    assert_string_equal(sl_phone_national(arena, "", "KE"), "");
}

static void a_masked_number_shows_no_more_than_five_of_its_own_digits(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    assert_string_equal(sl_phone_masked(arena, "+254712345678"), "2547••••5678");
    assert_string_equal(sl_phone_masked(arena, "+25779123456"), "2577••••3456");
    assert_string_equal(sl_phone_masked(arena, "+447911123456"), "44••••3456");
    assert_string_equal(sl_phone_masked(arena, "+1234567"), "••••");
    assert_string_equal(sl_phone_masked(arena, "0712345678"), "••••");
    assert_string_equal(sl_phone_masked(arena, "+254712345678 Jane"), "••••");
    assert_string_equal(sl_phone_masked(arena, ""), "••••");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_specification_is_met),
        cmocka_unit_test(what_is_certain_is_repaired),
        cmocka_unit_test(what_is_a_guess_is_refused),
        cmocka_unit_test(every_country_of_the_table_has_its_own_shapes),
        cmocka_unit_test(a_reason_says_what_to_change),
        cmocka_unit_test(the_countries_of_the_table_are_known_and_no_others),
        cmocka_unit_test(people_see_their_own_numbers_as_they_dial_them),
        cmocka_unit_test(a_masked_number_shows_no_more_than_five_of_its_own_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
