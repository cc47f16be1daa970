#include "lib/service/install.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/service/config.h"
#include "lib/service/rotate.h"
#include "lib/store/migrate.h"
#include "lib/store/sealed.h"

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Every folder above the file. */
static int make_folders(struct sl_arena *arena, const char *path, struct sl_err *err)
{
    char *folder = sl_arena_strdup(arena, path);

    for (char *slash = folder; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return sl_err_set(err, SL_ERR_CREATE, "the folder %s: %m", folder);
    }
    return 0;
}

/* ---- The configuration file ---------------------------------------------------------- */

static const char heading[] =
    "# ShuleLabs Integrations: the settings of this installation. `sl-config where` shows what\n"
    "# counts and where it came from: the command line, the environment, this file, the default.\n";

static const struct {
    const char *name, *otherwise, *text;
} lines[] = {
    { "database", "/var/lib/shulelabs/shulelabs.db",
      "The database: schools, their settings (sealed), the queue, the log. SL_DATABASE" },
    { "keyring", "/etc/shulelabs/keyring",
      "The keys that seal what is secret in the database; keep a copy elsewhere. SL_KEYRING" },
    { "public_url", "https://integrations.school.example",
      "Where providers reach sl-webhook from the internet; needed for callbacks." },
    { "trust_proxy", "127.0.0.1/32", "Proxies whose X-Forwarded-For is believed." },
    { "lease_seconds", "60", "How long a program that died keeps its work from others; 1 to 60." },
    { "log_keep_days", "365", "How long `sl-logs prune` leaves the log alone." },
    { "keep_days", "bodies=90,messages=365,callbacks=90,queue=90,events=90",
      "After how many days `sl-logs prune` erases personal data; what is not named stays." },
    { "alert_age_minutes", "15", "An alert tells when an item of the queue is overdue that long." },
};

/* Where things are is written down if it is not where they are by default: so the next command
 * finds them without its variables. */
static const char *chosen(struct sl_arena *arena, const struct sl_installation *settings,
                          const char *name)
{
    for (size_t i = 0; i < settings->n_all; i++) {
        const struct sl_setting *setting = &settings->all[i];

        if (strcmp(setting->name, name) != 0 || !setting->value)
            continue;
        if (strcmp(setting->source, "option") != 0 && strcmp(setting->source, "environment") != 0)
            return NULL;
        if (*setting->value == '/' || strstr(setting->value, "://"))
            return setting->value;
        return sl_arena_printf(arena, "%s/%s", realpath(".", SL_NEW(arena, char, PATH_MAX)),
                               setting->value);
    }
    return NULL;
}

static struct sl_buf config_text(struct sl_arena *arena, const struct sl_installation *settings)
{
    struct sl_buf text = sl_buf_new(arena);

    sl_buf_text(&text, heading);
    for (size_t i = 0; i < SL_COUNT(lines); i++) {
        const char *value = chosen(arena, settings, lines[i].name);

        sl_buf_printf(&text, "\n# %s\n%s%s: ", lines[i].text, value ? "" : "#", lines[i].name);
        if (value)
            sl_json_quote(&text, value); /* which YAML reads too */
        else
            sl_buf_text(&text, lines[i].otherwise);
        sl_buf_text(&text, "\n");
    }
    return text;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int make_config(struct sl_arena *arena, const struct sl_installation *settings, bool *made,
                       struct sl_err *err)
{
    SL_AUTO(close_fd) int fd = -1;
    struct sl_buf text;

    if (is_there(settings->config))
        return 0;
    text = config_text(arena, settings);
    if (make_folders(arena, settings->config, err) < 0)
        return -1;
    fd = open(settings->config, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "%s: %m", settings->config);
    if (write(fd, text.data, text.len) != (ssize_t)text.len ||
        fchmod(fd, 0644) != 0 || /* the services read it as another user; it holds no secret */
        fsync(fd) != 0) {
        (void)unlink(settings->config);
        return sl_err_set(err, SL_ERR_IO, "%s: %m", settings->config);
    }
    *made = true;
    return 0;
}

/* ---- Key ring and database ----------------------------------------------------------- */

/* With a new ring, what an old one has sealed is lost: nobody is to do that by mistake. */
static int check_sealed(const struct sl_installation *settings, const char *webhook_ring,
                        struct sl_err *err)
{
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    const char *missing = is_there(settings->keyring) ? webhook_ring : settings->keyring;
    int64_t n = 0;

    if (is_there(missing) || !is_there(settings->database))
        return 0;
    if (sl_store_open(&db, settings->database, err) < 0 || sl_sealed_count(db, NULL, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG,
                     "there is no key ring %s, but the database holds %lld sealed values", missing,
                     (long long)n);
    return sl_err_hint(err, "put the ring back; `sl-config init --yes` makes a new one, which opens"
                            " none of them");
}

static int make_keyring(struct sl_arena *arena, const struct sl_installation *settings,
                        struct sl_installed *parts, struct sl_err *err)
{
    struct sl_keyring_made made;

    if (make_folders(arena, settings->keyring, err) < 0 ||
        sl_keyring_create(settings->keyring, sl_now_ms(), &made, err) < 0)
        return -1;
    parts[SL_INSTALL_KEYRING].made = made.main;
    parts[SL_INSTALL_WEBHOOK_KEYRING].made = made.webhook;
    return 0;
}

static int make_database(struct sl_arena *arena, const struct sl_installation *settings, bool *made,
                         struct sl_err *err)
{
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    bool there = is_there(settings->database);

    if (!there && make_folders(arena, settings->database, err) < 0)
        return -1;
    if (sl_db_create(&db, settings->database, err) < 0)
        return -1;
    if (sl_store_create(db, sl_now_ms(), err) < 0)
        return sl_err_context(err, "%s", settings->database);
    *made = !there;
    return 0;
}

/* ---- Providers ----------------------------------------------------------------------- */

int sl_install_providers(struct sl_db *db, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int n = 0, changed;

    if (sl_tx_begin(&tx, db, err) < 0)
        return -1;
    for (size_t i = 0; sl_adapters[i]; i++) {
        const struct sl_adapter *adapter = sl_adapters[i];
        const struct sl_provider provider = {
            .category = sl_category_names[adapter->category],
            .name = adapter->name,
            .code = adapter->code,
            .adapter_class = adapter->adapter_class,
            .config_schema = sl_config_schema(arena, adapter),
        };

        changed = sl_providers_register(db, &provider, sl_now_ms(), err);
        if (changed < 0)
            return -1;
        n += changed;
    }
    return sl_tx_commit(&tx, err) < 0 ? -1 : n;
}

static int register_all(const struct sl_service_options *options, bool *made, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_service_options all = { .config = options->config,
                                            .database = options->database,
                                            .keys = SL_ALL_KEYS };
    int n;

    if (sl_service_open(&service, &all, err) < 0)
        return -1;
    n = sl_install_providers(service->db, err);
    if (n < 0 || sl_tx_begin(&tx, service->db, err) < 0 || sl_keys_note(service, err) < 0)
        return -1;
    *made = n > 0;
    return sl_tx_commit(&tx, err);
}

int sl_install(struct sl_arena *arena, const struct sl_service_options *options,
               enum sl_install_how how, struct sl_installed parts[SL_INSTALL_PARTS],
               struct sl_err *err)
{
    struct sl_installation settings;
    const char *webhook_ring;

    sl_crypto_init();
    if (sl_settings_read(arena, options->config, options->database, &settings, err) < 0)
        return -1;
    webhook_ring = sl_arena_printf(arena, "%s.webhook", settings.keyring);
    parts[SL_INSTALL_CONFIG] = (struct sl_installed){ "configuration file", settings.config, 0 };
    parts[SL_INSTALL_KEYRING] = (struct sl_installed){ "key ring", settings.keyring, 0 };
    parts[SL_INSTALL_WEBHOOK_KEYRING] =
        (struct sl_installed){ "key ring for webhooks", webhook_ring, 0 };
    parts[SL_INSTALL_DATABASE] = (struct sl_installed){ "database", settings.database, 0 };
    parts[SL_INSTALL_PROVIDERS] = (struct sl_installed){ "providers", settings.database, 0 };
    if ((how == SL_INSTALL_SAFELY && check_sealed(&settings, webhook_ring, err) < 0) ||
        make_config(arena, &settings, &parts[SL_INSTALL_CONFIG].made, err) < 0 ||
        make_keyring(arena, &settings, parts, err) < 0 ||
        make_database(arena, &settings, &parts[SL_INSTALL_DATABASE].made, err) < 0)
        return -1;
    return register_all(options, &parts[SL_INSTALL_PROVIDERS].made, err);
}
