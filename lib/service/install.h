/* A new installation, or what an existing one lacks: configuration file, key ring, database,
 * registered providers. */
#ifndef SL_SERVICE_INSTALL_H
#define SL_SERVICE_INSTALL_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/service/service.h"

enum sl_install_part {
    SL_INSTALL_CONFIG,
    SL_INSTALL_KEYRING,
    SL_INSTALL_WEBHOOK_KEYRING,
    SL_INSTALL_DATABASE,
    SL_INSTALL_PROVIDERS,
    SL_INSTALL_PARTS
};

struct sl_installed {
    const char *what; /* "key ring" */
    const char *where;
    bool made; /* now; else it was there */
};

enum sl_install_how {
    SL_INSTALL_SAFELY, /* refuses a new key ring beside a database that an old one has sealed */
    SL_INSTALL_ANYHOW,
};

/* Makes what is not there, and changes nothing that is. Text is in the arena. Folders are made as
 * they are needed. */
int sl_install(struct sl_arena *arena, const struct sl_service_options *options,
               enum sl_install_how how, struct sl_installed parts[SL_INSTALL_PARTS],
               struct sl_err *err);

/* Registers the adapters of this version. Returns how many were new or changed, or -1. */
int sl_install_providers(struct sl_db *db, struct sl_err *err);

#endif
