#include "lib/service/settings.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/service/address.h"
#include "lib/service/keep.h"
#include "lib/service/keyring.h"
#include "lib/service/settings_file.h"

enum { MOST_MINUTES = 7 * 24 * 60 };

/* ---- The settings there are ---------------------------------------------------------- */

enum {
    CONFIG,
    DATABASE,
    KEYRING,
    PUBLIC_URL,
    TRUST_PROXY,
    PRIVATE_NETWORKS,
    LEASE_SECONDS,
    LOG_KEEP_DAYS,
    KEEP_DAYS,
    ALERT_AGE_MINUTES,
    N_NAMES
};
_Static_assert(N_NAMES <= (int)SL_MOST_SETTINGS, "SL_MOST_SETTINGS is too small");

static int check_number(const char *value, int64_t least, int64_t most, struct sl_err *err)
{
    int64_t number;

    if (sl_parse_int(value, least, most, &number))
        return 0;
    return sl_err_set(err, SL_ERR_CONFIG, "'%s' is not a number from %lld to %lld", value,
                      (long long)least, (long long)most);
}

static int check_lease(const char *value, struct sl_err *err)
{
    return check_number(value, 1, 60, err);
}

static int check_days(const char *value, struct sl_err *err)
{
    return check_number(value, 1, 36500, err);
}

static int check_kept(const char *value, struct sl_err *err)
{
    struct sl_keep keep;

    return sl_keep_read(value, &keep, err);
}

static int check_minutes(const char *value, struct sl_err *err)
{
    return check_number(value, 1, MOST_MINUTES, err);
}

static const struct {
    const char *name;
    int (*check)(const char *value, struct sl_err *err); /* NULL: any text */
    bool path;
} rows[N_NAMES] = {
    [CONFIG] = { .name = "config" }, /* not in the file: it is the file */
    [DATABASE] = { .name = "database", .path = true },
    [KEYRING] = { .name = "keyring", .path = true },
    [PUBLIC_URL] = { .name = "public_url", .check = sl_address_check_url },
    [TRUST_PROXY] = { .name = "trust_proxy", .check = sl_address_check_cidrs },
    [PRIVATE_NETWORKS] = { .name = "private_networks", .check = sl_address_check_cidrs },
    [LEASE_SECONDS] = { .name = "lease_seconds", .check = check_lease },
    [LOG_KEEP_DAYS] = { .name = "log_keep_days", .check = check_days },
    [KEEP_DAYS] = { .name = "keep_days", .check = check_kept },
    [ALERT_AGE_MINUTES] = { .name = "alert_age_minutes", .check = check_minutes },
};

static int find_name(const char *name)
{
    for (int i = DATABASE; i < N_NAMES; i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    return -1;
}

static int refuse_name(const char *name, struct sl_err *err)
{
    const char *names[N_NAMES - DATABASE], *meant;

    for (int i = DATABASE; i < N_NAMES; i++)
        names[i - DATABASE] = rows[i].name;
    meant = sl_nearest(name, names, SL_COUNT(names));
    (void)sl_err_set(err, SL_ERR_CONFIG, "there is no setting '%s'", name);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant)
                 : sl_err_hint(err, "`sl-config where` lists them");
}

/* ---- Where things are by default ----------------------------------------------------- */

static const char *home(struct sl_arena *arena)
{
    const char *folder = getenv("HOME");
    const struct passwd *user = folder && *folder ? NULL : getpwuid(geteuid());

    if (user)
        folder = user->pw_dir;
    return sl_arena_strdup(arena, folder && *folder ? folder : "/");
}

/* The XDG base directory specification: a relative path in the variable is ignored. */
static const char *user_path(struct sl_arena *arena, const char *variable, const char *folder,
                             const char *file)
{
    const char *base = getenv(variable);

    if (!base || *base != '/')
        base = sl_arena_printf(arena, "%s/%s", home(arena), folder);
    return sl_arena_printf(arena, "%s/shulelabs/%s", base, file);
}

static const char *default_path(struct sl_arena *arena, int setting)
{
    bool root = geteuid() == 0;

    if (setting == CONFIG)
        return root ? "/etc/shulelabs/shulelabs.yaml"
                    : user_path(arena, "XDG_CONFIG_HOME", ".config", "shulelabs.yaml");
    if (setting == KEYRING)
        return root ? "/etc/shulelabs/keyring"
                    : user_path(arena, "XDG_CONFIG_HOME", ".config", "keyring");
    return root ? "/var/lib/shulelabs/shulelabs.db"
                : user_path(arena, "XDG_DATA_HOME", ".local/share", "shulelabs.db");
}

/* ---- Reading ------------------------------------------------------------------------- */

static void set(struct sl_installation *settings, int i, const char *value, const char *source)
{
    settings->all[i] = (struct sl_setting){ rows[i].name, value, source };
}

/* A path that the file names without '/' at its front counts from the file's own folder. */
static const char *path_in_file(struct sl_arena *arena, const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');

    if (*path == '/' || !slash || strstr(path, "://"))
        return path;
    return sl_arena_printf(arena, "%.*s/%s", (int)(slash - file), file, path);
}

static int take_one(struct sl_arena *arena, struct sl_installation *settings,
                    const struct sl_file_setting *from, struct sl_err *err)
{
    int i = find_name(from->name);
    const char *value = from->value;

    if (i < 0)
        return refuse_name(from->name, err);
    if (!value)
        return 0;
    if (!*value)
        return sl_err_set(err, SL_ERR_CONFIG, "%s is empty", from->name);
    if (rows[i].check && rows[i].check(value, err) < 0) {
        err->code = SL_ERR_CONFIG;
        return sl_err_context(err, "%s", from->name);
    }
    if (rows[i].path)
        value = path_in_file(arena, settings->config, value);
    set(settings, i, value,
        sl_arena_printf(arena, "file %s line %zu", settings->config, from->line));
    return 0;
}

static int take_file(struct sl_arena *arena, struct sl_installation *settings, struct sl_err *err)
{
    const struct sl_file_setting *from;
    size_t n;

    if (sl_settings_file_read(arena, settings->config, &from, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (take_one(arena, settings, &from[i], err) < 0)
            return sl_err_context(err, "%s line %zu", settings->config, from[i].line);
    return 0;
}

/* The line's option, which lib/cli fills from the variable when it is not on the line. */
static void take_option(struct sl_arena *arena, struct sl_installation *settings, int i,
                        const char *option, const char *variable)
{
    const char *given = getenv(variable), *value = option ? option : given;
    bool from_variable = given && value && strcmp(given, value) == 0;

    if (value && *value)
        set(settings, i, sl_arena_strdup(arena, value), from_variable ? "environment" : "option");
}

static void take_keyring(struct sl_arena *arena, struct sl_installation *settings)
{
    const char *otherwise = default_path(arena, KEYRING), *named, *path;

    take_option(arena, settings, KEYRING, NULL, "SL_KEYRING");
    named = settings->all[KEYRING].value;
    path = sl_keyring_path(arena, named, otherwise);
    if (!named)
        set(settings, KEYRING, path,
            strcmp(path, otherwise) == 0 ? "default" : "systemd credential");
}

/* "https://school.example/" and "https://school.example" are the same. */
static const char *without_slash(struct sl_arena *arena, const char *url)
{
    size_t n = url ? strlen(url) : 0;

    while (n > 0 && url[n - 1] == '/')
        n--;
    return url ? sl_arena_memdup(arena, url, n) : NULL;
}

/* What was said, in the form in which it is used. Numbers have been checked. */
static void spread(struct sl_arena *arena, struct sl_installation *settings)
{
    struct sl_setting *all = settings->all;

    all[PUBLIC_URL].value = without_slash(arena, all[PUBLIC_URL].value);
    settings->database = all[DATABASE].value;
    settings->keyring = all[KEYRING].value;
    settings->public_url = all[PUBLIC_URL].value;
    settings->trust_proxy = all[TRUST_PROXY].value;
    settings->private_networks = all[PRIVATE_NETWORKS].value;
    (void)sl_parse_int(all[LEASE_SECONDS].value, 1, 60, &settings->lease_seconds);
    (void)sl_parse_int(all[LOG_KEEP_DAYS].value, 1, 36500, &settings->log_keep_days);
    settings->keep_days = all[KEEP_DAYS].value;
    (void)sl_parse_int(all[ALERT_AGE_MINUTES].value, 1, MOST_MINUTES, &settings->alert_age_minutes);
    settings->n_all = N_NAMES;
}

int sl_settings_read(struct sl_arena *arena, const char *config, const char *database,
                     struct sl_installation *settings, struct sl_err *err)
{
    struct sl_installation found = { 0 };

    set(&found, CONFIG, default_path(arena, CONFIG), "default");
    set(&found, DATABASE, default_path(arena, DATABASE), "default");
    set(&found, KEYRING, NULL, "default");
    set(&found, PUBLIC_URL, NULL, "default");
    set(&found, TRUST_PROXY, NULL, "default");
    set(&found, PRIVATE_NETWORKS, NULL, "default");
    set(&found, LEASE_SECONDS, "60", "default");
    set(&found, LOG_KEEP_DAYS, "365", "default");
    set(&found, KEEP_DAYS, NULL, "default");
    set(&found, ALERT_AGE_MINUTES, "15", "default");
    take_option(arena, &found, CONFIG, config, "SL_CONFIG");
    found.config = found.all[CONFIG].value;
    if (take_file(arena, &found, err) < 0)
        return -1;
    take_option(arena, &found, DATABASE, database, "SL_DATABASE");
    take_keyring(arena, &found);
    spread(arena, &found);
    *settings = found;
    return 0;
}
