/* Courses of the simulated Moodle, who takes part in them, and their grades. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/moodle.h"

/* The first is the front page. */
static const struct course {
    int64_t id;
    const char *shortname, *fullname, *idnumber, *format;
    bool manual; /* people can be enrolled */
} courses[] = {
    { 1, "SANDBOX", "Sandbox Moodle", "", "site", false },
    { 2, "F1-MATH", "Form 1 Mathematics", "F1MATH", "topics", true },
    { 3, "F1-KIS", "Form 1 Kiswahili", "F1KIS", "topics", true },
    { 4, "F1-ENG", "Form 1 English", "F1ENG", "topics", true },
    { 5, "CLUB", "Open club", "CLUB", "topics", false },
};

static const char *const roles[] = { [3] = "editingteacher", [4] = "teacher", [5] = "student" };

static const struct course *find_course(int64_t id)
{
    return id > 0 && (size_t)id <= SL_COUNT(courses) ? &courses[id - 1] : NULL;
}

/* ---- Courses ------------------------------------------------------------------------------- */

static bool is_asked(const struct course *course, const char *field, const char *value)
{
    if (!*field)
        return true;
    if (strcmp(field, "shortname") == 0)
        return strcmp(course->shortname, value) == 0;
    if (strcmp(field, "idnumber") == 0)
        return *value && strcmp(course->idnumber, value) == 0;
    return strcmp(field, "id") == 0 && strtoll(value, NULL, 10) == course->id;
}

void sl_moodle_get_courses(struct sl_moodle_call *call)
{
    const char *field = sl_moodle_arg(call, "field"), *value = sl_moodle_arg(call, "value");
    struct sl_buf *out;
    size_t n = 0;

    field = field ? field : "";
    if (*field && strcmp(field, "id") != 0 && strcmp(field, "shortname") != 0 &&
        strcmp(field, "idnumber") != 0) {
        sl_moodle_invalid(call);
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "{\"courses\":[");
    for (size_t i = 0; i < SL_COUNT(courses); i++) {
        if (!is_asked(&courses[i], field, value ? value : ""))
            continue;
        sl_buf_printf(out,
                      "%s{\"id\":%lld,\"fullname\":\"%s\",\"displayname\":\"%s\",\"shortname\":"
                      "\"%s\",\"categoryid\":1,\"categoryname\":\"Category 1\",\"summary\":\"\","
                      "\"enrollmentmethods\":[%s],\"idnumber\":\"%s\",\"format\":\"%s\","
                      "\"visible\":1}",
                      n++ > 0 ? "," : "", (long long)courses[i].id, courses[i].fullname,
                      courses[i].fullname, courses[i].shortname,
                      courses[i].manual ? "\"manual\"" : "", courses[i].idnumber,
                      courses[i].format);
    }
    sl_buf_text(out, "],\"warnings\":[]}");
}

/* ---- Who takes part -------------------------------------------------------------------------- */

static struct sl_moodle_enrolment *find_enrolment(const struct sl_moodle_site *site, int64_t user,
                                                  int64_t course)
{
    for (size_t i = 0; i < site->n_enrolments; i++)
        if (site->enrolments[i].user == user && site->enrolments[i].course == course)
            return &site->enrolments[i];
    return NULL;
}

/* The value of an option, or `otherwise`. */
static const char *option(const struct sl_moodle_call *call, const char *wanted,
                          const char *otherwise)
{
    const char *name, *value;

    for (size_t i = 0; (name = sl_moodle_arg(call, "options[%zu][name]", i)) != NULL; i++) {
        value = sl_moodle_arg(call, "options[%zu][value]", i);
        if (strcmp(name, wanted) == 0 && value)
            return value;
    }
    return otherwise;
}

/* The site's own order is that of ids, which enrolments do not have. */
static int by_user(const void *a, const void *b)
{
    const struct sl_moodle_enrolment *left = *(const struct sl_moodle_enrolment *const *)a;
    const struct sl_moodle_enrolment *right = *(const struct sl_moodle_enrolment *const *)b;

    return (left->user > right->user) - (left->user < right->user);
}

/* Those of a course, by user; suspended ones only where they are asked for. In the arena. */
static size_t list_enrolled(const struct sl_moodle_call *call, int64_t course, bool active,
                            const struct sl_moodle_enrolment ***list)
{
    const struct sl_moodle_site *site = call->site;
    size_t n = 0;

    *list = SL_NEW(call->visit->arena, const struct sl_moodle_enrolment *, site->n_enrolments + 1);
    for (size_t i = 0; i < site->n_enrolments; i++)
        if (site->enrolments[i].course == course && !(active && site->enrolments[i].suspended))
            (*list)[n++] = &site->enrolments[i];
    qsort(*list, n, sizeof **list, by_user);
    return n;
}

static void write_enrolled(struct sl_buf *out, const struct sl_moodle_user *user, int64_t role)
{
    sl_buf_printf(out, "{\"id\":%lld,\"username\":", (long long)user->id);
    sl_json_quote(out, user->facts[SL_MOODLE_USERNAME]);
    sl_buf_text(out, ",\"email\":");
    sl_json_quote(out, user->facts[SL_MOODLE_EMAIL]);
    sl_buf_text(out, ",\"idnumber\":");
    sl_json_quote(out, user->facts[SL_MOODLE_IDNUMBER]);
    sl_buf_printf(out,
                  ",\"roles\":[{\"roleid\":%lld,\"name\":\"\",\"shortname\":\"%s\",\"sortorder\":"
                  "0}]}",
                  (long long)role, roles[role]);
}

void sl_moodle_get_enrolled(struct sl_moodle_call *call)
{
    int64_t course = sl_moodle_number(call, "courseid"), from = 0, most = 0;
    const struct sl_moodle_enrolment **list;
    struct sl_buf *out;
    size_t n;

    if (!find_course(course)) {
        sl_moodle_throw(call, "dml_missing_record_exception", "invalidrecord",
                        "Can't find data record in database table course.");
        return;
    }
    (void)sl_parse_int(option(call, "limitfrom", "0"), 0, INT32_MAX, &from);
    (void)sl_parse_int(option(call, "limitnumber", "0"), 0, INT32_MAX, &most);
    n = list_enrolled(call, course, strcmp(option(call, "onlyactive", "0"), "1") == 0, &list);
    out = sl_moodle_begin(call);
    sl_buf_text(out, "[");
    for (size_t i = (size_t)from; i < n && (most == 0 || i < (size_t)(from + most)); i++) {
        sl_buf_text(out, i > (size_t)from ? "," : "");
        write_enrolled(out, sl_moodle_user(call->site, list[i]->user), list[i]->role);
    }
    sl_buf_text(out, "]");
}

/* ---- Enrolling ------------------------------------------------------------------------------- */

static struct sl_moodle_enrolment read_enrolment(const struct sl_moodle_call *call, size_t i)
{
    return (struct sl_moodle_enrolment){
        .role = sl_moodle_number(call, "enrolments[%zu][roleid]", i),
        .user = sl_moodle_number(call, "enrolments[%zu][userid]", i),
        .course = sl_moodle_number(call, "enrolments[%zu][courseid]", i),
        .suspended = sl_moodle_number(call, "enrolments[%zu][suspend]", i) == 1,
    };
}

static size_t count(const struct sl_moodle_call *call)
{
    size_t n = 0, most = 0;

    while (sl_moodle_arg(call, "enrolments[%zu][userid]", n))
        n++;
    for (size_t i = 0; i < call->n; i++)
        if (strncmp(call->names[i], "enrolments[", 11) == 0 &&
            strtoul(call->names[i] + 11, NULL, 10) >= most)
            most = strtoul(call->names[i] + 11, NULL, 10) + 1;
    return n == most ? n : 0; /* one is cut, or there is a gap */
}

/* True, and answered, if one cannot be enrolled. */
static bool cannot_enrol(struct sl_moodle_call *call, const struct sl_moodle_enrolment *one)
{
    const struct course *course = find_course(one->course);
    char text[160];

    if (!course || one->role < 0 || one->user < 0) {
        sl_moodle_invalid(call);
    } else if (one->role < 3 || one->role > 5) {
        (void)snprintf(text, sizeof text,
                       "You don't have the permission to assign this role (%lld) to this user "
                       "(%lld) in this course (%lld).",
                       (long long)one->role, (long long)one->user, (long long)one->course);
        sl_moodle_throw(call, "moodle_exception", "wsusercannotassign", text);
    } else if (!course->manual) {
        sl_moodle_throw(call, "moodle_exception", "wsnoinstance",
                        "Manual enrolment plugin instance doesn't exist or is disabled for the "
                        "course (id = {$a->courseid})");
    } else if (!sl_moodle_user(call->site, one->user)) {
        sl_moodle_throw(call, "coding_exception", "codingerror",
                        "Coding error detected, it must be fixed by a programmer: User ID does "
                        "not exist or is deleted!");
    } else {
        return false;
    }
    return true;
}

static void enrol_one(struct sl_moodle_site *site, const struct sl_moodle_enrolment *one)
{
    struct sl_moodle_enrolment *known = find_enrolment(site, one->user, one->course);

    if (known) {
        *known = *one;
        return;
    }
    site->enrolments =
        sl_moodle_grow(site->enrolments, site->n_enrolments, sizeof *site->enrolments);
    site->enrolments[site->n_enrolments++] = *one;
}

void sl_moodle_enrol(struct sl_moodle_call *call)
{
    size_t n = count(call);

    for (size_t i = 0; i < n; i++) {
        struct sl_moodle_enrolment one = read_enrolment(call, i);

        if (cannot_enrol(call, &one))
            return;
    }
    if (n == 0) {
        sl_moodle_invalid(call);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct sl_moodle_enrolment one = read_enrolment(call, i);

        enrol_one(call->site, &one);
    }
    sl_buf_text(sl_moodle_begin(call), "null");
}

void sl_moodle_unenrol(struct sl_moodle_call *call)
{
    struct sl_moodle_site *site = call->site;
    size_t n = count(call);

    for (size_t i = 0; i < n; i++) {
        struct sl_moodle_enrolment one = read_enrolment(call, i);

        if (!find_course(one.course) || !sl_moodle_user(site, one.user))
            n = 0;
    }
    if (n == 0) {
        sl_moodle_invalid(call);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct sl_moodle_enrolment one = read_enrolment(call, i);
        struct sl_moodle_enrolment *known = find_enrolment(site, one.user, one.course);

        if (known)
            *known = site->enrolments[--site->n_enrolments];
    }
    sl_buf_text(sl_moodle_begin(call), "null");
}

/* ---- Grades ----------------------------------------------------------------------------------- */

/* In halves of a point: every third has none yet. */
static int64_t grade_of(int64_t user)
{
    return user % 3 == 0 ? -1 : user * 13 % 101;
}

static void write_item(struct sl_buf *out, const char *name, const char *type, int64_t halves)
{
    char raw[24] = "null", shown[24] = "-", percent[24] = "-";

    if (halves >= 0) {
        (void)snprintf(raw, sizeof raw, "%lld%s", (long long)halves / 2, halves % 2 ? ".5" : "");
        (void)snprintf(shown, sizeof shown, "%lld.%s", (long long)halves / 2,
                       halves % 2 ? "50" : "00");
        (void)snprintf(percent, sizeof percent, "%lld.00 %%", (long long)halves);
    }
    sl_buf_printf(out,
                  "{\"id\":1,\"itemname\":%s,\"itemtype\":\"%s\",\"itemmodule\":null,"
                  "\"graderaw\":%s,\"gradedatesubmitted\":null,\"gradedategraded\":%s,"
                  "\"gradeformatted\":\"%s\",\"grademin\":0,\"grademax\":50,\"rangeformatted\":"
                  "\"0&ndash;50\",\"percentageformatted\":\"%s\",\"feedback\":\"\"}",
                  name, type, raw, halves >= 0 ? "1795424778" : "null", shown, percent);
}

static void write_grades(struct sl_buf *out, const struct course *course,
                         const struct sl_moodle_user *user, bool enrolled)
{
    int64_t halves = enrolled ? grade_of(user->id) : -1;

    sl_buf_printf(out, "{\"courseid\":%lld,\"courseidnumber\":\"%s\",\"userid\":%lld,",
                  (long long)course->id, course->idnumber, (long long)user->id);
    sl_buf_text(out, "\"userfullname\":");
    sl_json_quote(out, sl_arena_printf(out->arena, "%s %s", user->facts[SL_MOODLE_FIRSTNAME],
                                       user->facts[SL_MOODLE_LASTNAME]));
    sl_buf_text(out, ",\"useridnumber\":");
    sl_json_quote(out, user->facts[SL_MOODLE_IDNUMBER]);
    sl_buf_text(out, ",\"maxdepth\":2,\"gradeitems\":[");
    write_item(out, "\"CAT 1\"", "manual", halves);
    sl_buf_text(out, ",");
    write_item(out, "null", "course", halves);
    sl_buf_text(out, "]}");
}

void sl_moodle_get_grades(struct sl_moodle_call *call)
{
    int64_t id = sl_moodle_number(call, "userid");
    const struct course *course = find_course(sl_moodle_number(call, "courseid"));
    const struct sl_moodle_user *user = sl_moodle_user(call->site, id);
    const struct sl_moodle_enrolment **list;
    struct sl_buf *out;
    size_t n;

    if (!course || (id > 0 && !user)) {
        sl_moodle_throw(call, "dml_missing_record_exception", "invalidrecord",
                        "Can't find data record in database table course.");
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "{\"usergrades\":[");
    n = list_enrolled(call, course->id, true, &list);
    if (user) /* also who does not take part, with empty grades */
        write_grades(out, course, user, find_enrolment(call->site, id, course->id) != NULL);
    for (size_t i = 0; !user && i < n; i++) {
        sl_buf_text(out, i > 0 ? "," : "");
        write_grades(out, course, sl_moodle_user(call->site, list[i]->user), true);
    }
    sl_buf_text(out, "],\"warnings\":[]}");
}
