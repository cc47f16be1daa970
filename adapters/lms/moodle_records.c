/* Moodle: what its answers tell, as records. */
#include <string.h>

#include "adapters/lms/moodle.h"
#include "lib/adapter/listing.h"
#include "lib/base/text.h"

/* ---- Lists ------------------------------------------------------------------------------- */

typedef struct json_object *record_of(const struct sl_call *call, struct json_object *entry);

/* A record for each entry; `make` gives NULL for one that is none, which spoils the answer. Returns
 * how many, or -1. */
static int add_records(const struct sl_call *call, struct json_object *list, record_of *make,
                       struct sl_result *result)
{
    size_t n = sl_json_length(list);

    if (!json_object_is_type(list, json_type_array))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct json_object *record = make(call, json_object_array_get_idx(list, i));

        if (!record)
            return -1;
        sl_listing_add(result, record);
    }
    return (int)n;
}

/* What nobody could make out is asked again. */
static void end_list(struct sl_result *result, int n)
{
    if (n >= 0) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        return;
    }
    sl_json_free(&result->rows);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY,
                                               .text = "the site's answer is not as documented" });
}

/* Of a listing that comes in pages. */
static void go_on(const struct sl_call *call, struct sl_result *result, int n, int page)
{
    if (n < page)
        return;
    result->next = SL_STEP_AGAIN;
    result->memory = sl_json_new_object();
    sl_json_put_int(result->memory, "from", sl_json_int(call->memory, "from", 0) + n);
}

static void put_word(const struct sl_call *call, struct json_object *record, const char *name,
                     struct json_object *entry, const char *member)
{
    sl_json_put_text(record, name, sl_json_word(call->arena, entry, member));
}

/* A record with the id of the entry, or NULL if it has none. */
static struct json_object *with_id(const struct sl_call *call, struct json_object *entry)
{
    const char *id = sl_json_word(call->arena, entry, "id");
    struct json_object *record;

    if (!id || !*id)
        return NULL;
    record = sl_json_new_object();
    sl_json_put_text(record, "id", id);
    return record;
}

/* 1, "1" and true. */
static void put_truth(struct json_object *record, const char *name, struct json_object *value)
{
    if (value)
        sl_json_put(record, name,
                    sl_json_new_bool(json_object_get_boolean(value) &&
                                     strcmp(json_object_get_string(value), "0") != 0));
}

/* ---- The account -------------------------------------------------------------------------- */

static bool offers(struct json_object *functions, const char *name)
{
    for (size_t i = 0; i < sl_json_length(functions); i++) {
        const char *one = sl_json_text(json_object_array_get_idx(functions, i), "name");

        if (one && strcmp(one, name) == 0)
            return true;
    }
    return false;
}

/* "core_cohort_search_cohorts, …", or NULL: all are there. */
static const char *missing_functions(struct sl_arena *arena, struct json_object *doc)
{
    struct sl_buf missing = sl_buf_new(arena);

    for (size_t i = 0; sl_moodle_functions[i]; i++)
        if (!offers(sl_json_at(doc, "functions"), sl_moodle_functions[i]))
            sl_buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", sl_moodle_functions[i]);
    return missing.len > 0 ? missing.data : NULL;
}

static void warn(struct sl_result *result, const char *text)
{
    sl_result_found(result, (struct sl_finding){ SL_FINDING_WARN, text });
}

static const char *shown(struct sl_arena *arena, const char *text)
{
    return text ? sl_printable(arena, text, strlen(text), 200) : "?";
}

static void judge_site(const struct sl_call *call, struct json_object *doc, const char *missing,
                       struct sl_result *result)
{
    const char *url = sl_json_text(doc, "siteurl"), *base = call->settings->values[BASE_URL];
    struct sl_arena *arena = call->arena;

    sl_result_found(result, (struct sl_finding){
                                SL_FINDING_GOOD,
                                sl_arena_printf(arena, "%s, Moodle %s, as %s",
                                                shown(arena, sl_json_text(doc, "sitename")),
                                                shown(arena, sl_json_text(doc, "release")),
                                                shown(arena, sl_json_text(doc, "username"))) });
    if (missing)
        warn(result, sl_arena_printf(arena, "the token's service lacks %s", missing));
    if (json_object_get_boolean(sl_json_at(doc, "userissiteadmin")))
        warn(result, "the token is a site administrator's: give it a user of its own");
    if (url && strcmp(url, base) != 0)
        warn(result, sl_arena_printf(arena, "the site calls itself %s: set base_url to it",
                                     shown(arena, url)));
}

void sl_moodle_parse_site(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *record;
    const char *missing;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        if (!sl_json_text(doc, "sitename") ||
            !json_object_is_type(sl_json_at(doc, "functions"), json_type_array)) {
            end_list(result, -1);
            return;
        }
        missing = missing_functions(call->arena, doc);
        record = sl_json_new_object();
        sl_json_put_text(record, "name", sl_json_text(doc, "sitename"));
        sl_json_put_text(record, "url", sl_json_text(doc, "siteurl"));
        sl_json_put_text(record, "username", sl_json_text(doc, "username"));
        sl_json_put_text(record, "version", sl_json_text(doc, "release"));
        sl_json_put_text(record, "missing", missing);
        sl_listing_add(result, record);
        end_list(result, 1);
        judge_site(call, doc, missing, result);
    }
    sl_result_repeatable(result);
}

/* ---- Users -------------------------------------------------------------------------------- */

static struct json_object *user_record(const struct sl_call *call, struct json_object *entry)
{
    static const char *const names[] = { "username", "firstname", "lastname", "email", "idnumber" };
    struct json_object *record = with_id(call, entry);

    if (!record)
        return NULL;
    for (size_t i = 0; i < SL_COUNT(names); i++)
        sl_json_put_text(record, names[i], sl_json_text(entry, names[i]));
    put_truth(record, "suspended", sl_json_at(entry, "suspended"));
    return record;
}

void sl_moodle_parse_users(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_moodle_answered(call, exchange, result, &doc))
        end_list(result,
                 add_records(call, call->in.lms->n_values > 0 ? doc : sl_json_at(doc, "users"),
                             user_record, result));
    sl_result_repeatable(result);
}

/* A warning is about the item of its id. One that names none may be anybody's: nobody is believed
 * done then, and the list is tried again in halves. */
static void apply_warning(const struct sl_call *call, struct json_object *warning,
                          struct sl_result *result)
{
    const char *id = sl_json_word(call->arena, warning, "itemid");
    struct sl_outcome outcome = {
        .verdict = SL_PERMANENT,
        .code = sl_arena_strdup(call->arena, sl_json_text(warning, "warningcode")),
        .text = sl_moodle_plain(call->arena, sl_json_text(warning, "message")),
    };
    bool found = false;

    for (size_t i = 0; id && i < call->in.lms->n_users; i++)
        if (strcmp(call->in.lms->users[i].id, id) == 0) {
            result->items[i] = outcome;
            found = true;
        }
    if (found)
        return;
    outcome.cure = result->n_items > 1 ? SL_HALVE : SL_NO_CURE;
    sl_result_all(result, outcome);
}

/* Older versions answer null. */
void sl_moodle_parse_update(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *warnings;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        warnings = sl_json_at(doc, "warnings");
        end_list(result, doc && !json_object_is_type(warnings, json_type_array) ? -1 : 0);
        for (size_t i = 0; i < sl_json_length(warnings); i++)
            apply_warning(call, json_object_array_get_idx(warnings, i), result);
    }
    sl_result_repeatable(result);
}

/* ---- Courses ------------------------------------------------------------------------------ */

static struct json_object *course_record(const struct sl_call *call, struct json_object *entry)
{
    struct json_object *record = with_id(call, entry);

    if (!record)
        return NULL;
    sl_json_put_text(record, "shortname", sl_json_text(entry, "shortname"));
    sl_json_put_text(record, "fullname", sl_json_text(entry, "fullname"));
    sl_json_put_text(record, "idnumber", sl_json_text(entry, "idnumber"));
    sl_json_put_text(record, "category", sl_json_text(entry, "categoryname"));
    put_truth(record, "visible", sl_json_at(entry, "visible"));
    return record;
}

/* The front page is a course there, and none to us. */
void sl_moodle_parse_courses(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *courses;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        courses = sl_json_at(doc, "courses");
        for (size_t i = sl_json_length(courses); i > 0; i--) {
            const char *format = sl_json_text(json_object_array_get_idx(courses, i - 1), "format");

            if (format && strcmp(format, "site") == 0)
                json_object_array_del_idx(courses, i - 1, 1);
        }
        end_list(result, add_records(call, courses, course_record, result));
    }
    sl_result_repeatable(result);
}

/* Roles by the names that the settings give them, else by the site's. */
static struct json_object *enrolled_record(const struct sl_call *call, struct json_object *entry)
{
    struct json_object *record = user_record(call, entry), *roles = sl_json_at(entry, "roles");
    struct sl_buf names = sl_buf_new(call->arena);

    for (size_t i = 0; record && i < sl_json_length(roles); i++) {
        struct json_object *role = json_object_array_get_idx(roles, i);
        const char *id = sl_json_word(call->arena, role, "roleid");
        const char *name = id ? sl_moodle_role_name(call, id) : NULL;

        name = name ? name : sl_json_text(role, "shortname");
        sl_buf_printf(&names, "%s%s", names.len > 0 ? "," : "", name ? name : "?");
    }
    if (record)
        sl_json_put_text(record, "role", names.data);
    return record;
}

void sl_moodle_parse_enrolments(const struct sl_call *call, const struct sl_exchange *exchange,
                                struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    int n;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        n = add_records(call, doc, enrolled_record, result);
        end_list(result, n);
        go_on(call, result, n, SL_MOODLE_PAGE);
    }
    sl_result_repeatable(result);
}

void sl_moodle_parse_done(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_moodle_answered(call, exchange, result, &doc))
        end_list(result, doc ? -1 : 0);
    sl_result_repeatable(result);
}

/* ---- Grades ------------------------------------------------------------------------------- */

/* "83.00 %" without the sign; "-" is none. */
static const char *percent(struct sl_arena *arena, struct json_object *item)
{
    const char *text = sl_json_text(item, "percentageformatted");
    size_t n = text ? strspn(text, "0123456789.,") : 0;

    return n > 0 ? sl_arena_memdup(arena, text, n) : NULL;
}

static struct json_object *grade_record(const struct sl_call *call, struct json_object *user,
                                        struct json_object *item)
{
    struct json_object *record;
    int64_t graded_s = sl_json_int(item, "gradedategraded", 0);

    if (!sl_json_text(item, "itemtype"))
        return NULL;
    record = sl_json_new_object();
    put_word(call, record, "course", user, "courseid");
    put_word(call, record, "user", user, "userid");
    sl_json_put_text(record, "name", sl_json_text(user, "userfullname"));
    sl_json_put_text(record, "item", sl_json_text(item, "itemname"));
    sl_json_put_text(record, "type", sl_json_text(item, "itemtype"));
    put_word(call, record, "grade", item, "graderaw");
    put_word(call, record, "min", item, "grademin");
    put_word(call, record, "max", item, "grademax");
    sl_json_put_text(record, "percent", percent(call->arena, item));
    if (graded_s > 0 && graded_s < INT64_MAX / 1000)
        sl_json_put_int(record, "graded_at", graded_s * 1000);
    return record;
}

static int add_grades(const struct sl_call *call, struct json_object *user,
                      struct sl_result *result)
{
    struct json_object *items = sl_json_at(user, "gradeitems");

    if (!json_object_is_type(items, json_type_array) || !sl_json_word(call->arena, user, "userid"))
        return -1;
    for (size_t i = 0; i < sl_json_length(items); i++) {
        struct json_object *record = grade_record(call, user, json_object_array_get_idx(items, i));

        if (!record)
            return -1;
        sl_listing_add(result, record);
    }
    return 0;
}

void sl_moodle_parse_grades(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *users;
    int n;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        users = sl_json_at(doc, "usergrades");
        n = json_object_is_type(users, json_type_array) ? 0 : -1;
        for (size_t i = 0; n >= 0 && i < sl_json_length(users); i++)
            n = add_grades(call, json_object_array_get_idx(users, i), result);
        end_list(result, n);
    }
    sl_result_repeatable(result);
}

/* ---- Groups ------------------------------------------------------------------------------- */

static struct json_object *group_record(const struct sl_call *call, struct json_object *entry)
{
    struct json_object *record = with_id(call, entry);

    if (!record)
        return NULL;
    sl_json_put_text(record, "name", sl_json_text(entry, "name"));
    sl_json_put_text(record, "idnumber", sl_json_text(entry, "idnumber"));
    return record;
}

void sl_moodle_parse_groups(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    int n;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        n = add_records(call, sl_json_at(doc, "cohorts"), group_record, result);
        end_list(result, n);
        go_on(call, result, n, SL_MOODLE_GROUPS_PAGE);
    }
    sl_result_repeatable(result);
}

/* Each that is named in the answer is there; a lost answer is not repeated blindly: whoever wants
 * them looks again. */
void sl_moodle_parse_create_groups(const struct sl_call *call, const struct sl_exchange *exchange,
                                   struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    size_t n;

    if (!sl_moodle_answered(call, exchange, result, &doc))
        return;
    n = sl_json_length(doc);
    for (size_t i = 0; i < result->n_items; i++)
        for (size_t k = 0; k < n; k++) {
            struct json_object *entry = json_object_array_get_idx(doc, k);
            const char *idnumber = sl_json_text(entry, "idnumber");
            const char *id = sl_json_word(call->arena, entry, "id");

            if (id && *id && idnumber && strcmp(idnumber, call->in.lms->groups[i].idnumber) == 0)
                result->items[i] = (struct sl_outcome){ .verdict = SL_OK, .external = id };
        }
}

static struct json_object *member_record(const struct sl_call *call, struct json_object *entry)
{
    struct json_object *record = sl_json_new_object();

    sl_json_put_text(record, "group", call->in.lms->group);
    put_word(call, record, "user", entry, "");
    return record;
}

/* Of the one group that was asked about. */
void sl_moodle_parse_members(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    int n = -1;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        for (size_t i = 0; i < sl_json_length(doc); i++) {
            struct json_object *entry = json_object_array_get_idx(doc, i);
            const char *id = sl_json_word(call->arena, entry, "cohortid");

            if (id && strcmp(id, call->in.lms->group) == 0)
                n = add_records(call, sl_json_at(entry, "userids"), member_record, result);
        }
        end_list(result, n);
    }
    sl_result_repeatable(result);
}

/* Warnings say whom they mean in words alone. "3": is a member already. */
void sl_moodle_parse_add_members(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *warnings;

    if (sl_moodle_answered(call, exchange, result, &doc)) {
        warnings = sl_json_at(doc, "warnings");
        end_list(result, json_object_is_type(warnings, json_type_array) ? 0 : -1);
        for (size_t i = 0; i < sl_json_length(warnings); i++) {
            struct json_object *warning = json_object_array_get_idx(warnings, i);
            const char *code = sl_json_word(call->arena, warning, "warningcode");

            if (!code || strcmp(code, "3") != 0)
                apply_warning(call, warning, result);
        }
    }
    sl_result_repeatable(result);
}
