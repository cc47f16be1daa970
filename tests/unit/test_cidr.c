/* What lib/base/cidr.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cidr.h"

static bool has(const char *list, const char *address)
{
    struct sl_ip ip;

    assert_true(sl_ip_parse(&ip, address));
    return sl_cidrs_have(list, &ip);
}

static void an_address_is_in_its_range_and_in_no_other(void **state)
{
    static const struct {
        const char *list, *address;
        bool has;
    } rows[] = {
        { "196.201.212.0/24", "196.201.212.127", true },
        { "196.201.212.0/24", "196.201.213.1", false },
        { "196.201.212.127", "196.201.212.127", true },
        { "196.201.212.127", "196.201.212.126", false },
        { "10.0.0.0/9", "10.127.255.255", true },
        { "10.0.0.0/9", "10.128.0.0", false },
        { "10.1.2.3/8", "10.200.0.1", true }, /* bits behind the range do not count */
        { "0.0.0.0/0", "8.8.8.8", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "8.8.8.8", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "::1", "::1", true },
        { "127.0.0.1/32", "::ffff:127.0.0.1", true }, /* a socket for both says it so */
        { "::ffff:127.0.0.0/104", "127.9.9.9", true },
        { "192.0.2.1, 10.0.0.0/8 ,::1", "10.5.5.5", true },
        { "192.0.2.1, 10.0.0.0/8 ,::1", "11.5.5.5", false },
        { "", "127.0.0.1", false },
        { "nonsense,127.0.0.0/8", "127.0.0.1", true },
    };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(rows); i++)
        if (has(rows[i].list, rows[i].address) != rows[i].has)
            fail_msg("'%s' and %s", rows[i].list, rows[i].address);
}

static void what_is_no_address_is_not_read(void **state)
{
    static const char *const wrong[] = { "",      "1.2.3",     "1.2.3.4.5",    "256.1.1.1",
                                         "::g",   "localhost", "127.0.0.1:80", "127.0.0.1 ",
                                         "[::1]", "01.2.3.4" };
    struct sl_ip ip = { { 7 } };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(wrong); i++)
        if (sl_ip_parse(&ip, wrong[i]))
            fail_msg("'%s' was read", wrong[i]);
    assert_int_equal(ip.bytes[0], 7);
}

static void the_first_word_that_is_no_range_is_named(void **state)
{
    static const char *const wrong[] = { "10.0.0.0/33",  "::1/129", "10.0.0.0/", "10.0.0.0/-1",
                                         "10.0.0.0/8/8", "host",    "" };
    int n = 0;

    (void)state;
    assert_null(sl_cidrs_wrong("10.0.0.0/8, ::1,\t192.0.2.0/24 ", &n));
    for (size_t i = 0; i < SL_COUNT(wrong); i++) {
        const char *word = sl_cidrs_wrong(wrong[i], &n);

        assert_non_null(word);
        assert_int_equal(n, strlen(wrong[i]));
    }
    assert_memory_equal(sl_cidrs_wrong("10.0.0.1, bad one", &n), "bad one", 7);
    assert_int_equal(n, 7);
}

static void an_address_is_printed_as_people_write_it(void **state)
{
    static const char *const rows[][2] = { { "127.0.0.1", "127.0.0.1" },
                                           { "::ffff:10.1.2.3", "10.1.2.3" },
                                           { "2001:DB8:0:0::1", "2001:db8::1" } };
    char text[SL_IP_SIZE];
    struct sl_ip ip;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(rows); i++) {
        assert_true(sl_ip_parse(&ip, rows[i][0]));
        sl_ip_print(&ip, text);
        assert_string_equal(text, rows[i][1]);
    }
}

static void loopback_is_known_in_both_families(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = { { "127.0.0.1", true },
                 { "127.255.0.9", true },
                 { "::1", true },
                 { "128.0.0.1", false },
                 { "::ffff:127.0.0.1", true },
                 { "::2", false },
                 { "0.0.0.0", false },
                 { "::", false } };
    struct sl_ip ip;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(rows); i++) {
        assert_true(sl_ip_parse(&ip, rows[i].text));
        if (sl_ip_is_loopback(&ip) != rows[i].loopback)
            fail_msg("%s", rows[i].text);
    }
}

static void what_is_nobodys_on_the_internet_is_not_public(void **state)
{
    static const char *const is[] = { "8.8.8.8",          "196.201.214.200", "172.15.255.255",
                                      "172.32.0.0",       "2a00:1450::1",    "2606:4700::1111",
                                      "64:ff9b::808:808", "2002:808:808::1" };
    static const char *const is_not[] = {
        "0.0.0.0",      "0.1.2.3",         "10.0.0.1",        "100.64.0.1",
        "127.0.0.1",    "169.254.169.254", "172.16.0.1",      "172.31.255.255",
        "192.0.0.1",    "192.0.2.1",       "192.168.0.1",     "198.18.0.1",
        "203.0.113.9",  "224.0.0.1",       "255.255.255.255", "::",
        "::1",          "::7f00:1",        "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "64:ff9b:1::1", "2002:7f00:1::1",  "2001::1",         "2001:db8::1",
        "fc00::1",      "fd00:ec2::254",   "fe80::1",         "fec0::1",
        "ff02::1",      "100::1",          "4000::1"
    };
    struct sl_ip ip;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(is); i++)
        assert_true(sl_ip_parse(&ip, is[i]) && sl_ip_is_public(&ip));
    for (size_t i = 0; i < SL_COUNT(is_not); i++)
        assert_true(sl_ip_parse(&ip, is_not[i]) && !sl_ip_is_public(&ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_its_range_and_in_no_other),
        cmocka_unit_test(what_is_no_address_is_not_read),
        cmocka_unit_test(the_first_word_that_is_no_range_is_named),
        cmocka_unit_test(an_address_is_printed_as_people_write_it),
        cmocka_unit_test(loopback_is_known_in_both_families),
        cmocka_unit_test(what_is_nobodys_on_the_internet_is_not_public),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
