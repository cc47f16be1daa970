/* Two providers that are none, with a field of every kind, so that tests of the settings depend on
 * no real provider. */
#ifndef SL_TESTS_FAKE_ADAPTERS_H
#define SL_TESTS_FAKE_ADAPTERS_H

#include <string.h>

#include "lib/adapter/adapter.h"

static const struct sl_field fake_fields[] = {
    { .name = "username", .help = "Who we are", .required = true, .identity = true },
    { .name = "api_key", .help = "A key", .required = true, .secret = true, .identity = true },
    { .name = "hook_secret", .help = "Signs callbacks", .secret = true, .callback = true },
    { .name = "port",
      .help = "A port",
      .kind = SL_FIELD_INT,
      .least = 1,
      .most = 65535,
      .otherwise = "25" },
    { .name = "tls", .help = "Whether", .kind = SL_FIELD_BOOL, .otherwise = "true" },
    { .name = "mode", .help = "How", .kind = SL_FIELD_CHOICE, .choices = "fast slow" },
    { .name = "certificate", .help = "A file", .kind = SL_FIELD_FILE, .secret = true },
    { .name = "callback_cidrs", .help = "From", .kind = SL_FIELD_CIDRS, .callback = true },
    { .name = "pin",
      .help = "A number",
      .kind = SL_FIELD_INT,
      .secret = true,
      .least = 0,
      .most = 9999 },
};

static inline int fake_check(struct sl_arena *arena, const struct sl_settings *settings,
                             struct sl_err *err)
{
    (void)arena;
    if (settings->values[0] && strcmp(settings->values[0], "nobody") == 0)
        return sl_err_set(err, SL_ERR_CONFIG, "nobody is no user");
    return 0;
}

static const struct sl_hook fake_hooks[] = {
    { .word = "told", .endpoint = "/webhooks/fake/told", .methods = "POST", .help = "its page" },
    { .word = "done", .endpoint = "/webhooks/fake/done", .methods = "POST" },
    { .word = "one", .endpoint = "/webhooks/fake/one", .methods = "POST", .per_operation = true },
};

static const struct sl_adapter fake = {
    .code = "fake",
    .name = "Fake",
    .adapter_class = "FakeAdapter",
    .category = SL_SMS,
    .environment = "production",
    .limits = { .rate_per_second = 7, .burst = 9, .batch_size = 100, .most_items = 1000 },
    .fields = fake_fields,
    .n_fields = SL_COUNT(fake_fields),
    .hook_alias = "f",
    .hooks = fake_hooks,
    .n_hooks = SL_COUNT(fake_hooks),
    .check = fake_check,
};

static const struct sl_grant other_grant = { .renew_before_s = 60 };

static const struct sl_field other_fields[] = {
    { .name = "app", .help = "Not our identity" },
    { .name = "secret", .help = "Of the grant", .required = true, .secret = true },
};

static const struct sl_adapter other = {
    .code = "other",
    .name = "Other",
    .adapter_class = "OtherAdapter",
    .category = SL_SMS,
    .fields = other_fields,
    .n_fields = SL_COUNT(other_fields),
    .grant = &other_grant,
};

const struct sl_adapter *const sl_adapters[] = { &fake, &other, NULL };

#endif
