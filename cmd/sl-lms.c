/* sl-lms: a school's learning management system. */
#include "cmd/common/lms.h"
#include "cmd/common/open.h"
#include "cmd/common/sync_verb.h"
#include "lib/base/crypto.h"

/* ---- site, courses, users -------------------------------------------------------------------- */

static int site_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "name", SL_TEXT, 0 },
                                                { "url", SL_TEXT, 0 },
                                                { "username", SL_TEXT, 0 },
                                                { "version", SL_TEXT, 0 },
                                                { "missing", SL_TEXT, 0 } };
    SL_AUTO(sl_learning_end) struct sl_learning learning = { 0 };
    const struct sl_lms_ask ask = { 0 };

    (void)opaque;
    if (sl_learning_begin(&learning, cli, columns, SL_COUNT(columns), err) < 0)
        return -1;
    return sl_learning_show(&learning, "lms.site", &ask, SL_SHAPE_OBJECT, err);
}

static int courses_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "id", SL_TEXT, SL_RIGHT }, { "shortname", SL_TEXT, 0 }, { "fullname", SL_TEXT, 0 },
        { "idnumber", SL_TEXT, 0 },  { "category", SL_TEXT, 0 },  { "visible", SL_BOOL, 0 },
    };
    SL_AUTO(sl_learning_end) struct sl_learning learning = { 0 };
    const struct sl_lms_ask ask = { 0 };

    (void)opaque;
    if (sl_learning_begin(&learning, cli, columns, SL_COUNT(columns), err) < 0)
        return -1;
    return sl_learning_show(&learning, "lms.courses", &ask, SL_SHAPE_LIST, err);
}

struct users_options {
    const char *email;
};

static const struct sl_opt users_options[] = {
    { "email", 0, SL_OPT_TEXT, offsetof(struct users_options, email), "ADDRESS",
      .help = "Only who has this e-mail address" },
    { 0 },
};

static int users_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "id", SL_TEXT, SL_RIGHT }, { "username", SL_TEXT, 0 }, { "firstname", SL_TEXT, 0 },
        { "lastname", SL_TEXT, 0 },  { "email", SL_TEXT, 0 },    { "idnumber", SL_TEXT, 0 },
        { "suspended", SL_BOOL, 0 },
    };
    const struct users_options *given = opaque;
    SL_AUTO(sl_learning_end) struct sl_learning learning = { 0 };
    const struct sl_lms_ask ask = { .field = "email",
                                    .values = &given->email,
                                    .n_values = given->email != NULL };

    if (sl_learning_begin(&learning, cli, columns, SL_COUNT(columns), err) < 0)
        return -1;
    return sl_learning_show(&learning, "lms.users", &ask, SL_SHAPE_LIST, err);
}

/* ---- enrol, unenrol --------------------------------------------------------------------------- */

struct enrol_options {
    const char *course, *user, *role;
};

static const struct sl_opt enrol_options[] = {
    { "course", 0, SL_OPT_TEXT, offsetof(struct enrol_options, course), "SHORTNAME",
      .help = "The course, by its short name", .required = true },
    { "user", 0, SL_OPT_TEXT, offsetof(struct enrol_options, user), "USER",
      .help = "Who, by username, idnumber or e-mail address", .required = true },
    { "role", 0, SL_OPT_TEXT, offsetof(struct enrol_options, role), "ROLE",
      .help = "As what: a name of the setting roles, or a number; else the default role" },
    { 0 },
};

static const struct sl_opt unenrol_options[] = {
    { "course", 0, SL_OPT_TEXT, offsetof(struct enrol_options, course), "SHORTNAME",
      .help = "The course, by its short name", .required = true },
    { "user", 0, SL_OPT_TEXT, offsetof(struct enrol_options, user), "USER",
      .help = "Who, by username, idnumber or e-mail address", .required = true },
    { 0 },
};

static int print_enrolment(const struct sl_cli *cli, const struct enrol_options *given,
                           const char *status, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "user", SL_TEXT, 0 },
                                                { "course", SL_TEXT, 0 },
                                                { "role", SL_TEXT, 0 },
                                                { "status", SL_TEXT, 0 } };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);

    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(given->user), sl_text(given->course),
                                           sl_text(given->role), sl_text(status) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int change_enrolment(const struct sl_cli *cli, const struct enrol_options *given,
                            const char *operation, const char *status, struct sl_err *err)
{
    SL_AUTO(sl_learning_end) struct sl_learning learning = { 0 };
    struct sl_lms_enrolment enrolment = { .role = given->role };
    const struct sl_lms_ask ask = { .enrolments = &enrolment, .n_enrolments = 1 };

    if (sl_learning_begin(&learning, cli, NULL, 0, err) < 0 ||
        sl_learning_course(&learning, given->course, &enrolment.course, err) < 0 ||
        sl_learning_user(&learning, given->user, &enrolment.user, err) < 0 ||
        sl_learning_do(&learning, operation, &ask, err) < 0)
        return -1;
    return print_enrolment(cli, given, status, err);
}

static int enrol_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    return change_enrolment(cli, opaque, "lms.enrol", "enrolled", err);
}

static int unenrol_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    return change_enrolment(cli, opaque, "lms.unenrol", "unenrolled", err);
}

/* ---- grades ----------------------------------------------------------------------------------- */

struct grades_options {
    const char *course, *user;
};

static const struct sl_opt grades_options[] = {
    { "course", 0, SL_OPT_TEXT, offsetof(struct grades_options, course), "SHORTNAME",
      .help = "The course, by its short name", .required = true },
    { "user", 0, SL_OPT_TEXT, offsetof(struct grades_options, user), "USER",
      .help = "Only of this one: username, idnumber or e-mail address" },
    { 0 },
};

static int grades_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "course", SL_TEXT, SL_WIDE }, { "user", SL_TEXT, SL_RIGHT }, { "name", SL_TEXT, 0 },
        { "item", SL_TEXT, 0 },         { "type", SL_TEXT, 0 },        { "grade", SL_DECIMAL, 0 },
        { "min", SL_DECIMAL, SL_WIDE }, { "max", SL_DECIMAL, 0 },      { "percent", SL_DECIMAL, 0 },
        { "graded_at", SL_TIME, 0 },
    };
    const struct grades_options *given = opaque;
    SL_AUTO(sl_learning_end) struct sl_learning learning = { 0 };
    struct sl_lms_ask ask = { 0 };

    if (sl_learning_begin(&learning, cli, columns, SL_COUNT(columns), err) < 0 ||
        sl_learning_course(&learning, given->course, &ask.course, err) < 0)
        return -1;
    if (given->user && sl_learning_user(&learning, given->user, &ask.user, err) < 0)
        return -1;
    return sl_learning_show(&learning, "lms.grades", &ask, SL_SHAPE_LIST, err);
}

/* ---- The program -------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "site",
      .summary = "Show which site the settings reach, and as whom",
      .run = site_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "courses",
      .summary = "List the courses",
      .run = courses_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "users",
      .summary = "List the users, or who has an e-mail address",
      .options = users_options,
      .options_size = sizeof(struct users_options),
      .run = users_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "enrol",
      .summary = "Let somebody take part in a course",
      .options = enrol_options,
      .options_size = sizeof(struct enrol_options),
      .run = enrol_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "unenrol",
      .summary = "Take somebody out of a course, with their grades there",
      .options = unenrol_options,
      .options_size = sizeof(struct enrol_options),
      .run = unenrol_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "grades",
      .summary = "List the grades of a course",
      .options = grades_options,
      .options_size = sizeof(struct grades_options),
      .run = grades_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "sync",
      .summary = "Make users, enrolments and groups agree with a roster",
      .options = sl_sync_options,
      .options_size = sizeof(struct sl_sync_options),
      .run = sl_sync_verb_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
};

static const struct sl_program program = {
    .name = "sl-lms",
    .summary = "Learning management: users, courses, enrolments, grades",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
