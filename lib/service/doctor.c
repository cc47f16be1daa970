#include "lib/service/doctor.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/service/awaited.h"
#include "lib/service/config.h"
#include "lib/service/rotate.h"
#include "lib/service/values.h"
#include "lib/service/watch.h"
#include "lib/store/accounts.h"
#include "lib/store/endpoints.h"
#include "lib/store/hooks.h"
#include "lib/store/health.h"
#include "lib/store/migrate.h"
#include "lib/store/queue_view.h"

enum { LEAST_FREE_MIB = 200, LEAST_FREE_PERCENT = 2 };
static const int64_t first_day_ms = 1735689600000; /* 2025-01-01: no clock can show less */

struct visit {
    struct sl_arena *arena;
    struct sl_service *service; /* db and keyring are NULL where they do not open */
    struct sl_checked *checks;
    size_t n, room;
};

static void add(struct visit *visit, struct sl_checked checked)
{
    visit->checks =
        sl_arena_grow(visit->arena, visit->checks, visit->n, &visit->room, sizeof *visit->checks);
    visit->checks[visit->n++] = checked;
}

static void good(struct visit *visit, const char *what, const char *found)
{
    add(visit, (struct sl_checked){ what, true, found, NULL });
}

static void bad(struct visit *visit, const char *what, const char *found, const char *cure)
{
    add(visit, (struct sl_checked){ what, false, found, cure });
}

/* An error that was met; its hint is the cure. */
static void failed(struct visit *visit, const char *what, const struct sl_err *err,
                   const char *otherwise)
{
    bad(visit, what, sl_arena_strdup(visit->arena, err->text),
        *err->hint ? sl_arena_strdup(visit->arena, err->hint) : otherwise);
}

/* ---- Files --------------------------------------------------------------------------- */

static bool check_settings(struct visit *visit, const struct sl_service_options *options)
{
    struct sl_installation *settings = &visit->service->settings;
    struct sl_err err;
    struct stat about;

    if (sl_settings_read(visit->arena, options->config, options->database, settings, &err) < 0) {
        failed(visit, "configuration file", &err, "correct the file; `sl-config where` reads it");
        return false;
    }
    good(visit, "configuration file",
         stat(settings->config, &about) == 0
             ? settings->config
             : sl_arena_printf(visit->arena, "%s is not there: the defaults serve",
                               settings->config));
    return true;
}

static void check_keyring(struct visit *visit)
{
    struct sl_service *service = visit->service;
    struct sl_err err;

    if (sl_keyring_load(&service->keyring, service->settings.keyring, SL_KEYRING_WHOLE, &err) < 0)
        failed(visit, "key ring", &err,
               "put back a copy of it; where nothing was sealed yet, `sl-config init` makes one");
    else
        good(visit, "key ring", service->settings.keyring);
}

static bool check_database(struct visit *visit)
{
    struct sl_service *service = visit->service;
    const char *path = service->settings.database;
    struct sl_err err;
    struct stat about;

    if (sl_store_open(&service->db, path, &err) < 0) {
        failed(visit, "database", &err, "make one with `sl-config init`");
        return false;
    }
    if (stat(path, &about) == 0 && (about.st_mode & 07))
        bad(visit, "database",
            sl_arena_printf(visit->arena, "%s can be read by every user (mode %04o)", path,
                            (unsigned)about.st_mode & 07777),
            sl_arena_printf(visit->arena, "chmod 600 %s", path));
    else
        good(visit, "database",
             sl_arena_printf(visit->arena, "%s, version %" PRId64, path, sl_store_version()));
    return true;
}

static void check_disk(struct visit *visit)
{
    const char *path = visit->service->settings.database, *slash = strrchr(path, '/');
    const char *folder = slash > path ? sl_arena_memdup(visit->arena, path, (size_t)(slash - path))
                                      : (slash ? "/" : ".");
    struct statvfs about;
    uint64_t free_mib, percent;

    if (statvfs(folder, &about) != 0)
        return; /* the database says it better */
    free_mib = (uint64_t)about.f_bavail * about.f_frsize >> 20;
    percent = about.f_blocks > 0 ? (uint64_t)about.f_bavail * 100 / about.f_blocks : 100;
    if (free_mib < LEAST_FREE_MIB || (percent < LEAST_FREE_PERCENT && free_mib < 4096))
        bad(visit, "disk",
            sl_arena_printf(visit->arena, "%" PRIu64 " MiB are free in %s", free_mib, folder),
            "make room: a full disk stops every program");
    else
        good(visit, "disk",
             sl_arena_printf(visit->arena, "%" PRIu64 " MiB are free in %s", free_mib, folder));
}

/* ---- The database -------------------------------------------------------------------- */

static void check_pages(struct visit *visit)
{
    const char *trouble = NULL;
    struct sl_err err;

    if (sl_health_pages(visit->service->db, visit->arena, &trouble, &err) < 0)
        failed(visit, "database pages", &err, sl_health_restore);
    else if (trouble)
        bad(visit, "database pages", trouble, sl_health_restore);
    else
        good(visit, "database pages", "sound");
}

static void check_references(struct visit *visit)
{
    int64_t n = 0;
    struct sl_err err;

    if (sl_health_references(visit->service->db, &n, &err) < 0)
        failed(visit, "database references", &err, sl_health_restore);
    else if (n > 0)
        bad(visit, "database references",
            sl_arena_printf(visit->arena, "%" PRId64 " rows refer to what is not there", n),
            sl_arena_printf(visit->arena, "%s; something else than these programs wrote to it",
                            sl_health_restore));
    else
        good(visit, "database references", "sound");
}

static void check_journal(struct visit *visit)
{
    struct sl_err err;
    int concurrent = sl_health_concurrent(visit->service->db, &err);

    if (concurrent < 0)
        failed(visit, "database journal", &err, sl_health_restore);
    else if (concurrent == 0)
        bad(visit, "database journal", "the database is not in WAL mode",
            "keep it on a local disk: network file systems have no WAL");
    else
        good(visit, "database journal", "WAL");
}

/* "3600 s ahead of" or "3600 s behind", and whom. */
static const char *print_ahead(struct visit *visit, int64_t ahead_s, const char *provider)
{
    return sl_arena_printf(visit->arena, "%" PRId64 " s %s %s", ahead_s < 0 ? -ahead_s : ahead_s,
                           ahead_s < 0 ? "behind" : "ahead of", provider);
}

static void check_clock(struct visit *visit)
{
    static const char cure[] = "set it, and let systemd-timesyncd or chrony keep it";
    int64_t now_ms = sl_now_ms(), newest_ms = 0, ahead_s = 0;
    char now[SL_TIME_SIZE], newest[SL_TIME_SIZE];
    const char *provider = NULL;
    struct sl_err err;

    sl_time_utc(now_ms, now);
    if (sl_health_newest(visit->service->db, &newest_ms, &err) < 0 ||
        sl_health_clock(visit->service->db, visit->arena, &provider, &ahead_s, &err) < 0) {
        failed(visit, "clock", &err, sl_health_restore);
        return;
    }
    sl_time_utc(newest_ms, newest);
    if (now_ms < first_day_ms || now_ms + SL_SET_BACK_MS < newest_ms)
        bad(visit, "clock",
            sl_arena_printf(visit->arena, "it shows %s; the newest log row is of %s", now, newest),
            cure);
    else if (provider)
        bad(visit, "clock",
            sl_arena_printf(visit->arena, "it shows %s; at the last answer it was %s", now,
                            print_ahead(visit, ahead_s, provider)),
            sl_arena_printf(visit->arena, "%s; `sl-config test -p %s` compares them again", cure,
                            provider));
    else
        good(visit, "clock", sl_arena_strdup(visit->arena, now));
}

static void check_providers(struct visit *visit)
{
    size_t n = 0, stale = 0;

    for (; sl_adapters[n]; n++) {
        struct sl_provider provider = { 0 };
        const char *schema = sl_config_schema(visit->arena, sl_adapters[n]);
        struct sl_err err;

        if (sl_providers_find(visit->service->db, visit->arena, sl_adapters[n]->code, &provider,
                              &err) < 0 ||
            !provider.is_active || !provider.config_schema ||
            strcmp(provider.config_schema, schema) != 0)
            stale++;
    }
    if (stale > 0)
        bad(visit, "providers",
            sl_arena_printf(visit->arena, "%zu of %zu are not registered as in this version", stale,
                            n),
            "`sl-config migrate` registers them");
    else
        good(visit, "providers",
             sl_arena_printf(visit->arena,
                             "the %zu that this version can talk to are registered and active", n));
}

/* ---- Keys and settings --------------------------------------------------------------- */

static void check_rotation(struct visit *visit)
{
    struct sl_key_info info;
    struct sl_err err;

    for (size_t i = 0; sl_keys_info(visit->service, i, &info, &err) > 0; i++)
        if (strcmp(info.state, "retiring") == 0)
            bad(visit, "keys",
                sl_arena_printf(visit->arena, "the rotation from key %s was not finished",
                                info.key->id),
                "finish it with `sl-config key rotate`");
}

/* What needs a public address has none. */
static bool lacks_callback(const struct sl_account *account)
{
    if (account->callback_url)
        return false;
    for (size_t i = 0; i < account->adapter->n_ops; i++)
        if (account->adapter->ops[i].callback)
            return true;
    return false;
}

static const char no_address[] = "no public address: its callbacks cannot arrive";

/* What no operation of the school may need is no fault. */
static const char *settings_found(struct visit *visit, const struct sl_account *account)
{
    const char *lacking =
        sl_values_lacking(visit->arena, account->adapter, account->settings.values);

    return lacking ? sl_arena_printf(visit->arena, "its settings open; not set: %s", lacking)
                   : "its settings open, and none is missing";
}

static void check_config(struct visit *visit, const struct sl_config_row *row)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new(); /* secrets pass through it */
    const char *what =
        sl_arena_printf(visit->arena, "%s for %s", row->provider_code, row->school_code);
    struct sl_account account;
    struct sl_err err;

    if (!row->is_enabled) {
        good(visit, what, "disabled");
        return;
    }
    if (sl_config_open(visit->service, arena, row->school_id, row->provider_id, &account, &err) <
        0) {
        failed(visit, what, &err,
               sl_arena_printf(visit->arena,
                               "put the old key ring back, or give its settings again"
                               " with `sl-config set -s %s -p %s`",
                               row->school_code, row->provider_code));
        return;
    }
    if (lacks_callback(&account))
        bad(visit, what, no_address,
            sl_arena_printf(visit->arena, "write `public_url: https://…` into %s",
                            visit->service->settings.config));
    else
        good(visit, what, settings_found(visit, &account));
}

static void check_configs(struct visit *visit)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row row;
    struct sl_err err;
    int more = sl_configs_list(&rows, visit->service->db, 0, &err);

    while (more >= 0 && (more = sl_configs_next(&rows, &row, &err)) > 0)
        check_config(visit, &row);
    if (more < 0)
        failed(visit, "settings", &err, sl_health_restore);
}

/* What an alert tells, said of each here. */
static void check_watches(struct visit *visit)
{
    const struct sl_attention *findings;
    struct sl_err err;
    size_t n = 0;

    if (sl_watch_look(visit->service, visit->arena, sl_now_ms(), &findings, &n, &err) < 0) {
        failed(visit, "watches", &err, sl_health_restore);
        return;
    }
    for (size_t i = 0; i < n; i++)
        bad(visit, findings[i].about, findings[i].found, findings[i].cure);
}

/* Some providers have an address of their own for callbacks: check_config() looks at those. */
static bool needs_public_url(const char *provider_code)
{
    const struct sl_adapter *adapter = sl_adapter_find(provider_code);

    return adapter && sl_values_find(adapter, "callback_base_url") < 0;
}

static void check_endpoints(struct visit *visit)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_endpoint endpoint;
    int64_t active = 0, homeless = 0;
    struct sl_err err;
    int more = sl_endpoints_list(&rows, visit->service->db, 0, 0, &err);

    while (more >= 0 && (more = sl_endpoints_next(&rows, &endpoint, &err)) > 0) {
        active += endpoint.is_active;
        homeless += endpoint.is_active && needs_public_url(endpoint.provider_code);
    }
    if (more < 0)
        failed(visit, "webhooks", &err, sl_health_restore);
    else if (homeless > 0 && !visit->service->settings.public_url)
        bad(visit, "webhooks",
            sl_arena_printf(visit->arena,
                            "%" PRId64 " of %" PRId64
                            " active endpoints need public_url, which is not set",
                            homeless, active),
            sl_arena_printf(visit->arena, "write `public_url: https://…` into %s",
                            visit->service->settings.config));
    else if (active > 0)
        good(visit, "webhooks",
             sl_arena_printf(visit->arena, "%" PRId64 " active endpoints", active));
}

static const char *hook_problem(struct visit *visit, const struct sl_hook_row *hook)
{
    if (!hook->is_active)
        return "its address answered that it is gone (410), and it is told nothing more";
    if (strcmp(hook->kind, "exec") == 0 && access(hook->target, X_OK) != 0)
        return sl_arena_printf(visit->arena, "%s: %m", hook->target);
    return NULL;
}

static void check_hooks(struct visit *visit, const char *purpose)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_hook_row hook;
    struct sl_err err;
    int more = sl_hooks_list(&rows, visit->service->db, purpose, 0, &err);

    while (more >= 0 && (more = sl_hooks_next(&rows, &hook, &err)) > 0) {
        const char *problem = hook_problem(visit, &hook);

        if (problem)
            bad(visit, sl_arena_printf(visit->arena, "%s %" PRId64, purpose, hook.id), problem,
                sl_arena_printf(visit->arena, "mend it, or `sl-config %s remove %" PRId64 "`",
                                purpose, hook.id));
    }
    if (more < 0)
        failed(visit, purpose, &err, sl_health_restore);
}

/* An account whose settings were changed or disabled stays behind, and nobody waits for it. */
static void check_accounts(struct visit *visit)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_boot_now now = { .ms = sl_boot_ms() };
    struct sl_account_row row;
    struct sl_err err;
    int more = sl_accounts_list(&rows, visit->service->db, &err) < 0 ? -1 : 1;

    sl_boot_id(now.id);
    while (more > 0 && (more = sl_accounts_next(&rows, &now, &row, &err)) > 0) {
        const char *paused = sl_awaited_account(visit->arena, &row, sl_now_ms());
        int used = sl_queue_view_uses(visit->service->db, 0, row.account, &err);

        if (used < 0)
            more = -1;
        if (paused && used > 0)
            bad(visit, sl_arena_printf(visit->arena, "account at %s", row.provider), paused,
                row.blocked ? "correct its settings with `sl-config set`, or see `sl-config test`"
                            : "mend what it names; `sl-config test` opens the account when it "
                              "passes");
    }
    if (more < 0)
        failed(visit, "accounts", &err, sl_health_restore);
}

size_t sl_doctor(struct sl_arena *arena, const struct sl_service_options *options,
                 const struct sl_checked **checks)
{
    struct sl_service service = { .arena = arena };
    struct visit visit = { .arena = arena, .service = &service };

    sl_crypto_init();
    if (check_settings(&visit, options)) {
        check_keyring(&visit);
        check_disk(&visit);
        if (check_database(&visit)) {
            check_pages(&visit);
            check_references(&visit);
            check_journal(&visit);
            check_clock(&visit);
            check_providers(&visit);
            check_endpoints(&visit);
            check_accounts(&visit);
            check_hooks(&visit, "hook");
            check_hooks(&visit, "alert");
        }
    }
    if (service.db && service.keyring) {
        check_rotation(&visit);
        check_configs(&visit);
        check_watches(&visit);
    }
    sl_keyring_free(&service.keyring);
    sl_db_close(&service.db);
    *checks = visit.checks;
    return visit.n;
}
