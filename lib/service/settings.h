/* The settings of the installation: where things are, from the command line, the environment,
 * the configuration file (YAML) and the defaults, in this order. */
#ifndef SL_SERVICE_SETTINGS_H
#define SL_SERVICE_SETTINGS_H

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum { SL_MOST_SETTINGS = 16 };

struct sl_installation {
    const char *config;      /* the file's path, there or not */
    const char *database;    /* path, or postgresql://… */
    const char *keyring;     /* path */
    const char *public_url;  /* "https://school.example", no slash at its end; NULL: not set */
    const char *trust_proxy; /* CIDRs whose X-Forwarded-For is believed; NULL: nobody's */
    const char *
        private_networks; /* CIDRs that may be connected to though they are not public; NULL: none */
    int64_t lease_seconds; /* 1 … 60 */
    int64_t log_keep_days;
    const char *keep_days;     /* lib/service/keep.h; NULL: all is kept */
    int64_t alert_age_minutes; /* an item overdue for longer is told (lib/service/watch.h) */

    /* For `sl-config where`: each setting, what it is and where that came from. */
    struct sl_setting {
        const char *name, *value; /* value NULL: not set */
        const char *source;       /* "option", "environment", "file PATH line 3", "default" */
    } all[SL_MOST_SETTINGS];
    size_t n_all;
};

/* Reads them. Text is in the arena. SL_ERR_CONFIG for a file that is not readable, no YAML, or
 * has an unknown name or a bad value (its line is named). A missing file is no error. */
int sl_settings_read(struct sl_arena *arena, const char *config, const char *database,
                     struct sl_installation *settings, struct sl_err *err);

#endif
