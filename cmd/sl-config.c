/* sl-config: schools, providers, credentials, keys, webhooks, health. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/common/authorize_verb.h"
#include "cmd/common/config_verbs.h"
#include "cmd/common/hook_verbs.h"
#include "cmd/common/key_verbs.h"
#include "cmd/common/open.h"
#include "cmd/common/school_verbs.h"
#include "cmd/common/test_verb.h"
#include "cmd/common/webhook_verbs.h"
#include "lib/base/clock.h"
#include "lib/cli/output.h"
#include "lib/service/doctor.h"
#include "lib/service/config.h"
#include "lib/service/install.h"
#include "lib/service/tell.h"
#include "lib/service/values.h"
#include "lib/store/migrate.h"

/* ---- The installation ---------------------------------------------------------------- */

struct init_options {
    bool yes;
};

static const struct sl_opt init_options[] = {
    { "yes", 'y', SL_OPT_FLAG, offsetof(struct init_options, yes), NULL,
      .help = "Make a new key ring even where an old one has sealed settings" },
    { 0 },
};

static const struct sl_column init_columns[] = {
    { "what", SL_TEXT, 0 },
    { "where", SL_TEXT, 0 },
    { "status", SL_TEXT, 0 },
};

static int init_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct init_options *given = opaque;
    const struct sl_service_options options = { .config = cli->config,
                                                .database = cli->database,
                                                .keys = SL_ALL_KEYS };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, init_columns, SL_COUNT(init_columns), NULL);
    struct sl_installed parts[SL_INSTALL_PARTS];

    if (sl_install(cli->arena, &options, given->yes ? SL_INSTALL_ANYHOW : SL_INSTALL_SAFELY, parts,
                   err) < 0)
        return -1;
    for (size_t i = 0; i < SL_INSTALL_PARTS; i++)
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(parts[i].what), sl_text(parts[i].where),
                                               sl_text(parts[i].made ? "made" : "there") },
                          err) < 0)
            return -1;
    if (parts[SL_INSTALL_KEYRING].made)
        sl_say(cli, "keep a copy of both key rings apart from the database's backups:"
                    " without them no settings open");
    return sl_output_end(&output, err);
}

static const struct sl_column doctor_columns[] = {
    { "check", SL_TEXT, 0 },
    { "status", SL_TEXT, 0 },
    { "found", SL_TEXT, 0 },
    { "cure", SL_TEXT, 0 },
};

static int doctor_run(const struct sl_cli *cli, const void *given, struct sl_err *err)
{
    const struct sl_service_options options = { .config = cli->config,
                                                .database = cli->database,
                                                .keys = SL_ALL_KEYS };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, doctor_columns, SL_COUNT(doctor_columns), NULL);
    const struct sl_checked *checks;
    size_t n = sl_doctor(cli->arena, &options, &checks), n_bad = 0;

    (void)given;
    for (size_t i = 0; i < n; i++) {
        n_bad += !checks[i].good;
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(checks[i].what),
                                               sl_text(checks[i].good ? "ok" : "bad"),
                                               sl_text(checks[i].found), sl_text(checks[i].cure) },
                          err) < 0)
            return -1;
    }
    if (sl_output_end(&output, err) < 0)
        return -1;
    return n_bad > 0;
}

static const struct sl_column migrate_columns[] = {
    { "from", SL_INT, 0 },
    { "to", SL_INT, 0 },
    { "providers", SL_INT, 0 }, /* registered anew */
    { "dry_run", SL_BOOL, 0 },
};

static int migrate_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, migrate_columns, SL_COUNT(migrate_columns), NULL);
    struct sl_installation settings;
    int64_t from = 0;
    int n = 0;

    (void)options;
    if (sl_settings_read(cli->arena, cli->config, cli->database, &settings, err) < 0 ||
        sl_db_open(&db, settings.database, err) < 0)
        return -1;
    if (sl_store_migrate(db, sl_now_ms(), cli->dry_run, &from, err) < 0)
        return sl_err_context(err, "%s", settings.database);
    if (!cli->dry_run)
        n = sl_install_providers(db, err);
    if (n < 0 || sl_output_row(output,
                               (struct sl_value[]){ sl_int(from), sl_int(sl_store_version()),
                                                    sl_int(n), sl_bool(cli->dry_run) },
                               err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static const struct sl_column backup_columns[] = {
    { "file", SL_TEXT, 0 },
    { "bytes", SL_INT, 0 },
};

static int backup_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, backup_columns, SL_COUNT(backup_columns), NULL);
    const char *file = cli->operands[0];
    struct stat about = { 0 };

    (void)options;
    if (strcmp(file, "-") == 0) {
        (void)sl_err_set(err, SL_ERR_USAGE, "a backup cannot go to standard output");
        return sl_err_hint(err, "name a file that is not there yet");
    }
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_db_backup(service->db, file, err) < 0)
        return -1;
    (void)stat(file, &about);
    sl_say(cli, "the key rings %s and %s.webhook are not in it: keep a copy of them elsewhere",
           service->settings.keyring, service->settings.keyring);
    if (sl_output_row(output, (struct sl_value[]){ sl_text(file), sl_int(about.st_size) }, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static const struct sl_column where_columns[] = {
    { "name", SL_TEXT, 0 },
    { "value", SL_TEXT, 0 },
    { "source", SL_TEXT, 0 },
};

/* "postgresql://user:secret@host/name" without what is secret in it. */
static const char *without_password(struct sl_arena *arena, const char *value)
{
    const char *user = value ? strstr(value, "://") : NULL, *at = user ? strchr(user, '@') : NULL;
    const char *colon = at ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;

    if (!colon)
        return value;
    return sl_arena_printf(arena, "%.*s:••••%s", (int)(colon - value), value, at);
}

static int where_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, where_columns, SL_COUNT(where_columns), NULL);
    struct sl_installation settings;

    (void)options;
    if (sl_settings_read(cli->arena, cli->config, cli->database, &settings, err) < 0)
        return -1;
    for (size_t i = 0; i < settings.n_all; i++)
        if (sl_output_row(output,
                          (struct sl_value[]){
                              sl_text(settings.all[i].name),
                              sl_text(without_password(cli->arena, settings.all[i].value)),
                              sl_text(settings.all[i].source) },
                          err) < 0)
            return -1;
    return sl_output_end(&output, err);
}

static const struct sl_column provider_columns[] = {
    { "category", SL_TEXT, 0 },  { "code", SL_TEXT, 0 },      { "name", SL_TEXT, 0 },
    { "is_global", SL_BOOL, 0 }, { "is_active", SL_BOOL, 0 },
};

static int providers_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    const char *category = cli->n_operands > 0 ? cli->operands[0] : NULL;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, provider_columns, SL_COUNT(provider_columns), NULL);
    struct sl_provider p;
    int more;

    (void)options;
    if ((category && sl_check_category(category, err) < 0) ||
        sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_providers_list(&rows, service->db, category, err) < 0)
        return -1;
    while ((more = sl_providers_next(&rows, &p, err)) > 0)
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(p.category), sl_text(p.code),
                                               sl_text(p.name), sl_bool(p.is_global),
                                               sl_bool(p.is_active) },
                          err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

/* ---- The program --------------------------------------------------------------------- */

enum { BOTH = SL_NEEDS_SCHOOL | SL_NEEDS_PROVIDER };

static const struct sl_verb verbs[] = {
    { .name = "init",
      .summary = "Make what is not there: configuration, keys, database",
      .options = init_options,
      .options_size = sizeof(struct init_options),
      .run = init_run },
    { .name = "doctor",
      .summary = "Look for everything that can be wrong, and name its cure",
      .run = doctor_run },
    { .name = "migrate",
      .summary = "Bring the database to this version",
      .common = SL_USES_DRY_RUN,
      .run = migrate_run },
    { .name = "backup",
      .operands = "FILE",
      .summary = "Copy the database while it is in use",
      .min_operands = 1,
      .max_operands = 1,
      .run = backup_run },
    { .name = "school add",
      .operands = "CODE",
      .summary = "Add a school",
      .options = sl_school_add_options,
      .options_size = sizeof(struct sl_school_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_school_add_run },
    { .name = "school list", .summary = "List the schools", .run = sl_school_list_run },
    { .name = "school show",
      .operands = "SCHOOL",
      .summary = "Show a school",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_school_show_run },
    { .name = "school edit",
      .operands = "SCHOOL",
      .summary = "Change a school",
      .options = sl_school_edit_options,
      .options_size = sizeof(struct sl_school_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_school_edit_run },
    { .name = "providers",
      .operands = "[CATEGORY]",
      .summary = "List the providers",
      .max_operands = 1,
      .run = providers_run },
    { .name = "fields",
      .operands = "PROVIDER",
      .summary = "List the settings that a provider takes",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_fields_run },
    { .name = "set",
      .operands = "[NAME=VALUE...]",
      .summary = "Set a school's provider up",
      .options = sl_set_options,
      .options_size = sizeof(struct sl_set_options),
      .max_operands = SIZE_MAX,
      .common = BOTH,
      .run = sl_set_run },
    { .name = "unset",
      .operands = "NAME...",
      .summary = "Put settings back to their defaults",
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .common = BOTH,
      .run = sl_unset_run },
    { .name = "where", .summary = "Show where things are, and why there", .run = where_run },
    { .name = "list",
      .summary = "List what is set up",
      .common = SL_USES_SCHOOL,
      .run = sl_configs_list_run },
    { .name = "show",
      .summary = "Show a school's settings, secrets masked",
      .common = BOTH,
      .run = sl_configs_show_run },
    { .name = "enable", .summary = "Let a provider be used", .common = BOTH, .run = sl_enable_run },
    { .name = "disable",
      .summary = "Keep a provider from being used",
      .common = BOTH,
      .run = sl_disable_run },
    { .name = "primary",
      .summary = "Make a provider the first choice for its category",
      .common = BOTH,
      .run = sl_primary_run },
    { .name = "rank",
      .operands = "CATEGORY PROVIDER...",
      .summary = "Set the order of failover",
      .min_operands = 2,
      .max_operands = SIZE_MAX,
      .common = SL_NEEDS_SCHOOL,
      .run = sl_rank_run },
    { .name = "test",
      .summary = "Prove the settings of all providers, or of one",
      .options = sl_test_options,
      .options_size = sizeof(struct sl_test_options),
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER,
      .run = sl_test_verb_run },
    { .name = "authorize",
      .summary = "Have the first consent, where a provider wants a person's",
      .options = sl_authorize_options,
      .options_size = sizeof(struct sl_authorize_options),
      .common = BOTH,
      .run = sl_authorize_run },
    { .name = "key list",
      .summary = "List the keys, and what they have sealed",
      .run = sl_key_list_run },
    { .name = "key rotate",
      .summary = "Seal everything with new keys, while jobs run",
      .run = sl_key_rotate_run },
    { .name = "key retire",
      .operands = "ID",
      .summary = "Take an old key out of the ring for good",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_key_retire_run },
    { .name = "webhook add",
      .summary = "Make addresses for a provider to call",
      .options = sl_webhook_options,
      .options_size = sizeof(struct sl_webhook_options),
      .common = BOTH,
      .run = sl_webhook_add_run },
    { .name = "webhook list",
      .summary = "List the endpoints that providers call",
      .common = SL_USES_SCHOOL,
      .run = sl_webhook_list_run },
    { .name = "webhook rotate",
      .operands = "ID",
      .summary = "Give an endpoint new addresses",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_webhook_rotate_run },
    { .name = "webhook disable",
      .operands = "ID",
      .summary = "Take no more calls at an endpoint",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_webhook_disable_run },
    { .name = "hook add",
      .summary = "Tell another module what happens",
      .options = sl_hook_options,
      .options_size = sizeof(struct sl_hook_options),
      .common = SL_NEEDS_SCHOOL,
      .run = sl_hook_add_run },
    { .name = "hook list",
      .summary = "List the hooks of other modules",
      .common = SL_USES_SCHOOL,
      .run = sl_hook_list_run },
    { .name = "hook remove",
      .operands = "ID",
      .summary = "Tell a module nothing more",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_hook_remove_run },
    { .name = "alert add",
      .summary = "Tell a person when a provider is in trouble",
      .options = sl_alert_options,
      .options_size = sizeof(struct sl_alert_options),
      .common = SL_USES_SCHOOL,
      .run = sl_alert_add_run },
    { .name = "alert list", .summary = "List who is told", .run = sl_alert_list_run },
    { .name = "alert remove",
      .operands = "ID",
      .summary = "Tell a person nothing more",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_alert_remove_run },
};

/* Categories, events and names of settings come from the tables, not from the database. */
static void complete(const struct sl_cli *cli, const char *kind)
{
    const struct sl_adapter *adapter = cli->provider ? sl_adapter_find(cli->provider) : NULL;

    if (strncmp(kind, "CATEGORY", 8) == 0)
        for (size_t i = 0; sl_category_names[i]; i++)
            (void)puts(sl_category_names[i]);
    else if (strcmp(kind, "EVENT") == 0)
        for (size_t i = 0; sl_tell_names[i]; i++)
            (void)puts(sl_tell_names[i]);
    else if (strncmp(kind, "NAME", 4) == 0)
        for (size_t i = 0; adapter && sl_values_field(adapter, i); i++) {
            if (sl_values_field(adapter, i)->name)
                (void)printf("%s%s\n", sl_values_field(adapter, i)->name,
                             strchr(kind, '=') ? "=" : "");
        }
    else
        sl_complete(cli, kind);
}

static const struct sl_program program = {
    .name = "sl-config",
    .summary = "Schools, providers, credentials, keys, webhooks, health",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = complete,
    .see_also = "sl-sms(1), sl-pay(1), sl-webhook(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    return sl_cli_main(argc, argv, &program);
}
