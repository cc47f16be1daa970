/* Moodle: requests. Lists are written as PHP reads them: users[0][username]. */
#include <string.h>

#include "adapters/lms/moodle.h"
#include "lib/adapter/form.h"

/* PHP drops what is above its max_input_vars (1000 by default) and the call succeeds in part. */
enum { MOST_FIELDS = 900 };

static size_t count_fields(const struct sl_buf *form)
{
    size_t n = form->len > 0;

    for (size_t i = 0; i < form->len; i++)
        n += form->data[i] == '&';
    return n;
}

static void post(const struct sl_call *call, struct sl_request *request, const char *path,
                 const struct sl_buf *form)
{
    request->method = "POST";
    request->base = call->settings->values[BASE_URL];
    request->path = path;
    sl_request_form(request, form);
}

/* The token comes last: a site that drops fields drops it first, and refuses the whole call. */
int sl_moodle_call(const struct sl_call *call, struct sl_request *request, const char *function,
                   struct sl_buf *form, struct sl_err *err)
{
    sl_form_add(form, "wstoken", call->token);
    sl_form_add(form, "wsfunction", function);
    sl_form_add(form, "moodlewsrestformat", "json");
    if (count_fields(form) > MOST_FIELDS) {
        (void)sl_err_set(err, SL_ERR_DATA,
                         "more than %d form fields in one call, of which a site may drop some",
                         MOST_FIELDS);
        return sl_err_hint(err, "lower batch_size");
    }
    post(call, request, "/webservice/rest/server.php", form);
    return 0;
}

void sl_moodle_put(const struct sl_call *call, struct sl_buf *form, const char *list, size_t i,
                   const char *name, const char *value)
{
    sl_form_add(form, sl_arena_printf(call->arena, "%s[%zu][%s]", list, i, name), value);
}

/* "NAME[i]=VALUE" */
static void put_values(const struct sl_call *call, struct sl_buf *form, const char *name,
                       const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sl_form_add(form, sl_arena_printf(call->arena, "%s[%zu]", name, i), values[i]);
}

static void put_option(const struct sl_call *call, struct sl_buf *form, size_t i, const char *name,
                       const char *value)
{
    sl_moodle_put(call, form, "options", i, "name", name);
    sl_moodle_put(call, form, "options", i, "value", value);
}

/* How far a listing has come. */
static const char *from(const struct sl_call *call)
{
    return sl_arena_printf(call->arena, "%lld", (long long)sl_json_int(call->memory, "from", 0));
}

/* ---- The account ------------------------------------------------------------------------ */

/* A token that the settings have needs no asking. */
int sl_moodle_build_grant(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const char *const *values = call->settings->values;
    struct sl_buf form = sl_buf_new(call->arena);

    (void)err;
    if (values[TOKEN])
        return 0;
    sl_form_add(&form, "username", values[USERNAME]);
    sl_form_add(&form, "password", values[PASSWORD]);
    sl_form_add(&form, "service", values[SERVICE]);
    post(call, request, "/login/token.php", &form);
    return 0;
}

int sl_moodle_build_site(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    return sl_moodle_call(call, request, "core_webservice_get_site_info", &form, err);
}

/* ---- Users ------------------------------------------------------------------------------ */

/* Everybody is whose address is like anything. */
static int build_all_users(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    sl_moodle_put(call, &form, "criteria", 0, "key", "email");
    sl_moodle_put(call, &form, "criteria", 0, "value", "%");
    return sl_moodle_call(call, request, "core_user_get_users", &form, err);
}

int sl_moodle_build_users(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const struct sl_lms_ask *ask = call->in.lms;
    struct sl_buf form = sl_buf_new(call->arena);

    if (ask->n_values == 0)
        return build_all_users(call, request, err);
    sl_form_add(&form, "field", ask->field);
    put_values(call, &form, "values", ask->values, ask->n_values);
    return sl_moodle_call(call, request, "core_user_get_users_by_field", &form, err);
}

int sl_moodle_build_update(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    for (size_t i = 0; i < call->in.lms->n_users; i++) {
        const struct sl_lms_user *user = &call->in.lms->users[i];

        sl_moodle_put(call, &form, "users", i, "id", user->id);
        sl_moodle_put(call, &form, "users", i, "username", user->username);
        sl_moodle_put(call, &form, "users", i, "firstname", user->firstname);
        sl_moodle_put(call, &form, "users", i, "lastname", user->lastname);
        sl_moodle_put(call, &form, "users", i, "email", user->email);
        sl_moodle_put(call, &form, "users", i, "idnumber", user->idnumber);
    }
    return sl_moodle_call(call, request, "core_user_update_users", &form, err);
}

/* ---- Courses ---------------------------------------------------------------------------- */

int sl_moodle_build_courses(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    const char *course = call->in.lms->course;
    struct sl_buf form = sl_buf_new(call->arena);

    sl_form_add(&form, "field", course ? "shortname" : "");
    sl_form_add(&form, "value", course ? course : "");
    return sl_moodle_call(call, request, "core_course_get_courses_by_field", &form, err);
}

int sl_moodle_build_enrolments(const struct sl_call *call, struct sl_request *request,
                               struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    sl_form_add(&form, "courseid", call->in.lms->course);
    put_option(call, &form, 0, "userfields", "id,username,email,idnumber,roles");
    put_option(call, &form, 1, "onlyactive", "1");
    put_option(call, &form, 2, "sortby", "id");
    put_option(call, &form, 3, "limitfrom", from(call));
    put_option(call, &form, 4, "limitnumber", sl_arena_printf(call->arena, "%d", SL_MOODLE_PAGE));
    return sl_moodle_call(call, request, "core_enrol_get_enrolled_users", &form, err);
}

int sl_moodle_build_enrol(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    for (size_t i = 0; i < call->in.lms->n_enrolments; i++) {
        const struct sl_lms_enrolment *one = &call->in.lms->enrolments[i];
        const char *role = sl_moodle_role_id(call, one->role);

        if (!role)
            return sl_err_set(err, SL_ERR_DATA,
                              "there is no role '%s' in the setting roles, and it is no number",
                              one->role);
        sl_moodle_put(call, &form, "enrolments", i, "roleid", role);
        sl_moodle_put(call, &form, "enrolments", i, "userid", one->user);
        sl_moodle_put(call, &form, "enrolments", i, "courseid", one->course);
        sl_moodle_put(call, &form, "enrolments", i, "suspend", one->suspended ? "1" : NULL);
    }
    return sl_moodle_call(call, request, "enrol_manual_enrol_users", &form, err);
}

int sl_moodle_build_unenrol(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    for (size_t i = 0; i < call->in.lms->n_enrolments; i++) {
        sl_moodle_put(call, &form, "enrolments", i, "userid", call->in.lms->enrolments[i].user);
        sl_moodle_put(call, &form, "enrolments", i, "courseid", call->in.lms->enrolments[i].course);
    }
    return sl_moodle_call(call, request, "enrol_manual_unenrol_users", &form, err);
}

int sl_moodle_build_grades(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    const struct sl_lms_ask *ask = call->in.lms;
    struct sl_buf form = sl_buf_new(call->arena);

    sl_form_add(&form, "courseid", ask->course);
    sl_form_add(&form, "userid", ask->user);
    return sl_moodle_call(call, request, "gradereport_user_get_grade_items", &form, err);
}

/* ---- Groups: cohorts of the site -------------------------------------------------------- */

int sl_moodle_build_groups(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    sl_form_add(&form, "query", call->in.lms->text);
    sl_form_add(&form, "context[contextid]", "1"); /* the system's */
    sl_form_add(&form, "includes", "all");
    sl_form_add(&form, "limitfrom", from(call));
    sl_form_add(&form, "limitnum", sl_arena_printf(call->arena, "%d", SL_MOODLE_GROUPS_PAGE));
    return sl_moodle_call(call, request, "core_cohort_search_cohorts", &form, err);
}

int sl_moodle_build_create_groups(const struct sl_call *call, struct sl_request *request,
                                  struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    for (size_t i = 0; i < call->in.lms->n_groups; i++) {
        sl_moodle_put(call, &form, "cohorts", i, "categorytype][type", "system");
        sl_moodle_put(call, &form, "cohorts", i, "categorytype][value", "");
        sl_moodle_put(call, &form, "cohorts", i, "name", call->in.lms->groups[i].name);
        sl_moodle_put(call, &form, "cohorts", i, "idnumber", call->in.lms->groups[i].idnumber);
    }
    return sl_moodle_call(call, request, "core_cohort_create_cohorts", &form, err);
}

int sl_moodle_build_members(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    put_values(call, &form, "cohortids", &call->in.lms->group, 1);
    return sl_moodle_call(call, request, "core_cohort_get_cohort_members", &form, err);
}

int sl_moodle_build_add_members(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    for (size_t i = 0; i < call->in.lms->n_members; i++) {
        sl_moodle_put(call, &form, "members", i, "cohorttype][type", "id");
        sl_moodle_put(call, &form, "members", i, "cohorttype][value",
                      call->in.lms->members[i].group);
        sl_moodle_put(call, &form, "members", i, "usertype][type", "id");
        sl_moodle_put(call, &form, "members", i, "usertype][value", call->in.lms->members[i].user);
    }
    return sl_moodle_call(call, request, "core_cohort_add_cohort_members", &form, err);
}
