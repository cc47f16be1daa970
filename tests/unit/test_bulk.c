/* Lists of any channel: what lib/service/bulk.h makes of a CSV, with a channel of the test's own. */
#include "tests/unit/installation.h"
#include "tests/unit/expect_ok.h"

#include "lib/service/bulk.h"

const struct sl_adapter *const sl_adapters[] = { NULL };

/* ---- A channel of mail: an address with an @, a payload that is its name ------------------ */

static const struct sl_channel mail = { "email", SL_EMAIL, "email.send", "mails", "email" };

struct mail_list {
    size_t n_columns, name;
};

static int begin(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *to)
{
    struct mail_list *list = self;

    (void)service, (void)arena, (void)school;
    assert_null(sender); /* nobody is asked for an estimate */
    list->n_columns = columns->n;
    return sl_columns_find(columns, "name", &list->name, to);
}

static struct sl_draft draft(void *self, struct sl_arena *arena, const char *address,
                             const char *const *fields)
{
    struct mail_list *list = self;

    if (!strchr(address, '@'))
        return (struct sl_draft){ .refused = "no mail address" };
    return (struct sl_draft){ .address = sl_arena_strdup(arena, address),
                              .payload = sl_arena_strdup(arena, fields[list->name]) };
}

static void text_hash(void *self, char hex[65])
{
    (void)self;
    memset(hex, '0', 64);
    hex[64] = '\0';
}

/* ---- Helpers ------------------------------------------------------------------------------ */

struct listed {
    struct sl_bulk_totals totals;
    char report[1024];
};

/* Looks at a list without school or installation, as an estimate does. */
static int look(const char *csv, bool strict, struct sl_arena *arena, struct listed *listed)
{
    const struct sl_school nobody = { .country = "KE" };
    struct mail_list list = { 0, 0 };
    FILE *in = fmemopen((void *)(uintptr_t)csv, strlen(csv), "r");
    FILE *report = fmemopen(listed->report, sizeof listed->report, "w");
    const struct sl_bulk_options options = {
        .maker = { &mail, "email", "mail addresses", begin, draft, text_hash, &list },
        .in = in,
        .strict = strict,
        .mode = SL_BULK_ESTIMATE,
        .dry_report = report,
    };
    struct sl_batch batch = { 0 };
    char hash[65];
    int status;

    assert_non_null(in);
    assert_non_null(report);
    status = sl_bulk_load(NULL, arena, &nobody, &options, &batch, &listed->totals, hash, &err);
    (void)fclose(in);
    assert_int_equal(fclose(report), 0);
    return status;
}

/* ---- Tests -------------------------------------------------------------------------------- */

static void a_list_of_any_channel_is_judged_row_by_row(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct listed listed = { .report = "" };

    (void)state;
    OK(look("name,email\nAnn,a@b.example\nBen,nowhere\nAnn,a@b.example\nCleo,a@b.example\nDan\n",
            false, arena, &listed));
    assert_int_equal(listed.totals.total, 5);
    assert_int_equal(listed.totals.good, 2);
    assert_int_equal(listed.totals.failed, 2);
    assert_int_equal(listed.totals.skipped, 1);
    assert_string_equal(listed.report, "2,a@b.example,a@b.example,ready,,,,,,\n"
                                       "3,nowhere,,failed,,,,,,no mail address\n"
                                       "4,a@b.example,a@b.example,skipped,,,,,,"
                                       "the same message to the same address once more\n"
                                       "5,a@b.example,a@b.example,ready,,,,,,\n"
                                       "6,,,failed,,,,,,1 field where the header has 2\n");
}

static void the_first_bad_rows_are_kept_for_the_refusal(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct listed listed = { .report = "" };

    (void)state;
    OK(look("name,email\nA,1\nB,2\n", false, arena, &listed));
    assert_int_equal(listed.totals.failed, listed.totals.total);
    assert_int_equal(sl_bulk_refuse(&listed.totals, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_string_equal(err.text, "no row of the list can be sent (2 looked at): line 2: no mail "
                                  "address; line 3: no mail address");
    OK(look("name,email\nA,1\nB,2\nC,3\nD,4\n", false, arena, &listed));
    (void)sl_bulk_refuse(&listed.totals, &err);
    assert_non_null(strstr(err.text, "line 4: no mail address; and so on"));
}

static void a_list_that_cannot_be_used_is_refused(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct listed listed = { .report = "" };

    (void)state;
    assert_int_equal(look("name,mail\nA,1\n", false, arena, &listed), -1);
    assert_string_equal(err.text, "the column of mail addresses: the list has no column 'email'");
    assert_int_equal(look("nam,email\nA,1\n", false, arena, &listed), -1);
    assert_string_equal(err.text, "the list has no column 'name'");
    assert_int_equal(look("name,email\n", false, arena, &listed), -1);
    assert_string_equal(err.text, "the list has a header and no rows");
    assert_int_equal(look("name,email\nA,a@b.example\nB,2\n", true, arena, &listed), -1);
    assert_string_equal(err.text, "line 3: no mail address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_any_channel_is_judged_row_by_row),
        cmocka_unit_test(the_first_bad_rows_are_kept_for_the_refusal),
        cmocka_unit_test(a_list_that_cannot_be_used_is_refused),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
