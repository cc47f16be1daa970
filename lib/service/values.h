/* The settings of one school at one provider, as texts: the adapter's own fields and behind
 * them those that every provider has (sl_common_fields). Shared by what sets, opens, shows and
 * seals them; programs only read them. */
#ifndef SL_SERVICE_VALUES_H
#define SL_SERVICE_VALUES_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/configs.h"

struct sl_values {
    const struct sl_adapter *adapter;
    size_t n;
    const char **at; /* n of them; NULL: not set. Defaults are not in it */
};

/* Nothing is set yet. */
struct sl_values sl_values_new(struct sl_arena *arena, const struct sl_adapter *adapter);

/* The i-th field, NULL behind the last. A common one is left out (NULL name) where the adapter has
 * a field of that name itself. */
const struct sl_field *sl_values_field(const struct sl_adapter *adapter, size_t i);
size_t sl_values_count(const struct sl_adapter *adapter);

/* Where a name stands; -1 if there is no such setting. */
int sl_values_find(const struct sl_adapter *adapter, const char *name);

/* The default, in the arena where it is made of the adapter's limits; or NULL. */
const char *sl_values_default(struct sl_arena *arena, const struct sl_adapter *adapter, size_t i);

/* The value by name, or the default; NULL without both, or if there is no such setting. */
const char *sl_values_named(struct sl_arena *arena, const struct sl_values *values,
                            const char *name);

/* Opens what a row has sealed. Values whose field is gone are dropped. */
int sl_values_open(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_config_row *row, const struct sl_adapter *adapter,
                   struct sl_values *values, struct sl_err *err);

/* Seals them for the row, whose id is known: *sealed is in the arena. */
int sl_values_seal(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_config_row *row, const struct sl_values *values,
                   const char **sealed, struct sl_err *err);

enum sl_values_which { SL_VALUES_ALL, SL_VALUES_CALLBACK };

/* One JSON object of name to text, without what is not set; of those alone that judge callbacks, if
 * so asked. */
const char *sl_values_print(struct sl_arena *arena, const struct sl_values *values,
                            enum sl_values_which which);
/* The other way; false if it is not that. */
bool sl_values_parse(struct sl_values *values, struct sl_arena *arena, const char *text, size_t n);

/* What adapters are given: values with the defaults in. The rest of *settings is the caller's. */
void sl_values_fill(struct sl_arena *arena, const struct sl_values *values,
                    struct sl_settings *settings);

/* "shortcode, passkey": required settings without a value or default, or NULL: none. */
const char *sl_values_missing(struct sl_arena *arena, const struct sl_values *values);

/* "passkey (needed for payment.request)": the others without which an operation is refused, of the
 * settings as adapters are given them; NULL: none is missing. */
const char *sl_values_lacking(struct sl_arena *arena, const struct sl_adapter *adapter,
                              const char *const *at);

/* The keyed hash of who we are at the provider; hex has SL_INDEX_HEX_SIZE. */
void sl_values_account(struct sl_service *service, const struct sl_values *values,
                       const char *environment, char *hex);

/* As it may be shown: a secret as "••••" and, if it has at least twelve characters and is no
 * file, its last four; a file as its size; NULL for NULL. */
const char *sl_values_shown(struct sl_arena *arena, const struct sl_field *field,
                            const char *value);

/* Checks a value by its field's kind, and puts it into the form in which it is kept. SL_ERR_DATA
 * names the setting; a secret is never quoted. */
int sl_field_check(struct sl_arena *arena, const struct sl_field *field, const char **value,
                   struct sl_err *err);

#endif
