#include "lib/service/watch.h"

#include <inttypes.h>
#include <string.h>

#include "lib/adapter/certificate.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/config.h"
#include "lib/service/once.h"
#include "lib/service/values.h"
#include "lib/store/accounts.h"
#include "lib/store/facts.h"
#include "lib/store/logs.h"
#include "lib/store/queue_view.h"
#include "lib/store/watches.h"

enum { WARN_DAYS = 10, CERTIFICATE_DAYS = 30, KEY_DAYS = 365, MICRO = 1000000 };

static const int64_t day_ms = 86400000, look_every_ms = 60000, ask_every_ms = 6 * 3600 * 1000;
static const char everyone[] = "everyone", balance[] = "balance";

/* An account whose balance is of interest; nothing secret. */
struct asked {
    struct sl_school school;
    struct sl_account account;
    struct asked *next;
};

struct watch {
    struct sl_service *service;
    struct sl_arena *arena;
    int64_t now_ms;
    struct sl_attention *findings; /* n of them */
    size_t n, room;
    struct asked *asked;
};

static void find(struct watch *watch, struct sl_attention finding)
{
    watch->findings = sl_arena_grow(watch->arena, watch->findings, watch->n, &watch->room,
                                    sizeof *watch->findings);
    watch->findings[watch->n++] = finding;
}

/* ---- The queue and the keys -------------------------------------------------------------- */

static int look_at_queue(struct watch *watch, struct sl_err *err)
{
    int64_t most_s = watch->service->settings.alert_age_minutes * 60, overdue_s = 0;

    if (sl_queue_view_overdue(watch->service->db, 0, watch->now_ms, &overdue_s, err) < 0)
        return -1;
    if (overdue_s >= most_s)
        find(watch,
             (struct sl_attention){
                 .watch = "queue",
                 .about = "the queue",
                 .school = everyone,
                 .found = sl_arena_printf(watch->arena,
                                          "the oldest item is overdue for %" PRId64 " minutes",
                                          overdue_s / 60),
                 .cure = "see `sl-queue stats`, and whether the timer of sl-queue-run runs",
             });
    return 0;
}

static void look_at_keys(struct watch *watch)
{
    const struct sl_key *key;

    for (size_t i = 0; (key = sl_keyring_at(watch->service->keyring, i)) != NULL; i++) {
        int64_t days = (watch->now_ms - key->created_ms) / day_ms;

        if (key->purpose == SL_KEY_INDEX || key->state != SL_KEY_ACTIVE || days <= KEY_DAYS)
            continue;
        find(watch,
             (struct sl_attention){
                 .watch = "key",
                 .about = sl_arena_printf(watch->arena, "key %s", key->id),
                 .school = everyone,
                 .found = sl_arena_printf(watch->arena, "it has sealed for %" PRId64 " days", days),
                 .cure = "put another in its place with `sl-config key rotate`",
             });
    }
}

/* ---- Certificates ------------------------------------------------------------------------ */

/* "it ends on 2026-12-31"; NULL where that is far off, or not known (0). */
static const char *end_of(const struct watch *watch, int64_t ends_ms)
{
    char date[SL_TIME_SIZE];

    if (!ends_ms || ends_ms > watch->now_ms + CERTIFICATE_DAYS * day_ms)
        return NULL;
    sl_time_utc(ends_ms, date);
    return sl_arena_printf(watch->arena, "it %s on %.10s",
                           ends_ms > watch->now_ms ? "ends" : "ended", date);
}

static int look_at_daemon(struct watch *watch, struct sl_err *err)
{
    const char *value = NULL, *found;
    int64_t ends_ms = 0;
    int noted = sl_facts_get(watch->service->db, watch->arena, SL_FACT_DAEMON, SL_FACT_CERTIFICATE,
                             "", watch->now_ms, &value, err);

    if (noted <= 0)
        return noted;
    (void)sl_parse_int(value, 1, INT64_MAX, &ends_ms);
    found = end_of(watch, ends_ms);
    if (found)
        find(watch, (struct sl_attention){
                        .watch = "certificate",
                        .about = "certificate of sl-webhook",
                        .school = everyone,
                        .found = found,
                        .cure = "get a new one, then start sl-webhook anew",
                    });
    return 0;
}

int sl_watch_certificate(struct sl_service *service, const char *pem, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t ends_ms = pem ? sl_certificate_ends(arena, pem) : 0;
    const char *value = NULL;
    int noted;

    if (ends_ms)
        return sl_facts_put(service->db, SL_FACT_DAEMON, SL_FACT_CERTIFICATE, "",
                            sl_arena_printf(arena, "%" PRId64, ends_ms), 0, err);
    noted = sl_facts_get(service->db, arena, SL_FACT_DAEMON, SL_FACT_CERTIFICATE, "", sl_now_ms(),
                         &value, err);
    return noted > 0 ? sl_facts_forget(service->db, SL_FACT_DAEMON, SL_FACT_CERTIFICATE, "", err)
                     : noted;
}

/* ---- The settings of schools ------------------------------------------------------------- */

struct visited {
    const struct sl_config_row *row;
    const struct sl_account *account;
};

static const char *about(const struct watch *watch, const struct visited *visited,
                         const char *field)
{
    return sl_arena_printf(watch->arena, "%s for %s: %s", visited->row->provider_code,
                           visited->row->school_code, field);
}

static void find_setting(struct watch *watch, const struct visited *visited, const char *kind,
                         const char *field, const char *found, const char *cure)
{
    find(watch, (struct sl_attention){
                    .watch = kind,
                    .about = about(watch, visited, field),
                    .school = sl_arena_strdup(watch->arena, visited->row->school_code),
                    .found = found,
                    .cure = cure,
                });
}

static const char *set_again(const struct watch *watch, const struct visited *visited,
                             const char *first)
{
    return sl_arena_printf(watch->arena, "%s, then give it with `sl-config set -s %s -p %s`", first,
                           visited->row->school_code, visited->row->provider_code);
}

static int look_at_password(struct watch *watch, const struct visited *visited,
                            const struct sl_field *field, struct sl_err *err)
{
    int64_t set_ms = 0, days;

    if (sl_logs_changed(watch->service->db, visited->row->id, field->name, &set_ms, err) < 0)
        return -1;
    days = (watch->now_ms - set_ms) / day_ms;
    if (set_ms > 0 && days >= field->ends_days - WARN_DAYS)
        find_setting(watch, visited, "password", field->name,
                     sl_arena_printf(watch->arena,
                                     "it was set %" PRId64 " days ago; the provider ends it after "
                                     "%d",
                                     days, field->ends_days),
                     set_again(watch, visited, "change it there"));
    return 0;
}

static void look_at_certificate(struct watch *watch, const struct visited *visited,
                                const struct sl_field *field, const char *pem)
{
    const char *found = end_of(watch, sl_certificate_ends(watch->arena, pem));

    if (found)
        find_setting(watch, visited, "certificate", field->name, found,
                     set_again(watch, visited, "get a new one"));
}

static int look_at_balance(struct watch *watch, const struct visited *visited, int64_t low,
                           struct sl_err *err)
{
    struct sl_account_balance told;
    int found = sl_accounts_balance(watch->service->db, watch->arena, visited->account->account,
                                    &told, err);

    if (found > 0 && told.micro < low * MICRO)
        find_setting(watch, visited, balance, balance,
                     sl_arena_printf(watch->arena, "%s %s are left, less than %" PRId64,
                                     told.currency,
                                     sl_print_decimal(watch->arena, told.micro, 6, 2), low),
                     "pay in more; low_balance is the setting that says how much is little");
    return found < 0 ? -1 : 0;
}

/* What the setting low_balance says; 0: it is not set. */
static int64_t low_balance(const struct sl_account *account)
{
    int field = sl_values_find(account->adapter, "low_balance");
    int64_t low = 0;

    if (field >= 0 && account->settings.values[field])
        (void)sl_parse_int(account->settings.values[field], 1, INT64_MAX / MICRO, &low);
    return low;
}

static void note_balance(struct watch *watch, const struct sl_account *account)
{
    struct asked *asked = SL_NEW(watch->arena, struct asked, 1);

    *asked = (struct asked){
        .school.id = account->school.id,
        .account = { .adapter = account->adapter,
                     .provider_id = account->provider_id,
                     .account = sl_arena_strdup(watch->arena, account->account) },
        .next = watch->asked,
    };
    watch->asked = asked;
}

static int look_at_settings(struct watch *watch, const struct visited *visited, struct sl_err *err)
{
    const struct sl_account *account = visited->account;
    int64_t low = low_balance(account);

    for (size_t i = 0; i < account->adapter->n_fields; i++) {
        const struct sl_field *field = &account->adapter->fields[i];
        const char *value = account->settings.values[i];

        if (value && field->ends_days > 0 && look_at_password(watch, visited, field, err) < 0)
            return -1;
        if (value && field->certificate)
            look_at_certificate(watch, visited, field, value);
    }
    if (low == 0)
        return 0;
    note_balance(watch, account);
    return look_at_balance(watch, visited, low, err);
}

/* Each enabled row whose settings open, with them: secrets pass through an arena of its own. */
static int look_at_configs(struct watch *watch, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row row;
    int more = sl_configs_list(&rows, watch->service->db, 0, err);

    while (more >= 0 && (more = sl_configs_next(&rows, &row, err)) > 0) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        struct sl_account account;
        struct sl_err closed;

        if (!row.is_enabled || sl_config_open(watch->service, arena, row.school_id, row.provider_id,
                                              &account, &closed) < 0)
            continue;
        if (look_at_settings(watch, &(struct visited){ &row, &account }, err) < 0)
            return -1;
    }
    return more;
}

static int look(struct watch *watch, struct sl_err *err)
{
    look_at_keys(watch);
    if (look_at_queue(watch, err) < 0 || look_at_daemon(watch, err) < 0)
        return -1;
    return look_at_configs(watch, err);
}

int sl_watch_look(struct sl_service *service, struct sl_arena *arena, int64_t now_ms,
                  const struct sl_attention **findings, size_t *n, struct sl_err *err)
{
    struct watch watch = { .service = service, .arena = arena, .now_ms = now_ms };

    if (look(&watch, err) < 0)
        return -1;
    *findings = watch.findings;
    *n = watch.n;
    return 0;
}

/* ---- Telling ----------------------------------------------------------------------------- */

static struct sl_watch_row row_of(const struct sl_attention *finding)
{
    return (struct sl_watch_row){ finding->watch, finding->about, finding->school };
}

static int tell_new(struct watch *watch, struct sl_err *err)
{
    for (size_t i = 0; i < watch->n; i++) {
        const struct sl_attention *finding = &watch->findings[i];
        struct sl_watch_row row = row_of(finding);
        int new = sl_watches_add(watch->service->db, &row, watch->now_ms, err);

        if (new < 0 ||
            (new > 0 && sl_tell_attention(watch->service, finding, watch->now_ms, err) < 0))
            return -1;
    }
    return 0;
}

static bool is_still(const struct watch *watch, const struct sl_watch_row *row)
{
    for (size_t i = 0; i < watch->n; i++)
        if (strcmp(watch->findings[i].watch, row->watch) == 0 &&
            strcmp(watch->findings[i].about, row->about) == 0)
            return true;
    return false;
}

/* In the arena: the list is read to its end before it is changed. */
static int find_over(struct watch *watch, struct watch *over, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_watch_row row;
    int more;

    if (sl_watches_list(&rows, watch->service->db, err) < 0)
        return -1;
    while ((more = sl_watches_next(&rows, &row, err)) > 0)
        if (!is_still(watch, &row))
            find(over, (struct sl_attention){ .watch = sl_arena_strdup(over->arena, row.watch),
                                              .about = sl_arena_strdup(over->arena, row.about),
                                              .school = sl_arena_strdup(over->arena, row.school) });
    return more;
}

static int tell_over(struct watch *watch, struct sl_err *err)
{
    struct watch over = { .arena = watch->arena };

    if (find_over(watch, &over, err) < 0)
        return -1;
    for (size_t i = 0; i < over.n; i++) {
        struct sl_watch_row row = row_of(&over.findings[i]);

        if (sl_watches_remove(watch->service->db, &row, err) < 0 ||
            sl_tell_attended(watch->service, &over.findings[i], watch->now_ms, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- Asking ------------------------------------------------------------------------------ */

static int ask_balances(struct watch *watch, struct sl_err *err)
{
    struct sl_db *db = watch->service->db;

    for (const struct asked *asked = watch->asked; asked; asked = asked->next) {
        const struct sl_account *account = &asked->account;
        const struct sl_once question = { .school = &asked->school,
                                          .account = account,
                                          .operation = balance,
                                          .payload = "{}",
                                          .lane = "bulk" };
        struct sl_item item;
        int due;

        if (sl_accounts_ensure(db, account->account, account->provider_id, err) < 0)
            return -1;
        due = sl_accounts_balance_due(db, account->account, ask_every_ms, watch->now_ms, err);
        if (due < 0 ||
            (due > 0 && sl_once_put(watch->service, watch->arena, &question, &item, err) < 0))
            return -1;
    }
    return 0;
}

/* Nobody is kept waiting while it looks: only turn and telling have the write lock. */
static int take_turn(struct watch *watch, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int turn;

    if (sl_tx_begin(&tx, watch->service->db, err) < 0)
        return -1;
    turn = sl_watches_turn(watch->service->db, look_every_ms, watch->now_ms, err);
    if (turn <= 0)
        return turn;
    return sl_tx_commit(&tx, err) < 0 ? -1 : 1;
}

static int tell(struct watch *watch, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, watch->service->db, err) < 0 || tell_new(watch, err) < 0 ||
        tell_over(watch, err) < 0 || ask_balances(watch, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_watch(struct sl_service *service, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct watch watch = { .service = service, .arena = arena, .now_ms = now_ms };
    int turn = take_turn(&watch, err);

    if (turn <= 0)
        return turn;
    return look(&watch, err) < 0 ? -1 : tell(&watch, err);
}
