/* What a text costs as SMS: every case of sms-segments.jsonl, and what a person is told. */
#include "tests/unit/data_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/text/segments.h"

enum { PARTS_MOST = 64 };

static void check_parts(const char *text, struct json_object *want)
{
    size_t parts[PARTS_MOST], n = sl_segments_parts(text, parts, PARTS_MOST);

    assert_int_equal(n, sl_json_length(want));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(parts[i], json_object_get_int(json_object_array_get_idx(want, i)));
}

static void run_case(const char *line, size_t n)
{
    SL_AUTO(sl_json_free) struct json_object *want = sl_json_parse(line, n);
    const char *text = sl_json_text(want, "text");
    struct sl_segments found = sl_segments_count(text);

    print_message("  %s\n", sl_json_text(want, "case"));
    assert_string_equal(sl_sms_encoding_name(found.encoding), sl_json_text(want, "encoding"));
    assert_int_equal(found.n_characters, sl_json_int(want, "characters", -1));
    assert_int_equal(found.units, sl_json_int(want, "units", -1));
    assert_int_equal(found.segments, sl_json_int(want, "segments", -1));
    assert_int_equal(found.forced_at > 0, found.encoding == SL_UCS2);
    check_parts(text, sl_json_at(want, "parts"));
}

static void every_case_of_the_specification_is_met(void **state)
{
    (void)state;
    assert_int_equal(run_cases("tests/data/sms-segments.jsonl", run_case), 69);
}

static size_t encode(uint32_t point, char *text)
{
    if (point < 0x80) {
        text[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        text[0] = (char)(0xc0 | point >> 6);
        text[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    text[0] = (char)(0xe0 | point >> 12);
    text[1] = (char)(0x80 | (point >> 6 & 0x3f));
    text[2] = (char)(0x80 | (point & 0x3f));
    return 3;
}

static void the_alphabet_has_137_characters_ten_of_them_double(void **state)
{
    size_t n_single = 0, n_double = 0;

    (void)state;
    for (uint32_t point = 1; point <= 0xffff; point++) {
        char text[4] = "";
        struct sl_segments found;

        if (point >= 0xd800 && point < 0xe000)
            continue;
        text[encode(point, text)] = '\0';
        found = sl_segments_count(text);
        assert_int_equal(found.n_characters, 1);
        n_single += found.encoding == SL_GSM7 && found.units == 1;
        n_double += found.encoding == SL_GSM7 && found.units == 2;
    }
    assert_int_equal(n_single, 127);
    assert_int_equal(n_double, 10);
}

static void the_first_character_that_forces_ucs2_is_named(void **state)
{
    struct sl_segments found = sl_segments_count("Ada ya Ng’ombe…");

    (void)state;
    assert_int_equal(found.forced_at, 10);
    assert_int_equal(found.forced_by, 0x2019);
    found = sl_segments_count("Ng'ombe");
    assert_int_equal(found.forced_at, 0);
    assert_int_equal(found.forced_by, 0);
}

static void a_person_is_told_what_the_character_costs(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    char text[256];

    (void)state;
    (void)snprintf(text, sizeof text, "Wazazi, it’s %0135d", 0);
    assert_string_equal(sl_segments_why(arena, text), "the ’ (U+2019) at character 11 makes this "
                                                      "3 segments instead of 1");
    assert_string_equal(sl_segments_why(arena, "ndũ"),
                        "the ũ (U+0169) at character 3 makes this 1 segment");
    assert_string_equal(sl_segments_why(arena, "a\u200b"),
                        "the ? (U+200B) at character 2 makes this 1 segment");
    assert_null(sl_segments_why(arena, "Wazazi"));
}

static void no_more_parts_are_written_than_there_is_room_for(void **state)
{
    char text[400] = "";
    size_t parts[3] = { 7, 7, 7 };

    (void)state;
    memset(text, 'a', 399);
    assert_int_equal(sl_segments_parts(text, parts, 2), 3);
    assert_int_equal(parts[1], 153);
    assert_int_equal(parts[2], 7);
}

static void plain_text_keeps_its_meaning_and_becomes_gsm(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *text = "“Ng’ombe” – it\u00a0is…\u200b `x`\t−5 «a»\u2028•\ufeff";
    const char *plain = sl_text_plain(arena, text);

    (void)state;
    assert_string_equal(plain, "\"Ng'ombe\" - it is... 'x' -5 \"a\"\n*");
    assert_int_equal(sl_segments_count(plain).encoding, SL_GSM7);
}

static void plain_text_leaves_letters_emoji_and_plain_text_alone(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *letters = "Gĩkũyũ ç é 👨\u200d👩\u200d👧 {€}\r\n", *plain = "Dear parent";

    (void)state;
    assert_string_equal(sl_text_plain(arena, letters), letters);
    assert_ptr_equal(sl_text_plain(arena, plain), plain);
    assert_string_equal(sl_text_plain(arena, ""), "");
    assert_string_equal(sl_text_plain(arena, "\u200b"), "");
}

static void control_characters_are_found_but_for_line_ends_form_feed_and_tab(void **state)
{
    (void)state;
    assert_int_equal(sl_text_control_at("a\r\nb\f\tc ũ\u00a0"), 0);
    assert_int_equal(sl_text_control_at("ũ\x1b"), 2);
    assert_int_equal(sl_text_control_at("\v"), 1);
    assert_int_equal(sl_text_control_at("ab\x7f"), 3);
    assert_int_equal(sl_text_control_at("a\xc2\x85"), 2);
    assert_int_equal(sl_text_control_at(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_specification_is_met),
        cmocka_unit_test(the_alphabet_has_137_characters_ten_of_them_double),
        cmocka_unit_test(the_first_character_that_forces_ucs2_is_named),
        cmocka_unit_test(a_person_is_told_what_the_character_costs),
        cmocka_unit_test(no_more_parts_are_written_than_there_is_room_for),
        cmocka_unit_test(plain_text_keeps_its_meaning_and_becomes_gsm),
        cmocka_unit_test(plain_text_leaves_letters_emoji_and_plain_text_alone),
        cmocka_unit_test(control_characters_are_found_but_for_line_ends_form_feed_and_tab),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
