/* How a line is read, and what is said when it is wrong. */
#include "tests/unit/run_program.h"

#include <inttypes.h>

/* ---- A program to try --------------------------------------------------------------- */

struct send_options {
    const char *message, *file, *priority;
    int64_t max_segments, ttl;
    struct sl_maybe wait;
    struct sl_list meta;
    bool plain;
};

static const struct sl_opt send_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
      .help = "What to say", .required = true },
    { "file", 0, SL_OPT_TEXT, offsetof(struct send_options, file), "FILE", .help = "A list" },
    { "priority", 0, SL_OPT_CHOICE, offsetof(struct send_options, priority), "high|normal",
      .help = "How urgent it is" },
    { "max-segments", 0, SL_OPT_INT, offsetof(struct send_options, max_segments), "N",
      .help = "Refuse longer texts", .least = 1, .most = 100, .initial = 10 },
    { "ttl", 0, SL_OPT_INT, offsetof(struct send_options, ttl), "SECONDS", .help = "Forget it" },
    { "wait", 0, SL_OPT_MAYBE, offsetof(struct send_options, wait), "SECONDS",
      .help = "Wait for the end", .initial = 60 },
    { "meta", 0, SL_OPT_LIST, offsetof(struct send_options, meta), "NAME=VALUE",
      .help = "Keep this" },
    { "plain", 0, SL_OPT_FLAG, offsetof(struct send_options, plain), .help = "Only GSM" },
    { 0 },
};

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *options = opaque;

    (void)err;
    (void)
        printf("school=%s provider=%s database=%s format=%d dry=%d quiet=%d verbose=%d given=%u\n",
               or_dash(cli->school), or_dash(cli->provider), or_dash(cli->database),
               (int)cli->format, cli->dry_run, cli->quiet, cli->verbose, cli->given);
    (void)printf("message=%s file=%s priority=%s max=%" PRId64 " ttl=%" PRId64 " plain=%d\n",
                 or_dash(options->message), or_dash(options->file), or_dash(options->priority),
                 options->max_segments, options->ttl, options->plain);
    (void)printf("wait=%d,%" PRId64 "\n", options->wait.given, options->wait.value);
    for (size_t i = 0; i < options->meta.n; i++)
        (void)printf("meta %s\n", options->meta.items[i]);
    for (size_t i = 0; i < cli->n_operands; i++)
        (void)printf("operand %s\n", cli->operands[i]);
    return 0;
}

static int nothing_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    (void)err;
    (void)printf("%s %zu\n", or_dash(cli->school), cli->n_operands);
    return 0;
}

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "NUMBER...",
      .summary = "Send one text to some numbers",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = send_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "optout add",
      .operands = "NUMBER...",
      .summary = "Send them nothing more",
      .min_operands = 1,
      .max_operands = 9,
      .run = nothing_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "optout list", .summary = "Show them", .run = nothing_run },
    { .name = "scenario list", .summary = "Show them", .run = nothing_run },
    { .name = "scenario",
      .operands = "NAME",
      .summary = "Play it",
      .min_operands = 1,
      .max_operands = 1,
      .run = nothing_run },
};

static const struct sl_program program = {
    .name = "sl-try",
    .summary = "Trials",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
};

static const struct sl_verb job_verbs[] = {
    { .name = "",
      .summary = "Do what is due",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .run = send_run,
      .common = SL_USES_SCHOOL },
};

static const struct sl_program job = {
    .name = "sl-try-run", .summary = "A job", .verbs = job_verbs, .n_verbs = 1
};

#define RUN_JOB(...) run_program(&job, (const char *[]){ __VA_ARGS__, NULL })

/* ---- Reading the line --------------------------------------------------------------- */

static void every_kind_of_option_fills_its_member(void **state)
{
    struct ran ran = RUN("send", "-s", "greenhill", "+1", "--message=Dear", "--priority", "high",
                         "--max-segments", "100", "--ttl", "0", "--meta", "a=1", "--plain",
                         "--meta=b=2", "-nqvv", "+2", "--database", "x.db");

    (void)state;
    assert_int_equal(ran.status, 0);
    assert_string_equal(ran.out, "school=greenhill provider=- database=x.db format=0 dry=1 quiet=1 "
                                 "verbose=2 given=5\n"
                                 "message=Dear file=- priority=high max=100 ttl=0 plain=1\n"
                                 "wait=0,60\nmeta a=1\nmeta b=2\noperand +1\noperand +2\n");
}

static void what_was_not_given_has_its_initial_value(void **state)
{
    struct ran ran = RUN("send", "-s", "x", "-m", "y", "1");

    (void)state;
    assert_has(ran.out, "max=10 ttl=0 plain=0\nwait=0,60\noperand 1\n");
}

static void common_options_may_stand_before_the_verb(void **state)
{
    struct ran ran = RUN("-s", "greenhill", "--format=json", "send", "-m", "y", "1");

    (void)state;
    assert_int_equal(ran.status, 0);
    assert_has(ran.out, "school=greenhill provider=- database=- format=1");
}

static void two_dashes_end_the_options(void **state)
{
    struct ran ran = RUN("send", "-s", "x", "-m", "y", "--", "-5", "--plain");

    (void)state;
    assert_has(ran.out, "plain=0");
    assert_has(ran.out, "operand -5\noperand --plain\n");
}

static void one_dash_is_an_operand(void **state)
{
    struct ran ran = RUN("send", "-s", "x", "-m", "-", "-");

    (void)state;
    assert_has(ran.out, "message=- ");
    assert_has(ran.out, "operand -\n");
}

static void an_optional_number_stands_behind_equals_or_alone(void **state)
{
    struct ran bare = RUN("send", "-s", "x", "-m", "y", "1", "--wait");
    struct ran equals = RUN("send", "-s", "x", "-m", "y", "--wait=30", "1");
    struct ran apart = RUN("send", "-s", "x", "-m", "y", "1", "--wait", "30");
    struct ran other = RUN("send", "-s", "x", "-m", "y", "--wait", "+30");

    (void)state;
    assert_has(bare.out, "wait=1,60\noperand 1\n");
    assert_has(equals.out, "wait=1,30\noperand 1\n");
    assert_has(apart.out, "wait=1,30\noperand 1\n");
    assert_null(strstr(apart.out, "operand 30"));
    assert_has(other.out, "wait=1,60\noperand +30\n");
}

static void the_environment_serves_where_the_line_is_silent(void **state)
{
    struct ran from_environment, from_line, without_school;

    (void)state;
    (void)setenv("SL_SCHOOL", "hill", 1);
    (void)setenv("SL_DATABASE", "e.db", 1);
    from_environment = RUN("send", "-m", "y", "1");
    from_line = RUN("send", "-s", "green", "-m", "y", "1");
    without_school = RUN("optout", "list");
    (void)unsetenv("SL_SCHOOL");
    (void)setenv("SL_DATABASE", "", 1);
    assert_has(from_environment.out, "school=hill provider=- database=e.db");
    assert_has(from_environment.out, "given=0\n");
    assert_string_equal(without_school.out, "- 0\n");
    assert_has(from_line.out, "school=green provider=- database=e.db");
    from_line = RUN("send", "-s", "green", "-m", "y", "1");
    assert_has(from_line.out, "database=- ");
}

static void a_verb_of_two_words_is_found_before_one_of_its_first(void **state)
{
    struct ran two = RUN("scenario", "list"), one = RUN("scenario", "storm");
    struct ran add = RUN("optout", "add", "-s", "x", "1", "2");

    (void)state;
    assert_string_equal(two.out, "- 0\n");
    assert_string_equal(one.out, "- 1\n");
    assert_string_equal(add.out, "x 2\n");
}

static void a_job_has_no_verb(void **state)
{
    struct ran ran = RUN_JOB("-m", "y", "-s", "x"), operand = RUN_JOB("-m", "y", "send");
    struct ran help = RUN_JOB("--help"), missing = RUN_JOB("-s", "x");

    (void)state;
    assert_has(ran.out, "school=x");
    assert_refused(&operand, 64,
                   "sl-try-run: 'send' is one operand too many; see `sl-try-run --help`\n");
    assert_has(help.out, "Usage: sl-try-run --message TEXT [OPTION...]\n");
    assert_refused(&missing, 64, "sl-try-run: sl-try-run wants --message TEXT\n");
}

/* ---- What is wrong with it ---------------------------------------------------------- */

static const struct {
    const char *words[10];
    int status;
    const char *said;
} wrong[] = {
    { { NULL }, 64, "sl-try: name a verb; `sl-try --help` lists them\n" },
    { { "sned" }, 64, "sl-try: there is no verb 'sned'; did you mean 'send'?\n" },
    { { "frobnicate" }, 64, "sl-try: there is no verb 'frobnicate'; see `sl-try --help`\n" },
    { { "optout" },
      64,
      "sl-try: 'optout' is only the beginning of a verb; see `sl-try optout --help`\n" },
    { { "optout", "ad" },
      64,
      "sl-try: there is no verb 'optout ad'; did you mean 'optout add'?\n" },
    { { "otpout", "add" }, 64, "sl-try: there is no verb 'otpout'; did you mean 'optout add'?\n" },
    { { "--bogus" }, 64, "sl-try: there is no option '--bogus'; see `sl-try --help`\n" },
    { { "send", "--mesage", "x" },
      64,
      "sl-try: there is no option '--mesage'; did you mean '--message'?\n" },
    { { "send", "-Z" }, 64, "sl-try: there is no option '-Z'; see `sl-try send --help`\n" },
    { { "send", "--m=1" },
      64,
      "sl-try: there is no option '--m'; did you mean '--message'?\n" }, /* or --max-segments */
    { { "send", "-s", "x", "1" }, 64, "sl-try: send wants --message TEXT\n" },
    { { "send", "-s", "x", "1", "-m" }, 64, "sl-try: --message wants TEXT\n" },
    { { "send", "--plain=3" }, 64, "sl-try: --plain takes no value\n" },
    { { "send", "-m", "y", "1" },
      64,
      "sl-try: name the school with --school SCHOOL or SL_SCHOOL\n" },
    { { "send", "-s", "x", "-m", "y" },
      64,
      "sl-try: send wants NUMBER...; see `sl-try send --help`\n" },
    { { "scenario", "0", "1" },
      64,
      "sl-try: '1' is one operand too many; see `sl-try scenario --help`\n" },
    { { "optout", "list", "-n" }, 64, "sl-try: optout list takes no --dry-run\n" },
    { { "optout", "list", "-s", "x" }, 64, "sl-try: optout list takes no --school\n" },
    { { "optout", "list", "-f", "xml" },
      65,
      "sl-try: --format wants table|json|ndjson|csv|tsv, not 'xml'\n" },
    { { "send", "--priority", "hihg" },
      65,
      "sl-try: --priority wants high|normal, not 'hihg'; did you mean 'high'?\n" },
    { { "send", "--max-segments", "0" },
      65,
      "sl-try: --max-segments wants a whole number from 1 to 100, not '0'\n" },
    { { "send", "--max-segments", "101" },
      65,
      "sl-try: --max-segments wants a whole number from 1 to 100, not '101'\n" },
    { { "send", "--max-segments", "5x" },
      65,
      "sl-try: --max-segments wants a whole number from 1 to 100, not '5x'\n" },
    { { "send", "--ttl", "9223372036854775808" },
      65,
      "sl-try: --ttl wants a whole number, 0 or more, not '9223372036854775808'\n" },
    { { "send", "--wait=" }, 65, "sl-try: --wait wants a whole number, 0 or more, not ''\n" },
    { { "send", "--wait=soon" },
      65,
      "sl-try: --wait wants a whole number, 0 or more, not 'soon'\n" },
    { { "send", "-m", "\xff" }, 65, "sl-try: the value of --message is not UTF-8\n" },
    { { "send", "-m", "y", "1", "\xc3" }, 65, "sl-try: operand 2 is not UTF-8\n" },
    { { "send", "--wait=soon", "--bogus" },
      65, /* the first of them is told */
      "sl-try: --wait wants a whole number, 0 or more, not 'soon'\n" },
};

static void a_wrong_line_is_told_what_is_wrong_with_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_COUNT(wrong); i++) {
        struct ran ran = run_program(&program, wrong[i].words);

        assert_refused(&ran, wrong[i].status, wrong[i].said);
    }
}

static void a_path_may_be_any_bytes(void **state)
{
    struct ran ran = RUN("send", "-s", "x", "-m", "y", "1", "--file", "\xff.csv");

    (void)state;
    assert_int_equal(ran.status, 0);
    assert_has(ran.out, "file=\xff.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_option_fills_its_member),
        cmocka_unit_test(what_was_not_given_has_its_initial_value),
        cmocka_unit_test(common_options_may_stand_before_the_verb),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(one_dash_is_an_operand),
        cmocka_unit_test(an_optional_number_stands_behind_equals_or_alone),
        cmocka_unit_test(the_environment_serves_where_the_line_is_silent),
        cmocka_unit_test(a_verb_of_two_words_is_found_before_one_of_its_first),
        cmocka_unit_test(a_job_has_no_verb),
        cmocka_unit_test(a_wrong_line_is_told_what_is_wrong_with_it),
        cmocka_unit_test(a_path_may_be_any_bytes),
    };

    (void)unsetenv("SL_SCHOOL");
    (void)unsetenv("SL_DATABASE");
    (void)unsetenv("SL_CONFIG");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
