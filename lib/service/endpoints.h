/* Endpoints: the addresses that are given to providers, and what proves what comes in there. */
#ifndef SL_SERVICE_ENDPOINTS_H
#define SL_SERVICE_ENDPOINTS_H

#include "lib/adapter/adapter.h"
#include "lib/base/crypto.h"
#include "lib/service/service.h"
#include "lib/service/ids.h"
#include "lib/service/seal.h"
#include "lib/store/configs.h"
#include "lib/store/endpoints.h"
#include "lib/store/schools.h"

/* An address to give to the provider. */
struct sl_endpoint_url {
    const char *hook; /* its word: "dlr" */
    const char *url;
    const char
        *endpoint_url; /* the specification's path; NULL where we hand the URL over ourselves */
    const char *help;  /* where to enter it; NULL: nowhere, we hand it over */
};

/* All in the arena. The token is nowhere else: what is not shown now is never shown. */
struct sl_endpoint_made {
    int64_t id;
    const char *token;
    const struct sl_endpoint_url *urls; /* n_urls of them */
    size_t n_urls;
    const struct sl_pair *words; /* n_words settings that were made now, for the provider's page */
    size_t n_words;
};

/* Makes an endpoint for a school that has settings for the provider. An address that the adapter
 * hands over itself (sl_field.hook) becomes a setting of the school's in the same transaction, and
 * so does a word of our own (sl_field.made) that is not set yet. `name` is what a person calls it, or NULL. SL_ERR_CONFIG without settings or a public address, SL_ERR_DATA for a
 * provider that calls nobody. */
int sl_endpoint_add(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const char *provider_code, const char *name,
                    struct sl_endpoint_made *made, struct sl_err *err);

/* Gives it another token; the addresses with the old one are void at once. It is active
 * afterwards. SL_ERR_DATA if there is no such id. */
int sl_endpoint_rotate(struct sl_service *service, struct sl_arena *arena, int64_t id,
                       struct sl_endpoint_made *made, struct sl_err *err);
int sl_endpoint_disable(struct sl_service *service, int64_t id, struct sl_err *err);

/* Gives the changed settings of a row to every active endpoint that they serve. In the
 * transaction that changes them. */
struct sl_values;
int sl_endpoints_refresh(struct sl_service *service, const struct sl_config_row *row,
                         const struct sl_values *values, struct sl_err *err);

/* By what the events of a school are found where one path serves several: the keyed hash of the value
 * of the setting that the hooks are routed by. hex has SL_INDEX_HEX_SIZE. */
void sl_endpoint_route(struct sl_service *service, const struct sl_adapter *adapter,
                       const char *value, char *hex);

/* What the adapter is given to judge a callback: fields with `callback` set and their defaults, all
 * others NULL. Needs the webhook ring alone. Everything is in the arena. */
int sl_endpoint_settings(struct sl_service *service, struct sl_arena *arena,
                         const struct sl_endpoint *endpoint, const struct sl_adapter *adapter,
                         struct sl_settings *settings, struct sl_err *err);

#endif
