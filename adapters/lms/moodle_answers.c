/* Moodle: whether an answer is one, and what refuses. All that a function has to say comes with
 * status 200; the one sign of an error is a member `exception`, or `error` from token.php. Texts
 * are in the site's language, so the code decides. Functions without a result answer the word
 * null. */
#include <ctype.h>
#include <string.h>

#include "adapters/lms/moodle.h"
#include "lib/base/text.h"

enum { MINUTE_MS = 60 * 1000, MAINTENANCE_MS = 5 * MINUTE_MS, THROTTLED_MS = 15 * MINUTE_MS };

/* ---- Refusals --------------------------------------------------------------------------- */

/* Whose fault it is, where a list is all or nothing: it is then tried in halves. */
enum fault {
    OF_ALL,   /* nobody's of them: what waits in the same run gets the same answer */
    OF_PLACE, /* of a course or a role in it: halves help where there are several in the list */
    OF_ONE,
};

/* `help` is what a person can do about it. Codes of docs/providers/moodle.md §3, §5. */
static const struct refusal {
    const char *code;
    enum sl_verdict verdict;
    enum sl_concerns concerns;
    enum fault fault;
    int64_t after_ms;
    const char *help;
} refusals[] = {
    { .code = "invalidtoken", .verdict = SL_AUTH, .concerns = SL_ACCOUNT },
    { .code = "invalidlogin", .verdict = SL_AUTH, .concerns = SL_ACCOUNT },
    { .code = "usernotconfirmed", .verdict = SL_AUTH, .concerns = SL_ACCOUNT },
    { .code = "passwordisexpired", .verdict = SL_AUTH, .concerns = SL_ACCOUNT },
    { .code = "accessexception",
      .verdict = SL_PERMANENT,
      .concerns = SL_BATCH,
      .help = "the token has ended, may not come from this address, or its service lacks this "
              "function; or its user may not use REST, or is suspended" },
    { .code = "servicenotavailable", .verdict = SL_PERMANENT, .concerns = SL_ACCOUNT },
    { .code = "cannotcreatetoken", .verdict = SL_PERMANENT, .concerns = SL_ACCOUNT },
    { .code = "enablewsdescription",
      .verdict = SL_PERMANENT,
      .concerns = SL_ACCOUNT,
      .help = "web services are off at this site" },
    { .code = "invalidrecord",
      .verdict = SL_PERMANENT,
      .concerns = SL_BATCH,
      .help = "the site knows no such function, or no such course" },
    { .code = "nopermissions", .verdict = SL_PERMANENT, .fault = OF_PLACE },
    { .code = "requireloginerror", .verdict = SL_PERMANENT, .fault = OF_PLACE },
    { .code = "errorcoursecontextnotvalid", .verdict = SL_PERMANENT, .fault = OF_PLACE },
    { .code = "wsusercannotassign",
      .verdict = SL_PERMANENT,
      .fault = OF_PLACE,
      .help =
          "the token's user may not assign this role: see the settings roles and default_role" },
    { .code = "wsnoinstance",
      .verdict = SL_PERMANENT,
      .fault = OF_PLACE,
      .help = "the course has no manual enrolment" },
    { .code = "wscannotenrol", .verdict = SL_PERMANENT, .fault = OF_PLACE },
    { .code = "invalidparameter", .verdict = SL_PERMANENT, .fault = OF_ONE },
    { .code = "codingerror", .verdict = SL_PERMANENT, .fault = OF_ONE },
    { .code = "invalidresponse",
      .verdict = SL_PERMANENT,
      .help = "it was done, but the site's answer failed its own check" },
    { .code = "dmlreadexception", .verdict = SL_RETRY },
    { .code = "dmlwriteexception", .verdict = SL_RETRY },
    { .code = "dmltransactionexception", .verdict = SL_RETRY },
    { .code = "dbconnectionfailed", .verdict = SL_RETRY },
    { .code = "sitemaintenance",
      .verdict = SL_RETRY,
      .concerns = SL_ACCOUNT,
      .after_ms = MAINTENANCE_MS },
    { .code = "upgraderunning",
      .verdict = SL_RETRY,
      .concerns = SL_ACCOUNT,
      .after_ms = MAINTENANCE_MS },
};

static const struct refusal unknown_refusal = { .verdict = SL_PERMANENT };

static const struct refusal *find_refusal(const char *code)
{
    for (size_t i = 0; code && i < SL_COUNT(refusals); i++)
        if (strcmp(refusals[i].code, code) == 0)
            return &refusals[i];
    return &unknown_refusal;
}

/* A code is a word; where it is a page (a weak password) it is none. */
static const char *code_of(struct sl_arena *arena, struct json_object *doc)
{
    const char *code = sl_json_text(doc, "errorcode");
    size_t n = code ? strlen(code) : 0;

    if (n == 0 || n > 64)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)code[i]) && code[i] != '_' && code[i] != '/')
            return NULL;
    return sl_arena_strdup(arena, code);
}

const char *sl_moodle_plain(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    if (!text || !*text)
        return NULL;
    while (*text) {
        size_t n = strcspn(text, "<");

        sl_buf_add(&out, text, n);
        text += n;
        if (!*text)
            break;
        text = strchrnul(text, '>');
        text += *text == '>';
        if (*text && *text != '<' && out.len > 0)
            sl_buf_text(&out, " ");
    }
    return sl_printable(arena, out.data, out.len, 200);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether a list is about more than one course, or more than one role in it. */
static bool has_several_places(const struct sl_lms_ask *ask)
{
    for (size_t i = 1; i < ask->n_enrolments; i++)
        if (!same(ask->enrolments[i].course, ask->enrolments[0].course) ||
            !same(ask->enrolments[i].role, ask->enrolments[0].role))
            return true;
    return false;
}

static bool halves_help(const struct sl_call *call, const struct refusal *refusal, size_t n_items)
{
    if (n_items < 2 || refusal->fault == OF_ALL)
        return false;
    return refusal->fault == OF_ONE || has_several_places(call->in.lms);
}

static void refuse(const struct sl_call *call, struct json_object *doc, struct sl_result *result)
{
    const char *code = code_of(call->arena, doc);
    const struct refusal *refusal = find_refusal(code);
    const char *message = sl_json_text(doc, "message");

    message = sl_moodle_plain(call->arena, message ? message : sl_json_text(doc, "error"));
    if (refusal->help)
        message = message ? sl_arena_printf(call->arena, "%s: %s", message, refusal->help)
                          : refusal->help;
    sl_result_all(result,
                  (struct sl_outcome){
                      .verdict = refusal->verdict,
                      .concerns = refusal->concerns,
                      .cure = halves_help(call, refusal, result->n_items) ? SL_HALVE : SL_NO_CURE,
                      .after_ms = refusal->after_ms,
                      .code = code,
                      .text = message,
                  });
}

/* ---- Statuses ---------------------------------------------------------------------------- */

static void settle(struct sl_result *result, enum sl_verdict verdict, int64_t after_ms,
                   const char *text)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = verdict,
                                               .concerns = SL_ACCOUNT,
                                               .after_ms = after_ms,
                                               .text = text });
}

/* Moodle sends whoever comes by another name of the site to the one that it knows. */
static void redirected(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    const char *to = sl_exchange_header(exchange, "Location");

    to = to ? sl_printable(call->arena, to, strlen(to), 200) : "its own address";
    settle(result, SL_PERMANENT, 0,
           sl_arena_printf(call->arena, "the site has another address: set base_url to %s", to));
}

static void from_status(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    if (exchange->status >= 300 && exchange->status < 400)
        redirected(call, exchange, result);
    else if (exchange->status == 403)
        settle(result, SL_PERMANENT, 0,
               exchange->n_body == 0 ? "web services or the REST protocol are off at this site"
                                     : "the web server in front of the site refused it");
    else if (exchange->status == 404)
        settle(result, SL_PERMANENT, 0, "there is no Moodle at base_url");
    else if (exchange->status == 406)
        settle(result, SL_RETRY, THROTTLED_MS, "the web server in front of the site refused it");
    else if (exchange->status == 503)
        settle(result, SL_RETRY,
               exchange->retry_after_ms > 0 ? exchange->retry_after_ms : MAINTENANCE_MS,
               "the site is in maintenance");
    else
        sl_result_from_status(exchange, NULL, result);
}

/* ---- Bodies ------------------------------------------------------------------------------ */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* The word null and nothing else, or, among PHP's warnings, at an end. */
static bool is_null(const char *body, size_t n, bool noisy)
{
    const char *begin = skip_blanks(body);

    while (n > 0 && strchr(" \t\r\n", body[n - 1]))
        n--;
    if (n < 4 || begin > body + n - 4)
        return false;
    if (noisy)
        return memcmp(begin, "null", 4) == 0 || memcmp(body + n - 4, "null", 4) == 0;
    return begin + 4 == body + n && memcmp(begin, "null", 4) == 0;
}

/* A site that shows PHP's warnings writes them before or behind the answer. */
static bool has_warnings(const char *body)
{
    return strstr(body, " on line ") && !strcasestr(body, "<html") &&
           !strcasestr(body, "<!doctype");
}

static struct json_object *parse_among_warnings(const char *body, size_t n)
{
    size_t at = strcspn(body, "{[");
    const char *end = at < n ? memrchr(body, body[at] == '{' ? '}' : ']', n) : NULL;

    return end && end > body + at ? sl_json_parse(body + at, (size_t)(end - body) + 1 - at) : NULL;
}

/* False if it is no answer of a function. */
static bool read_body(const struct sl_exchange *exchange, struct json_object **doc)
{
    bool noisy;

    *doc = sl_json_parse(exchange->body, exchange->n_body);
    if (*doc || is_null(exchange->body, exchange->n_body, false))
        return true;
    noisy = has_warnings(exchange->body);
    if (noisy)
        *doc = parse_among_warnings(exchange->body, exchange->n_body);
    return *doc || (noisy && is_null(exchange->body, exchange->n_body, true));
}

bool sl_moodle_answered(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result, struct json_object **doc)
{
    *doc = NULL;
    if (sl_result_unanswered(exchange, result))
        return false;
    if (exchange->status != 200) {
        from_status(call, exchange, result);
        return false;
    }
    if (!read_body(exchange, doc)) {
        sl_result_all(result,
                      (struct sl_outcome){ .text = "the site answered something else than JSON" });
        return false;
    }
    if (sl_json_at(*doc, "exception") || sl_json_at(*doc, "error")) {
        refuse(call, *doc, result);
        return false;
    }
    return true;
}

/* ---- The token ---------------------------------------------------------------------------- */

static const int64_t for_good_ms = 10LL * 365 * 24 * 3600 * 1000;

void sl_moodle_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *token = call->settings->values[TOKEN];

    if (!token && !sl_moodle_answered(call, exchange, result, &doc))
        return;
    if (!token)
        token = sl_arena_strdup(call->arena, sl_json_text(doc, "token"));
    if (!token || !*token)
        return;
    result->token = (struct sl_token){ .access = token, .lives_ms = for_good_ms };
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}
