/* Moodle, simulated: web services over REST, and token.php (docs/providers/moodle.md). The site
 * knows itself as http://127.0.0.1:PORT, and sends whoever says localhost there. */
#include "sandbox/moodle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/registry.h"

static const char token[] = "53616e64626f7820746f6b656e206f6b";
static const char json_body[] = "application/json", page[] = "text/html; charset=utf-8";
static const char form_type[] = "application/x-www-form-urlencoded";

/* ---- Arguments ----------------------------------------------------------------------------- */

static const char *find(const struct sl_moodle_call *call, const char *name)
{
    for (size_t i = 0; i < call->n; i++)
        if (strcmp(call->names[i], name) == 0)
            return call->values[i];
    return NULL;
}

static const char *find_printed(const struct sl_moodle_call *call, const char *format, va_list args)
{
    char name[100];

    (void)vsnprintf(name, sizeof name, format, args);
    return find(call, name);
}

const char *sl_moodle_arg(const struct sl_moodle_call *call, const char *format, ...)
{
    const char *value;
    va_list args;

    va_start(args, format);
    value = find_printed(call, format, args);
    va_end(args);
    return value;
}

int64_t sl_moodle_number(const struct sl_moodle_call *call, const char *format, ...)
{
    int64_t number = -1;
    const char *value;
    va_list args;

    va_start(args, format);
    value = find_printed(call, format, args);
    va_end(args);
    if (value)
        (void)sl_parse_int(value, 0, INT64_MAX, &number);
    return number;
}

static void read_form(struct sl_moodle_call *call)
{
    char *at = call->visit->body, *name, *value;

    call->names = SL_NEW(call->visit->arena, char *, SL_MOODLE_MOST_INPUT_VARS);
    call->values = SL_NEW(call->visit->arena, char *, SL_MOODLE_MOST_INPUT_VARS);
    while (call->n < SL_MOODLE_MOST_INPUT_VARS && sl_form_next(&at, &name, &value)) {
        call->names[call->n] = name;
        call->values[call->n++] = value;
    }
}

/* ---- Answers ------------------------------------------------------------------------------- */

void sl_moodle_throw(struct sl_moodle_call *call, const char *exception, const char *code,
                     const char *message)
{
    struct sl_buf *out = sl_moodle_begin(call);

    sl_buf_text(out, "{\"exception\":");
    sl_json_quote(out, exception);
    sl_buf_text(out, ",\"errorcode\":");
    sl_json_quote(out, code);
    sl_buf_text(out, ",\"message\":");
    sl_json_quote(out, message);
    sl_buf_text(out, "}");
}

void sl_moodle_invalid(struct sl_moodle_call *call)
{
    sl_moodle_throw(call, "invalid_parameter_exception", "invalidparameter",
                    "Invalid parameter value detected");
}

struct sl_buf *sl_moodle_begin(struct sl_moodle_call *call)
{
    sl_visit_begin(call->visit, 200, json_body);
    return &call->visit->answer;
}

void *sl_moodle_grow(void *array, size_t n, size_t size)
{
    if (n & (n - 1)) /* there is room up to the next power of two */
        return array;
    array = reallocarray(array, n > 0 ? n * 2 : 1, size);
    if (!array)
        sl_out_of_memory();
    return array;
}

char *sl_moodle_copy(const char *text)
{
    char *copy = strdup(text ? text : "");

    if (!copy)
        sl_out_of_memory();
    return copy;
}

/* ---- Functions ----------------------------------------------------------------------------- */

static void site_info(struct sl_moodle_call *call);

/* What each takes; '#' stands for an index. A field that is not named refuses the whole call. */
#define USER_FIELDS                                                                                \
    "users[#][username] users[#][firstname] users[#][lastname] users[#][email] "                   \
    "users[#][idnumber] users[#][password] users[#][createpassword] users[#][auth] "               \
    "users[#][lang] users[#][country] users[#][city] users[#][suspended]"

static const struct function {
    const char *name;
    void (*run)(struct sl_moodle_call *call);
    const char *takes;
} functions[] = {
    { "core_webservice_get_site_info", site_info, "" },
    { "core_user_get_users", sl_moodle_search_users, "criteria[#][key] criteria[#][value]" },
    { "core_user_get_users_by_field", sl_moodle_get_users, "field values[#]" },
    { "core_user_create_users", sl_moodle_create_users, USER_FIELDS },
    { "core_user_update_users", sl_moodle_update_users, "users[#][id] " USER_FIELDS },
    { "core_course_get_courses_by_field", sl_moodle_get_courses, "field value" },
    { "core_enrol_get_enrolled_users", sl_moodle_get_enrolled,
      "courseid options[#][name] options[#][value]" },
    { "enrol_manual_enrol_users", sl_moodle_enrol,
      "enrolments[#][roleid] enrolments[#][userid] enrolments[#][courseid] "
      "enrolments[#][timestart] enrolments[#][timeend] enrolments[#][suspend]" },
    { "enrol_manual_unenrol_users", sl_moodle_unenrol,
      "enrolments[#][userid] enrolments[#][courseid] enrolments[#][roleid]" },
    { "gradereport_user_get_grade_items", sl_moodle_get_grades, "courseid userid groupid" },
    { "core_cohort_search_cohorts", sl_moodle_search_cohorts,
      "query context[contextid] includes limitfrom limitnum" },
    { "core_cohort_create_cohorts", sl_moodle_create_cohorts,
      "cohorts[#][categorytype][type] cohorts[#][categorytype][value] cohorts[#][name] "
      "cohorts[#][idnumber] cohorts[#][description] cohorts[#][visible]" },
    { "core_cohort_get_cohort_members", sl_moodle_get_members, "cohortids[#]" },
    { "core_cohort_add_cohort_members", sl_moodle_add_members,
      "members[#][cohorttype][type] members[#][cohorttype][value] members[#][usertype][type] "
      "members[#][usertype][value]" },
};

/* Where the site knows itself. */
static const char *wwwroot(const struct sl_visit *visit)
{
    const char *host = sl_visit_header(visit, "Host"), *port = host ? strrchr(host, ':') : NULL;

    return sl_arena_printf(visit->arena, "http://127.0.0.1%s", port ? port : "");
}

static void site_info(struct sl_moodle_call *call)
{
    struct sl_buf *out = sl_moodle_begin(call);

    sl_buf_text(out, "{\"sitename\":\"Sandbox Moodle\",\"username\":\"wsuser\",\"firstname\":"
                     "\"Web\",\"lastname\":\"Service\",\"fullname\":\"Web Service\",\"lang\":"
                     "\"en\",\"userid\":3,\"siteurl\":");
    sl_json_quote(out, wwwroot(call->visit));
    sl_buf_text(out, ",\"functions\":[");
    for (size_t i = 0; i < SL_COUNT(functions); i++)
        sl_buf_printf(out, "%s{\"name\":\"%s\",\"version\":\"2022112810\"}", i > 0 ? "," : "",
                      functions[i].name);
    sl_buf_text(out, "],\"downloadfiles\":0,\"uploadfiles\":0,\"release\":\"4.1.10 (Build: "
                     "20240422)\",\"version\":\"2022112810\",\"siteid\":1,\"userissiteadmin\":"
                     "false}");
}

/* ---- Whether a call is one ------------------------------------------------------------------ */

static bool matches(const char *pattern, size_t n, const char *name)
{
    const char *end = pattern + n;

    for (; pattern < end; pattern++) {
        if (*pattern != '#') {
            if (*name++ != *pattern)
                return false;
            continue;
        }
        if (!isdigit((unsigned char)*name))
            return false;
        while (isdigit((unsigned char)*name))
            name++;
    }
    return !*name;
}

static bool takes(const char *patterns, const char *name)
{
    if (strncmp(name, "ws", 2) == 0 || strncmp(name, "moodlews", 8) == 0)
        return true;
    while (*patterns) {
        size_t n = strcspn(patterns, " ");

        if (matches(patterns, n, name))
            return true;
        patterns += n + (patterns[n] == ' ');
    }
    return false;
}

static bool all_taken(const struct sl_moodle_call *call, const struct function *function)
{
    for (size_t i = 0; i < call->n; i++)
        if (!takes(function->takes, call->names[i]) ||
            !sl_utf8_valid(call->values[i], strlen(call->values[i])))
            return false;
    return true;
}

static const struct function *find_function(const char *name)
{
    for (size_t i = 0; name && i < SL_COUNT(functions); i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

static bool token_is_right(struct sl_moodle_call *call)
{
    const char *given = find(call, "wstoken");
    uint64_t hash = sl_hash_text(SL_HASH_BEGIN, "moodle token-expired");

    if (call->visit->scenario == SL_PLAY_TOKEN_EXPIRED &&
        sl_table_first(&call->visit->box->once, hash))
        return false;
    return given && strcmp(given, token) == 0;
}

static void run(struct sl_moodle_call *call)
{
    static const struct sl_seen_kind kind = { .operation = "call",
                                              .names = { "function", "fields" },
                                              .numbers = 2 };
    const char *name = find(call, "wsfunction"), *format = find(call, "moodlewsrestformat");
    const struct function *function = find_function(name);

    sl_seen_add(call->visit, &kind,
                (const char *const[]){ name, sl_arena_printf(call->visit->arena, "%zu", call->n) });
    if (!token_is_right(call))
        sl_moodle_throw(call, "moodle_exception", "invalidtoken",
                        "Invalid token - token not found");
    else if (!format || strcmp(format, "json") != 0)
        sl_visit_answer(call->visit, 200, "application/xml; charset=utf-8",
                        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<RESPONSE/>\n");
    else if (!function)
        sl_moodle_throw(call, "dml_missing_record_exception", "invalidrecord",
                        "Can't find data record in database table external_functions.");
    else if (!all_taken(call, function))
        sl_moodle_invalid(call);
    else
        function->run(call);
}

/* ---- token.php ------------------------------------------------------------------------------ */

static void refuse_token(struct sl_visit *visit, const char *error, const char *code)
{
    sl_visit_answer(visit, 200, "application/json; charset=utf-8",
                    sl_arena_printf(visit->arena,
                                    "{\"error\":\"%s\",\"errorcode\":\"%s\",\"stacktrace\":null,"
                                    "\"debuginfo\":null,\"reproductionlink\":null}",
                                    error, code));
}

static void give_token(struct sl_moodle_call *call)
{
    static const struct sl_seen_kind kind = { .operation = "token", .names = { "username" } };
    const char *username = find(call, "username"), *password = find(call, "password");
    const char *service = find(call, "service");

    sl_seen_add(call->visit, &kind, (const char *const[]){ username });
    call->visit->box->counts.tokens++;
    if (!username || !password || strcmp(username, "wsuser") != 0 ||
        strcmp(password, "sandbox-password") != 0)
        refuse_token(call->visit, "Invalid login, please try again", "invalidlogin");
    else if (!service || strcmp(service, "shule") != 0)
        refuse_token(call->visit,
                     "Web service is not available. (It doesn't exist or might be disabled.)",
                     "servicenotavailable");
    else
        sl_visit_answer(call->visit, 200, "application/json; charset=utf-8",
                        sl_arena_printf(call->visit->arena,
                                        "{\"token\":\"%s\",\"privatetoken\":null}", token));
}

/* ---- Visits ---------------------------------------------------------------------------------- */

/* True, and answered, if the scenario refuses it. Maintenance is short here, for rehearsals. */
static bool refused(struct sl_visit *visit)
{
    static const struct {
        int status;
        const char *text, *retry_after;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, "<html><body>Too many requests</body></html>", "1" },
        [SL_REFUSE_BUSY] = { 503, "<html><body>This site is undergoing maintenance</body></html>",
                             "1" },
        [SL_REFUSE_BROKEN] = { 500, "", NULL },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    sl_visit_answer(visit, answers[refusal].status, page, answers[refusal].text);
    if (answers[refusal].retry_after)
        sl_visit_add_header(visit, "Retry-After", answers[refusal].retry_after);
    return true;
}

static bool is_form(const struct sl_visit *visit)
{
    const char *type = sl_visit_header(visit, "Content-Type");

    return strcmp(visit->method, "POST") == 0 && type &&
           strncasecmp(type, form_type, sizeof form_type - 1) == 0;
}

static bool is_elsewhere(struct sl_visit *visit)
{
    const char *host = sl_visit_header(visit, "Host");

    if (!host || strncasecmp(host, "localhost", 9) != 0)
        return false;
    sl_visit_answer(visit, 303, page, "<html><body>Redirect</body></html>");
    sl_visit_add_header(visit, "X-Redirect-By", "Moodle");
    sl_visit_add_header(visit, "Location", wwwroot(visit));
    return true;
}

static void answer(struct sl_visit *visit)
{
    struct sl_moodle_call call = { .visit = visit, .site = visit->state };

    if (is_elsewhere(visit) || refused(visit))
        return;
    if (is_form(visit)) /* anything else has no fields */
        read_form(&call);
    if (strcmp(visit->path, "/login/token.php") == 0)
        give_token(&call);
    else
        run(&call);
    sl_visit_spoil(visit);
}

static bool owns(const char *path)
{
    return strcmp(path, "/webservice/rest/server.php") == 0 ||
           strcmp(path, "/login/token.php") == 0;
}

static void *open_site(void)
{
    struct sl_moodle_site *site = calloc(1, sizeof *site);

    if (!site)
        sl_out_of_memory();
    sl_moodle_first_users(site);
    return site;
}

static void forget(struct sl_moodle_site *site)
{
    for (size_t i = 0; i < site->n_users; i++)
        for (size_t k = 0; k < SL_MOODLE_N_FACTS; k++)
            free(site->users[i].facts[k]);
    for (size_t i = 0; i < site->n_cohorts; i++) {
        free(site->cohorts[i].name);
        free(site->cohorts[i].idnumber);
    }
    free(site->users);
    free(site->enrolments);
    free(site->cohorts);
    free(site->members);
    *site = (struct sl_moodle_site){ 0 };
}

static void reset(void *state)
{
    forget(state);
    sl_moodle_first_users(state);
}

static void close_site(void *state)
{
    forget(state);
    free(state);
}

const struct sl_simulator sl_sim_moodle = {
    .code = "moodle",
    .owns = owns,
    .open = open_site,
    .close = close_site,
    .reset = reset,
    .answer = answer,
};
