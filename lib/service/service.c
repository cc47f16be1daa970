#include "lib/service/service.h"

#include <stdlib.h>

#include "lib/base/crypto.h"
#include "lib/store/migrate.h"

static int open_parts(struct sl_service *service, const struct sl_service_options *options,
                      struct sl_err *err)
{
    const struct sl_installation *settings = &service->settings;
    enum sl_keyring_part part =
        options->keys == SL_ALL_KEYS ? SL_KEYRING_WHOLE : SL_KEYRING_WEBHOOK;

    if (sl_settings_read(service->arena, options->config, options->database, &service->settings,
                         err) < 0 ||
        sl_store_open(&service->db, settings->database, err) < 0)
        return -1;
    if (options->keys == SL_NO_KEYS)
        return 0;
    return sl_keyring_load(&service->keyring, settings->keyring, part, err);
}

int sl_service_open(struct sl_service **out, const struct sl_service_options *options,
                    struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = calloc(1, sizeof *service);

    if (!service)
        sl_out_of_memory();
    sl_crypto_init();
    service->arena = sl_arena_new();
    if (open_parts(service, options, err) < 0)
        return -1;
    *out = service;
    service = NULL; /* the caller's now */
    return 0;
}

void sl_service_close(struct sl_service **service)
{
    if (!*service)
        return;
    sl_keyring_free(&(*service)->keyring);
    sl_db_close(&(*service)->db);
    sl_arena_free(&(*service)->arena);
    free(*service);
    *service = NULL;
}

char *sl_service_unseal(struct sl_service *service, enum sl_key_purpose purpose,
                        struct sl_arena *arena, const char *text, const struct sl_seal_place *place,
                        size_t *n, struct sl_err *err)
{
    char id[SL_KEY_ID_SIZE];
    struct sl_err ignored; /* with the old ring it is told that the key is not there */

    if (sl_seal_key_id(text, id) && !sl_keyring_find(service->keyring, purpose, id))
        (void)sl_keyring_reload(&service->keyring, &ignored);
    return sl_unseal(service->keyring, purpose, arena, text, place, n, err);
}
