/* How a program ends, and what is printed from its tables: help, manual, completion. */
#include "tests/unit/run_program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/base/text.h"
#include "lib/base/json.h"

/* ---- A program to try --------------------------------------------------------------- */

struct send_options {
    const char *message, *priority;
    int64_t max_segments;
    struct sl_maybe wait;
};

static const struct sl_opt send_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
      .help = "What to say", .required = true },
    { "priority", 0, SL_OPT_CHOICE, offsetof(struct send_options, priority), "high|normal",
      .help = "How urgent it is" },
    { "max-segments", 0, SL_OPT_INT, offsetof(struct send_options, max_segments), "N",
      .help = "Refuse longer texts", .least = 1, .most = 100, .initial = 10 },
    { "wait", 0, SL_OPT_MAYBE, offsetof(struct send_options, wait), "SECONDS",
      .help = "Wait for the end", .initial = 60 },
    { 0 },
};

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* Returns its operand, or fails with the word it is given. */
static int end_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    const char *how = cli->operands[0];

    (void)options;
    if (strcmp(how, "lost") == 0) {
        (void)setvbuf(stdout, NULL, _IONBF, 0); /* nothing is left for the last flush to find */
        (void)puts("line");
        return 0;
    }
    sl_say(cli, "talk\033[31m");
    sl_say_verbose(cli, 2, "detail");
    if (strcmp(how, "text") == 0)
        return sl_err_set(err, SL_ERR_CONFIG, "no\nschool");
    (void)sl_err_set(err, SL_ERR_AUTH, "credentials refused");
    if (strcmp(how, "short") == 0)
        return sl_err_hint(err, "set them again");
    if (strcmp(how, "long") == 0)
        return sl_err_hint(err, "%0100d", 7);
    return atoi(how);
}

static int process_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    struct rlimit core;

    (void)cli;
    (void)options;
    (void)err;
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    (void)printf("dumpable=%d core=%d pipe=%d xfsz=%d stdin=%d\n", prctl(PR_GET_DUMPABLE),
                 (int)core.rlim_cur, signal(SIGPIPE, SIG_IGN) == SIG_IGN,
                 signal(SIGXFSZ, SIG_IGN) == SIG_IGN, fcntl(STDIN_FILENO, F_GETFD) >= 0);
    return 0;
}

static int nothing_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    (void)err;
    (void)printf("%s %zu\n", or_dash(cli->school), cli->n_operands);
    return 0;
}

static int serve_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    (void)err;
    sl_say(cli, "listening");
    return 0;
}

static void complete(const struct sl_cli *cli, const char *kind)
{
    (void)printf("%s of %s, %zu words\n", kind, or_dash(cli->school), cli->n_operands);
}

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "NUMBER...",
      .summary = "Send one text to some numbers",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = nothing_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "end",
      .operands = "HOW",
      .summary = "End so",
      .min_operands = 1,
      .max_operands = 1,
      .run = end_run },
    { .name = "process", .summary = "Show the process", .run = process_run },
    { .name = "optout list", .summary = "Show them", .run = nothing_run },
    { .name = "serve", .summary = "Listen", .run = serve_run, .common = SL_WORKS_UNHEARD },
};

static const struct sl_program program = {
    .name = "sl-try",
    .summary = "Trials",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = complete,
    .see_also = "sl-logs(1)",
};

static const struct sl_verb job_verbs[] = {
    { .name = "",
      .summary = "Do what is due",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .run = nothing_run,
      .common = SL_USES_SCHOOL },
};

static const struct sl_program job = {
    .name = "sl-try-run", .summary = "A job", .verbs = job_verbs, .n_verbs = 1
};

#define RUN_JOB(...) run_program(&job, (const char *[]){ __VA_ARGS__, NULL })

/* ---- How it ends -------------------------------------------------------------------- */

static void the_status_of_a_verb_is_passed_through(void **state)
{
    struct ran one = RUN("end", "1"), queued = RUN("end", "75");

    (void)state;
    assert_int_equal(one.status, 1);
    assert_int_equal(queued.status, 75);
    assert_string_equal(queued.err, "talk?[31m\n");
}

static void an_error_is_one_line_or_two(void **state)
{
    struct ran text = RUN("end", "-q", "text"), brief = RUN("end", "-q", "short");
    struct ran lengthy = RUN("end", "-q", "long");

    (void)state;
    assert_refused(&text, 78, "sl-try: no?school\n");
    assert_refused(&brief, 77, "sl-try: credentials refused; set them again\n");
    assert_has(lengthy.err, "sl-try: credentials refused\nsl-try: hint: 000");
    assert_int_equal(strlen(lengthy.err), 28 + 14 + 100 + 1);
}

static void an_error_is_an_object_where_json_is_asked_for(void **state)
{
    struct ran hinted = RUN("end", "-q", "-f", "json", "short");
    struct ran bare = RUN("end", "-q", "-f", "ndjson", "text");
    struct ran verb = RUN("sned", "--bogus", "-fjson"), option = RUN("end", "--x", "-f", "json");

    (void)state;
    assert_refused(&hinted, 77,
                   "{\"error\":{\"code\":\"auth\",\"message\":\"credentials refused\","
                   "\"hint\":\"set them again\"}}\n");
    assert_refused(&bare, 78,
                   "{\"error\":{\"code\":\"config\",\"message\":\"no?school\",\"hint\":null}}\n");
    assert_refused(&verb, 64,
                   "{\"error\":{\"code\":\"usage\",\"message\":\"there is no verb 'sned'\","
                   "\"hint\":\"did you mean 'send'?\"}}\n");
    assert_has(option.err, "{\"error\":{\"code\":\"usage\",");
}

static void an_error_in_json_parses_whatever_it_quotes(void **state)
{
    struct ran ran = RUN("\xff\"\\\033", "-f", "json");
    struct json_object *doc = sl_json_parse(ran.err, strlen(ran.err));

    (void)state;
    assert_string_equal(sl_json_text(doc, "error.message"), "there is no verb '?\"\\?'");
    sl_json_free(&doc);
}

static void quiet_silences_talk_and_verbose_adds_to_it(void **state)
{
    struct ran quiet = RUN("end", "-qvv", "0"), verbose = RUN("end", "-vv", "0");
    struct ran once = RUN("end", "-v", "0");

    (void)state;
    assert_string_equal(quiet.err, "");
    assert_string_equal(verbose.err, "talk?[31m\ndetail\n");
    assert_string_equal(once.err, "talk?[31m\n");
}

static void output_that_nobody_takes_is_an_error(void **state)
{
    static const char *const words[] = { "process", NULL };
    static const char *const lost[] = { "end", "lost", NULL };
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
    struct ran ran;

    (void)state;
    ran = run_onto(&program, full, words);
    assert_refused(&ran, 74, "sl-try: standard output: No space left on device\n");
    ran = run_onto(&program, full, lost);
    assert_refused(&ran, 74, "sl-try: standard output did not take all\n");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    ran = run_onto(&program, ends[1], words);
    assert_refused(&ran, 74, "sl-try: standard output: Broken pipe\n");
    (void)close(ends[1]);
    (void)close(full);
}

static void nothing_is_done_that_could_not_be_told(void **state)
{
    static const char *const words[] = { "end", "1", NULL }; /* would talk */
    static const char *const serve[] = { "serve", NULL };
    static const char *const json[] = { "end", "-f", "json", "1", NULL };
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct ran ran;

    (void)state;
    ran = run_onto(&program, -1, words);
    assert_refused(&ran, 74,
                   "sl-try: standard output is not open for writing; nothing was done; what is not "
                   "wanted goes to /dev/null\n");
    ran = run_onto(&program, null, words);
    assert_int_equal(ran.status, 74);
    assert_null(strstr(ran.err, "talk"));
    ran = run_onto(&program, -1, json);
    assert_has(ran.err, "{\"error\":{\"code\":\"io\",");
    ran = run_onto(&program, -1, serve);
    assert_refused(&ran, 0, "listening\n");
    (void)close(null);
}

static void what_is_recorded_is_named_with_the_line_that_shows_it(void **state)
{
    struct sl_err err;

    (void)state;
    (void)sl_err_set(&err, SL_ERR_IO, "standard output: full");
    assert_int_equal(sl_err_recorded(&err, "batch", "B1", "sl-try", "status"), -1);
    assert_string_equal(err.text, "batch B1 is recorded: standard output: full");
    assert_string_equal(err.hint, "`sl-try status B1` shows what became of it");
    (void)sl_err_hint(&err, "its own");
    (void)sl_err_recorded(&err, "batch", "B1", "sl-try", "status");
    assert_string_equal(err.hint, "its own");
}

static void the_process_is_prepared_for_secrets_and_pipes(void **state)
{
    struct ran ran = RUN("process");

    (void)state;
    assert_string_equal(ran.out, "dumpable=0 core=0 pipe=1 xfsz=1 stdin=1\n");
}

/* ---- Help, manual, completion ------------------------------------------------------- */

static void help_shows_what_a_verb_takes_and_nothing_else(void **state)
{
    struct ran all = RUN("--help"), verb = RUN("send", "--help"), plain = RUN("process", "-h");
    struct ran some = RUN("optout", "--help"), version = RUN("--version");

    (void)state;
    assert_int_equal(all.status, 0);
    assert_has(all.out, "  optout list                 Show them\n");
    assert_has(verb.out,
               "Usage: sl-try send --school SCHOOL --message TEXT [OPTION...] NUMBER...\n");
    assert_has(verb.out, "      --max-segments N        Refuse longer texts (otherwise 10)\n");
    assert_has(verb.out, "      --wait [SECONDS]        Wait for the end (otherwise 60)\n");
    assert_has(verb.out, "--dry-run");
    assert_null(strstr(plain.out, "--dry-run"));
    assert_null(strstr(some.out, "send"));
    assert_string_equal(version.out, "sl-try " SL_VERSION "\n");
}

static void the_manual_joins_the_tables_and_the_prose(void **state)
{
    char path[] = "/tmp/test_cli.XXXXXX";
    const char prose[] = "What `it` does.\n.TH\n\n# NOTES\n'Quoted\n\n    \\-x\n# FILES\nMore.\n";
    int fd = mkstemp(path);
    struct ran ran;

    (void)state;
    assert_int_equal(write(fd, prose, sizeof prose - 1), sizeof prose - 1);
    ran = RUN("--print-manual", path);
    (void)close(fd);
    (void)unlink(path);
    assert_int_equal(ran.status, 0);
    assert_has(ran.out, ".SH NAME\nsl\\-try \\- Trials\n.SH SYNOPSIS\n\\fBsl\\-try send\\fR ");
    assert_has(ran.out, ".SH DESCRIPTION\n.PP\nWhat \\fBit\\fR does.\n\\&.TH\n.SH OPTIONS\n");
    assert_has(ran.out, ".SH EXIT STATUS\n");
    assert_has(ran.out, ".SH NOTES\n.PP\n\\&\\(aqQuoted\n.PP\n.RS 4\n.nf\n\\e\\-x\n.fi\n.RE\n");
    assert_has(ran.out, "shulelabs.db.\n.PP\nMore.\n.SH NOTES\n");
    assert_has(ran.out, ".SH SEE ALSO\nsl\\-logs(1)\n");
    ran = RUN("--print-manual", "/nowhere/x.txt");
    assert_refused(&ran, 65, "sl-try: /nowhere/x.txt: No such file or directory\n");
}

static void completion_is_valid_bash(void **state)
{
    FILE *bash = popen("bash -n", "w");
    struct ran ran = RUN("--print-completion"), of_job = RUN_JOB("--print-completion");

    (void)state;
    assert_non_null(bash);
    (void)fputs(ran.out, bash);
    (void)fputs(of_job.out, bash);
    assert_int_equal(pclose(bash), 0);
    assert_has(ran.out, "'send':--priority) _sl_words 'high'; _sl_words 'normal'; return ;;\n");
    assert_has(ran.out, "*:--school|*:-s) _sl_ask 'SCHOOL'; return ;;\n");
    assert_has(ran.out, "complete -F _sl_try sl-try\n");
}

static void completion_asks_with_the_line_so_far_and_never_fails(void **state)
{
    struct ran ran = RUN("--complete", "BATCH", "send", "-s", "hill", "--bogus", "-m");
    struct ran none = RUN("--complete"), no_callback = RUN_JOB("--complete", "BATCH");

    (void)state;
    assert_string_equal(ran.out, "BATCH of hill, 5 words\n");
    assert_refused(&none, 0, "");
    assert_refused(&no_callback, 0, "");
}

static void an_unknown_name_is_told_with_the_nearest(void **state)
{
    static const char *const words[] = { "greenhill", "lakeside" };
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_err_unknown(&err, SL_ERR_CONFIG, "school", "grenhill", words, 2), -1);
    assert_string_equal(err.text, "there is no school 'grenhill'");
    assert_string_equal(err.hint, "did you mean 'greenhill'?");
    assert_int_equal(sl_err_unknown(&err, SL_ERR_CONFIG, "school", "zzz", words, 2), -1);
    assert_string_equal(err.hint, "");
}

/* One slip, where an added and a lost letter would be two: too far for a short word. */
static void letters_that_changed_places_are_one_slip(void **state)
{
    static const char *const words[] = { "send", "list" };
    struct sl_err err;

    (void)state;
    assert_string_equal(sl_nearest("sned", words, 2), "send");
    assert_string_equal(sl_nearest("esnd", words, 2), "send");
    assert_string_equal(sl_nearest("litS", (const char *const[]){ "liSt" }, 1), "liSt");
    assert_null(sl_nearest("dens", words, 2));
    assert_int_equal(sl_err_unknown(&err, SL_ERR_CONFIG, "verb", "ilst", words, 2), -1);
    assert_string_equal(err.hint, "did you mean 'list'?");
    assert_int_equal(sl_err_unknown(&err, SL_ERR_CONFIG, "verb", "l", words, 2), -1);
    assert_string_equal(err.hint, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_of_a_verb_is_passed_through),
        cmocka_unit_test(an_error_is_one_line_or_two),
        cmocka_unit_test(an_error_is_an_object_where_json_is_asked_for),
        cmocka_unit_test(an_error_in_json_parses_whatever_it_quotes),
        cmocka_unit_test(quiet_silences_talk_and_verbose_adds_to_it),
        cmocka_unit_test(output_that_nobody_takes_is_an_error),
        cmocka_unit_test(nothing_is_done_that_could_not_be_told),
        cmocka_unit_test(what_is_recorded_is_named_with_the_line_that_shows_it),
        cmocka_unit_test(the_process_is_prepared_for_secrets_and_pipes),
        cmocka_unit_test(help_shows_what_a_verb_takes_and_nothing_else),
        cmocka_unit_test(the_manual_joins_the_tables_and_the_prose),
        cmocka_unit_test(completion_is_valid_bash),
        cmocka_unit_test(completion_asks_with_the_line_so_far_and_never_fails),
        cmocka_unit_test(an_unknown_name_is_told_with_the_nearest),
        cmocka_unit_test(letters_that_changed_places_are_one_slip),
    };

    (void)unsetenv("SL_SCHOOL");
    (void)unsetenv("SL_DATABASE");
    (void)unsetenv("SL_CONFIG");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
