/* Cohorts of the simulated Moodle. */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "sandbox/moodle.h"

static struct sl_moodle_cohort *find_cohort(const struct sl_moodle_site *site, const char *type,
                                            const char *value)
{
    bool by_id = type && strcmp(type, "id") == 0;

    for (size_t i = 0; value && i < site->n_cohorts; i++) {
        struct sl_moodle_cohort *cohort = &site->cohorts[i];
        char id[24];

        (void)snprintf(id, sizeof id, "%lld", (long long)cohort->id);
        if (strcmp(by_id ? id : cohort->idnumber, value) == 0)
            return cohort;
    }
    return NULL;
}

static void write_cohort(struct sl_buf *out, const struct sl_moodle_cohort *cohort)
{
    sl_buf_printf(out, "{\"id\":%lld,\"name\":", (long long)cohort->id);
    sl_json_quote(out, cohort->name);
    sl_buf_text(out, ",\"idnumber\":");
    sl_json_quote(out, cohort->idnumber);
    sl_buf_text(out,
                ",\"description\":\"\",\"descriptionformat\":1,\"visible\":true,\"theme\":\"\"}");
}

void sl_moodle_search_cohorts(struct sl_moodle_call *call)
{
    const char *query = sl_moodle_arg(call, "query");
    int64_t from = sl_moodle_number(call, "limitfrom"), most = sl_moodle_number(call, "limitnum");
    struct sl_buf *out;
    int64_t found = 0;

    if (!query || sl_moodle_number(call, "context[contextid]") != 1) {
        sl_moodle_invalid(call);
        return;
    }
    from = from > 0 ? from : 0;
    most = most > 0 ? most : 25;
    out = sl_moodle_begin(call);
    sl_buf_text(out, "{\"cohorts\":[");
    for (size_t i = 0; i < call->site->n_cohorts; i++) {
        const struct sl_moodle_cohort *cohort = &call->site->cohorts[i];

        if (!strcasestr(cohort->name, query) && !strcasestr(cohort->idnumber, query))
            continue;
        if (found >= from && found < from + most) {
            sl_buf_text(out, found > from ? "," : "");
            write_cohort(out, cohort);
        }
        found++;
    }
    sl_buf_text(out, "]}");
}

static bool may_be_made(const struct sl_moodle_call *call, size_t i)
{
    const char *type = sl_moodle_arg(call, "cohorts[%zu][categorytype][type]", i);
    const char *idnumber = sl_moodle_arg(call, "cohorts[%zu][idnumber]", i);

    return type && strcmp(type, "system") == 0 &&
           sl_moodle_arg(call, "cohorts[%zu][categorytype][value]", i) && idnumber &&
           !find_cohort(call->site, "idnumber", idnumber);
}

void sl_moodle_create_cohorts(struct sl_moodle_call *call)
{
    struct sl_moodle_site *site = call->site;
    struct sl_buf *out;
    size_t n = 0;

    while (sl_moodle_arg(call, "cohorts[%zu][name]", n) && may_be_made(call, n))
        n++;
    if (n == 0 || sl_moodle_arg(call, "cohorts[%zu][name]", n)) {
        sl_moodle_invalid(call);
        return;
    }
    out = sl_moodle_begin(call);
    sl_buf_text(out, "[");
    for (size_t i = 0; i < n; i++) {
        site->cohorts = sl_moodle_grow(site->cohorts, site->n_cohorts, sizeof *site->cohorts);
        site->cohorts[site->n_cohorts] = (struct sl_moodle_cohort){
            .id = (int64_t)site->n_cohorts + 1,
            .name = sl_moodle_copy(sl_moodle_arg(call, "cohorts[%zu][name]", i)),
            .idnumber = sl_moodle_copy(sl_moodle_arg(call, "cohorts[%zu][idnumber]", i)),
        };
        sl_buf_text(out, i > 0 ? "," : "");
        write_cohort(out, &site->cohorts[site->n_cohorts++]);
    }
    sl_buf_text(out, "]");
}

/* ---- Members -------------------------------------------------------------------------------- */

void sl_moodle_get_members(struct sl_moodle_call *call)
{
    const struct sl_moodle_site *site = call->site;
    struct sl_buf *out = sl_moodle_begin(call);
    const char *id;

    sl_buf_text(out, "[");
    for (size_t i = 0; (id = sl_moodle_arg(call, "cohortids[%zu]", i)) != NULL; i++) {
        const struct sl_moodle_cohort *cohort = find_cohort(site, "id", id);
        const char *comma = "";

        sl_buf_printf(out, "%s{\"cohortid\":%lld,\"userids\":[", i > 0 ? "," : "",
                      cohort ? (long long)cohort->id : 0LL);
        for (size_t k = 0; cohort && k < site->n_members; k++)
            if (site->members[k].cohort == cohort->id) {
                sl_buf_printf(out, "%s%lld", comma, (long long)site->members[k].user);
                comma = ",";
            }
        sl_buf_text(out, "]}");
    }
    sl_buf_text(out, "]");
}

static const struct sl_moodle_user *find_user(const struct sl_moodle_site *site, const char *type,
                                              const char *value)
{
    bool by_id = type && strcmp(type, "id") == 0;

    for (size_t i = 0; value && i < site->n_users; i++) {
        char id[24];

        (void)snprintf(id, sizeof id, "%lld", (long long)site->users[i].id);
        if (strcmp(by_id ? id : site->users[i].facts[SL_MOODLE_USERNAME], value) == 0)
            return &site->users[i];
    }
    return NULL;
}

static bool is_member(const struct sl_moodle_site *site, int64_t cohort, int64_t user)
{
    for (size_t i = 0; i < site->n_members; i++)
        if (site->members[i].cohort == cohort && site->members[i].user == user)
            return true;
    return false;
}

/* The code of the warning that it gives, or NULL. */
static const char *add_one(struct sl_moodle_site *site, const struct sl_moodle_cohort *cohort,
                           const struct sl_moodle_user *user)
{
    if (!cohort || !user)
        return "2";
    if (is_member(site, cohort->id, user->id))
        return "3";
    site->members = sl_moodle_grow(site->members, site->n_members, sizeof *site->members);
    site->members[site->n_members++] = (struct sl_moodle_member){ cohort->id, user->id };
    return NULL;
}

/* Each for itself; a warning says in words whom it means. */
void sl_moodle_add_members(struct sl_moodle_call *call)
{
    struct sl_buf *out = sl_moodle_begin(call);
    const char *comma = "", *code, *value;

    sl_buf_text(out, "{\"warnings\":[");
    for (size_t i = 0; (value = sl_moodle_arg(call, "members[%zu][usertype][value]", i)) != NULL;
         i++) {
        const char *type = sl_moodle_arg(call, "members[%zu][usertype][type]", i);

        code = add_one(call->site,
                       find_cohort(call->site,
                                   sl_moodle_arg(call, "members[%zu][cohorttype][type]", i),
                                   sl_moodle_arg(call, "members[%zu][cohorttype][value]", i)),
                       find_user(call->site, type, value));
        if (!code)
            continue;
        sl_buf_printf(out, "%s{\"warningcode\":\"%s\",\"message\":", comma, code);
        sl_json_quote(out, sl_arena_printf(out->arena, "user %s=%s not exists", type ? type : "?",
                                           value));
        sl_buf_text(out, "}");
        comma = ",";
    }
    sl_buf_text(out, "]}");
}
