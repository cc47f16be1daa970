/* Moodle, by its web services over REST: its facts.
 *
 * Wire: forms over HTTPS with a token in the body, everything answered with 200
 * (docs/providers/moodle.md, moodle-client 0.5.2; answers of a Moodle 4.1.10). A site drops what
 * is above PHP's max_input_vars and says nothing, so calls are short. A group is a cohort. */
#include "adapters/lms/moodle.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/base/text.h"

static const struct sl_field fields[N_FIELDS] = {
    [BASE_URL] = { .name = "base_url",
                   .help = "The site's address as in the browser, with its folder if it has one",
                   .kind = SL_FIELD_URL,
                   .required = true },
    [TOKEN] = { .name = "token",
                .help = "Web service token, 32 characters, of a user made for it",
                .secret = true },
    [USERNAME] = { .name = "username",
                   .help = "Instead of a token: the user that gets one",
                   .identity = true },
    [PASSWORD] = { .name = "password", .help = "Of that user", .secret = true },
    [SERVICE] = { .name = "service",
                  .help = "Short name of the web service that the token is for, with a username",
                  .identity = true },
    [DEFAULT_ROLE] = { .name = "default_role",
                       .help = "Role that is given where none is named, by its number or name",
                       .otherwise = "5" },
    [ROLES] = { .name = "roles",
                .help = "Names of roles and their numbers at this site",
                .otherwise = "student=5,teacher=4,editingteacher=3" },
    [AUTH_PLUGIN] = { .name = "auth_plugin",
                      .help = "How new users sign in: manual, ldap, oauth2; without it as the "
                              "site does" },
    [NEW_PASSWORDS] = { .name = "new_passwords",
                        .help = "Of new users: mail has Moodle make and mail one, random is told "
                                "to nobody",
                        .kind = SL_FIELD_CHOICE,
                        .choices = "mail random",
                        .otherwise = "mail" },
};

static const struct sl_wire_field wire_fields[] = {
    { "wstoken", SL_SHOW_SECRET },      { "token", SL_SHOW_SECRET },
    { "privatetoken", SL_SHOW_SECRET }, { "userprivateaccesskey", SL_SHOW_SECRET },
    { "password", SL_SHOW_SECRET },     { "version", SL_SHOW_ID },
};

const char *const sl_moodle_functions[] = {
    "core_webservice_get_site_info",
    "core_user_get_users",
    "core_user_get_users_by_field",
    "core_user_create_users",
    "core_user_update_users",
    "core_course_get_courses_by_field",
    "core_enrol_get_enrolled_users",
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
    "gradereport_user_get_grade_items",
    "core_cohort_search_cohorts",
    "core_cohort_create_cohorts",
    "core_cohort_get_cohort_members",
    "core_cohort_add_cohort_members",
    NULL,
};

/* ---- Roles -------------------------------------------------------------------------------- */

static bool is_number(const char *text, size_t n)
{
    return n > 0 && n < 10 && strspn(text, "0123456789") >= n;
}

/* One NAME=NUMBER of the setting. */
struct role {
    const char *name, *id;
    size_t n_name, n_id;
};

/* The next at *at, which moves behind it; false at the end. n_id is 0 for what is none. */
static bool next_role(const char **at, struct role *role)
{
    size_t n;

    *at += strspn(*at, ", ");
    if (!**at)
        return false;
    n = strcspn(*at, ", ");
    role->name = *at;
    role->n_name = strcspn(*at, "=, ");
    role->id = *at + role->n_name + (role->n_name < n);
    role->n_id = (size_t)(*at + n - role->id);
    *at += n;
    return true;
}

const char *sl_moodle_role_id(const struct sl_call *call, const char *role)
{
    const char *at = call->settings->values[ROLES];
    struct role one;

    role = role ? role : call->settings->values[DEFAULT_ROLE];
    while (next_role(&at, &one))
        if (strlen(role) == one.n_name && strncmp(role, one.name, one.n_name) == 0)
            return sl_arena_memdup(call->arena, one.id, one.n_id);
    return is_number(role, strlen(role)) ? role : NULL;
}

const char *sl_moodle_role_name(const struct sl_call *call, const char *id)
{
    const char *at = call->settings->values[ROLES];
    struct role one;

    while (next_role(&at, &one))
        if (strlen(id) == one.n_id && strncmp(id, one.id, one.n_id) == 0)
            return sl_arena_memdup(call->arena, one.name, one.n_name);
    return NULL;
}

/* ---- Settings ----------------------------------------------------------------------------- */

static int check_credentials(const char *const *values, struct sl_err *err)
{
    unsigned char bytes[16];

    if (values[TOKEN] && !sl_unhex(values[TOKEN], bytes, sizeof bytes))
        return sl_err_set(err, SL_ERR_CONFIG, "token has not 32 hexadecimal digits");
    if (!values[TOKEN] && (!values[USERNAME] || !values[PASSWORD] || !values[SERVICE]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "either token is needed, or username, password and service");
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *const *values = settings->values;
    const char *at = values[ROLES] ? values[ROLES] : "";
    struct role one;

    (void)arena;
    while (next_role(&at, &one))
        if (one.n_name == 0 || !is_number(one.id, one.n_id))
            return sl_err_set(err, SL_ERR_CONFIG, "roles: '%.*s' is not like student=5",
                              (int)(one.n_name + one.n_id + 1), one.name);
    return check_credentials(values, err);
}

/* ---- Operations ---------------------------------------------------------------------------- */

static const char *const location[] = { "Location", NULL };

/* All but making users may be done twice. */
#define STEP(what, build, parse)                                                                   \
    static const struct sl_step steps_##what[] = {                                                 \
        { build, parse, .answer_headers = location, .ambiguous = { .last = SL_RESEND } },          \
    }

STEP(site, sl_moodle_build_site, sl_moodle_parse_site);
STEP(users, sl_moodle_build_users, sl_moodle_parse_users);
STEP(courses, sl_moodle_build_courses, sl_moodle_parse_courses);
STEP(enrolments, sl_moodle_build_enrolments, sl_moodle_parse_enrolments);
STEP(groups, sl_moodle_build_groups, sl_moodle_parse_groups);
STEP(create_groups, sl_moodle_build_create_groups, sl_moodle_parse_create_groups);
STEP(members, sl_moodle_build_members, sl_moodle_parse_members);
STEP(add_members, sl_moodle_build_add_members, sl_moodle_parse_add_members);
STEP(update, sl_moodle_build_update, sl_moodle_parse_update);
STEP(enrol, sl_moodle_build_enrol, sl_moodle_parse_done);
STEP(unenrol, sl_moodle_build_unenrol, sl_moodle_parse_done);

/* Of a whole course it takes minutes. */
static const struct sl_step steps_grades[] = {
    { sl_moodle_build_grades, sl_moodle_parse_grades, .answer_headers = location,
      .ambiguous = { .last = SL_RESEND }, .answer_s = 300 },
};

#define OP(name_, steps_)                                                                          \
    {                                                                                              \
        .name = name_, .input = SL_INPUT_LMS, .steps = steps_, .n_steps = SL_COUNT(steps_)         \
    }

static const struct sl_op ops[] = {
    OP("lms.site", steps_site),
    OP("lms.users", steps_users),
    OP("lms.create_users", sl_moodle_create),
    OP("lms.update_users", steps_update),
    OP("lms.courses", steps_courses),
    OP("lms.enrolments", steps_enrolments),
    OP("lms.enrol", steps_enrol),
    OP("lms.unenrol", steps_unenrol),
    OP("lms.grades", steps_grades),
    OP("lms.groups", steps_groups),
    OP("lms.create_groups", steps_create_groups),
    OP("lms.members", steps_members),
    OP("lms.add_members", steps_add_members),
    { .name = "test", .steps = steps_site, .n_steps = 1 },
};

/* A token lasts until somebody takes it back. */
static const struct sl_grant grant = {
    .step = { sl_moodle_build_grant, sl_moodle_parse_grant, .answer_headers = location,
              .ambiguous = { .last = SL_RESEND } },
};

const struct sl_adapter sl_moodle = {
    .code = "moodle",
    .name = "Moodle",
    .adapter_class = "MoodleAdapter",
    .category = SL_LMS,
    .environment = "production",
    .limits = { .rate_per_second = 5,
                .burst = 5,
                .max_in_flight = 2, /* each takes one of the site's PHP processes */
                .batch_size = 50,
                .most_items = 80 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
