/* Accounts of the simulated Moodle. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/moodle.h"

enum { ADMIN = 2, LONGEST_NAME = 100, LONGEST_IDNUMBER = 255 };

const char *const sl_moodle_fact_names[SL_MOODLE_N_FACTS] = {
    [SL_MOODLE_USERNAME] = "username", [SL_MOODLE_FIRSTNAME] = "firstname",
    [SL_MOODLE_LASTNAME] = "lastname", [SL_MOODLE_EMAIL] = "email",
    [SL_MOODLE_IDNUMBER] = "idnumber",
};

struct sl_moodle_user *sl_moodle_user(const struct sl_moodle_site *site, int64_t id)
{
    return id > 0 && (size_t)id <= site->n_users ? &site->users[id - 1] : NULL;
}

static struct sl_moodle_user *add(struct sl_moodle_site *site,
                                  const char *const facts[SL_MOODLE_N_FACTS])
{
    struct sl_moodle_user *user;

    site->users = sl_moodle_grow(site->users, site->n_users, sizeof *site->users);
    user = &site->users[site->n_users++];
    *user = (struct sl_moodle_user){ .id = (int64_t)site->n_users };
    for (size_t i = 0; i < SL_MOODLE_N_FACTS; i++)
        user->facts[i] = sl_moodle_copy(facts[i]);
    return user;
}

void sl_moodle_first_users(struct sl_moodle_site *site)
{
    static const char *const first[][SL_MOODLE_N_FACTS] = {
        { "guest", "Guest user", "", "root@localhost", "" },
        { "admin", "Admin", "User", "admin@sandbox.test", "" },
        { "wsuser", "Web", "Service", "wsuser@sandbox.test", "" },
    };

    for (size_t i = 0; i < SL_COUNT(first); i++)
        (void)add(site, first[i]);
}

/* ---- Finding ------------------------------------------------------------------------------- */

static struct sl_moodle_user *find_by(const struct sl_moodle_site *site, enum sl_moodle_fact fact,
                                      const char *value, size_t *after)
{
    for (size_t i = *after; i < site->n_users; i++) {
        const char *has = site->users[i].facts[fact];

        if (fact == SL_MOODLE_EMAIL ? strcasecmp(has, value) == 0 : strcmp(has, value) == 0) {
            *after = i + 1;
            return &site->users[i];
        }
    }
    return NULL;
}

static struct sl_moodle_user *first_by(const struct sl_moodle_site *site, enum sl_moodle_fact fact,
                                       const char *value)
{
    size_t after = 0;

    return find_by(site, fact, value, &after);
}

static void write_user(struct sl_buf *out, const struct sl_moodle_user *user)
{
    sl_buf_printf(out, "%s{\"id\":%lld", out->data[out->len - 1] == '[' ? "" : ",",
                  (long long)user->id);
    for (size_t i = 0; i < SL_MOODLE_N_FACTS; i++) {
        sl_buf_printf(out, ",\"%s\":", sl_moodle_fact_names[i]);
        sl_json_quote(out, user->facts[i]);
    }
    sl_buf_printf(out,
                  ",\"department\":\"\",\"firstaccess\":0,\"lastaccess\":0,\"auth\":\"manual\","
                  "\"suspended\":%s,\"confirmed\":true,\"lang\":\"en\",\"theme\":\"\",\"timezone\":"
                  "\"99\",\"mailformat\":1}",
                  user->suspended ? "true" : "false");
}

static bool is_username(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._@");

    return n > 0 && !text[n] && n <= LONGEST_NAME;
}

void sl_moodle_get_users(struct sl_moodle_call *call)
{
    const char *field = sl_moodle_arg(call, "field"), *value;
    enum sl_moodle_fact fact = SL_MOODLE_USERNAME;
    struct sl_moodle_user *user;
    struct sl_buf *out;

    while (fact < SL_MOODLE_N_FACTS && field && strcmp(sl_moodle_fact_names[fact], field) != 0)
        fact++;
    if (!field || fact == SL_MOODLE_N_FACTS || fact == SL_MOODLE_FIRSTNAME ||
        fact == SL_MOODLE_LASTNAME) {
        sl_moodle_throw(call, "coding_exception", "codingerror",
                        "Coding error detected, it must be fixed by a programmer: invalid field "
                        "parameter");
        return;
    }
    for (size_t i = 0; (value = sl_moodle_arg(call, "values[%zu]", i)) != NULL; i++)
        if (fact == SL_MOODLE_USERNAME && !is_username(value)) {
            sl_moodle_invalid(call);
            return;
        }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "[");
    for (size_t i = 0; (value = sl_moodle_arg(call, "values[%zu]", i)) != NULL; i++)
        for (size_t after = 0; (user = find_by(call->site, fact, value, &after)) != NULL;)
            write_user(out, user);
    sl_buf_text(out, "]");
}

/* By one criterion: an address, of which "%" is any. */
void sl_moodle_search_users(struct sl_moodle_call *call)
{
    const char *key = sl_moodle_arg(call, "criteria[0][key]");
    const char *value = sl_moodle_arg(call, "criteria[0][value]");
    struct sl_buf *out;

    if (!key || !value || strcmp(key, "email") != 0) {
        sl_moodle_invalid(call);
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "{\"users\":[");
    for (size_t i = 0; i < call->site->n_users; i++)
        if (strcmp(value, "%") == 0 ||
            strcasecmp(call->site->users[i].facts[SL_MOODLE_EMAIL], value) == 0)
            write_user(out, &call->site->users[i]);
    sl_buf_text(out, "],\"warnings\":[]}");
}

/* ---- What it takes -------------------------------------------------------------------------- */

static const char *fact_of(const struct sl_moodle_call *call, size_t i, enum sl_moodle_fact fact)
{
    return sl_moodle_arg(call, "users[%zu][%s]", i, sl_moodle_fact_names[fact]);
}

static bool is_name(const char *text)
{
    return text && *text && !strpbrk(text, "<>") && sl_utf8_length(text) <= LONGEST_NAME;
}

static bool is_email(const char *text)
{
    const char *at = text ? strchr(text, '@') : NULL;

    return at && at > text && strchr(at, '.') && !strpbrk(text, " \t<>,;") &&
           !strchr(at + 1, '@') && strlen(text) <= LONGEST_NAME;
}

/* Of another account than `own`. */
static bool is_taken(const struct sl_moodle_site *site, enum sl_moodle_fact fact, const char *value,
                     const struct sl_moodle_user *own)
{
    const struct sl_moodle_user *user = first_by(site, fact, value);

    return user && user != own;
}

/* Two of one call, too. */
static bool is_repeated(const struct sl_moodle_call *call, size_t i, enum sl_moodle_fact fact)
{
    for (size_t k = 0; k < i; k++)
        if (strcasecmp(fact_of(call, k, fact), fact_of(call, i, fact)) == 0)
            return true;
    return false;
}

static bool may_be_made(const struct sl_moodle_call *call, size_t i)
{
    const char *idnumber = fact_of(call, i, SL_MOODLE_IDNUMBER);
    const char *made = sl_moodle_arg(call, "users[%zu][createpassword]", i);

    if (!fact_of(call, i, SL_MOODLE_USERNAME) ||
        !is_username(fact_of(call, i, SL_MOODLE_USERNAME)) ||
        !is_name(fact_of(call, i, SL_MOODLE_FIRSTNAME)) ||
        !is_name(fact_of(call, i, SL_MOODLE_LASTNAME)) ||
        !is_email(fact_of(call, i, SL_MOODLE_EMAIL)) ||
        (idnumber && strlen(idnumber) > LONGEST_IDNUMBER))
        return false;
    if (!(made && strcmp(made, "1") == 0) && !sl_moodle_arg(call, "users[%zu][password]", i))
        return false;
    for (size_t k = 0; k < 2; k++) {
        enum sl_moodle_fact fact = k ? SL_MOODLE_EMAIL : SL_MOODLE_USERNAME;

        if (is_taken(call->site, fact, fact_of(call, i, fact), NULL) || is_repeated(call, i, fact))
            return false;
    }
    return true;
}

static bool is_weak(const char *password)
{
    return password &&
           (strlen(password) < 8 || !strpbrk(password, "0123456789") ||
            !strpbrk(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || !strpbrk(password, "*-#!@.+_"));
}

/* How many have a field at all: from 0 on, without gaps. */
static size_t count(const struct sl_moodle_call *call, const char *field)
{
    size_t n = 0;

    while (sl_moodle_arg(call, "users[%zu][%s]", n, field))
        n++;
    return n;
}

/* Those behind a gap, and those without a username, are somewhere in the form. */
static bool has_more(const struct sl_moodle_call *call, size_t n)
{
    for (size_t i = 0; i < call->n; i++) {
        const char *name = call->names[i];

        if (strncmp(name, "users[", 6) == 0 && strtoul(name + 6, NULL, 10) >= n)
            return true;
    }
    return false;
}

/* One bad one refuses them all. */
void sl_moodle_create_users(struct sl_moodle_call *call)
{
    static const char weak[] = "<div>Passwords must be at least 8 characters long.</div>";
    size_t n = count(call, "username");
    struct sl_buf *out;

    for (size_t i = 0; i < n; i++) {
        if (is_weak(sl_moodle_arg(call, "users[%zu][password]", i))) {
            sl_moodle_throw(call, "moodle_exception", weak, weak);
            return;
        }
        if (!may_be_made(call, i))
            n = 0;
    }
    if (n == 0 || has_more(call, n)) {
        sl_moodle_invalid(call);
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "[");
    for (size_t i = 0; i < n; i++) {
        const char *facts[SL_MOODLE_N_FACTS];
        const struct sl_moodle_user *user;

        for (size_t k = 0; k < SL_MOODLE_N_FACTS; k++)
            facts[k] = fact_of(call, i, (enum sl_moodle_fact)k);
        user = add(call->site, facts);
        sl_buf_printf(out, "%s{\"id\":%lld,\"username\":", i > 0 ? "," : "", (long long)user->id);
        sl_json_quote(out, user->facts[SL_MOODLE_USERNAME]);
        sl_buf_text(out, "}");
    }
    sl_buf_text(out, "]");
}

/* ---- Updating ------------------------------------------------------------------------------- */

/* The warning that it gives, or NULL. */
static const char *why_not(const struct sl_moodle_call *call, size_t i,
                           const struct sl_moodle_user *user)
{
    const char *email = fact_of(call, i, SL_MOODLE_EMAIL);

    if (!user)
        return "invaliduserid";
    if (user->id == ADMIN)
        return "usernotupdatedadmin";
    if (user->id == 1)
        return "usernotupdatedguest";
    if (email && !is_email(email))
        return "useremailinvalid";
    if (email && is_taken(call->site, SL_MOODLE_EMAIL, email, user))
        return "useremailduplicate";
    return NULL;
}

static bool is_valid_update(const struct sl_moodle_call *call, size_t i)
{
    const char *username = fact_of(call, i, SL_MOODLE_USERNAME);
    const char *first = fact_of(call, i, SL_MOODLE_FIRSTNAME);
    const char *last = fact_of(call, i, SL_MOODLE_LASTNAME);

    return sl_moodle_number(call, "users[%zu][id]", i) >= 0 &&
           (!username || is_username(username)) && (!first || is_name(first)) &&
           (!last || is_name(last));
}

static void update(const struct sl_moodle_call *call, size_t i, struct sl_moodle_user *user)
{
    int64_t suspended = sl_moodle_number(call, "users[%zu][suspended]", i);

    for (size_t k = 0; k < SL_MOODLE_N_FACTS; k++) {
        const char *value = fact_of(call, i, (enum sl_moodle_fact)k);

        if (!value)
            continue;
        free(user->facts[k]);
        user->facts[k] = sl_moodle_copy(value);
    }
    if (suspended >= 0)
        user->suspended = suspended == 1;
}

/* Each for itself: what fails is a warning. */
void sl_moodle_update_users(struct sl_moodle_call *call)
{
    size_t n = count(call, "id"), n_warnings = 0;
    struct sl_buf *out;

    for (size_t i = 0; i < n; i++)
        if (!is_valid_update(call, i))
            n = 0;
    if (n == 0 || has_more(call, n)) {
        sl_moodle_invalid(call);
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "{\"warnings\":[");
    for (size_t i = 0; i < n; i++) {
        int64_t id = sl_moodle_number(call, "users[%zu][id]", i);
        struct sl_moodle_user *user = sl_moodle_user(call->site, id);
        const char *why = why_not(call, i, user);

        if (!why)
            update(call, i, user);
        else
            sl_buf_printf(out,
                          "%s{\"item\":\"user\",\"itemid\":%lld,\"warningcode\":\"%s\","
                          "\"message\":\"%s\"}",
                          n_warnings++ > 0 ? "," : "", (long long)id, why, why);
    }
    sl_buf_text(out, "]}");
}
