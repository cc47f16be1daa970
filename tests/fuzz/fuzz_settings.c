/* Any bytes as the file of `sl-config set --from`: no crash in reading it, in the checks of its
 * values or in the adapter's own check of all of them. The first byte picks the adapter. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/crypto.h"
#include "lib/service/config_input.h"
#include "lib/service/values.h"

/* Every name and value, as `set` does. */
static void take(struct sl_arena *arena, const struct sl_config_input *input,
                 struct sl_values *values)
{
    struct sl_err err;

    for (size_t i = 0; i < input->n; i++) {
        int at = sl_values_find(input->adapter, input->changes[i].name);
        const char *value = input->changes[i].value;

        if (at < 0 || !value)
            continue;
        if (sl_field_check(arena, sl_values_field(input->adapter, (size_t)at), &value, &err) == 0)
            values->at[at] = value;
        else
            must(*err.text);
    }
}

static void print_again(struct sl_arena *arena, const struct sl_values *values)
{
    struct sl_values again = sl_values_new(arena, values->adapter);
    const char *text = sl_values_print(arena, values, SL_VALUES_ALL);

    must(sl_values_parse(&again, arena, text, strlen(text)));
    for (size_t i = 0; i < values->n; i++)
        must(values->at[i] ? again.at[i] && strcmp(again.at[i], values->at[i]) == 0 : !again.at[i]);
}

/* One that is a path is opened: those that may never end are left out. */
static bool names_device(const char *text)
{
    return strstr(text, "/dev") || strstr(text, "/proc") || strstr(text, "/sys");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    struct sl_config_input input = { .arena = arena };
    struct sl_settings settings = { 0 };
    struct sl_values values;
    size_t n_adapters = 0;
    struct sl_err err;
    const char *path;
    int fd;

    sl_crypto_init();
    while (sl_adapters[n_adapters])
        n_adapters++;
    input.adapter = sl_adapters[fuzz_byte(&fuzz) % n_adapters];
    if (names_device(fuzz_rest(&fuzz)))
        return 0;
    path = fuzz_path(&fuzz, &fd);
    if (sl_config_input_from(&input, path, &err) == 0) {
        values = sl_values_new(arena, input.adapter);
        take(arena, &input, &values);
        print_again(arena, &values);
        settings = (struct sl_settings){ .values = values.at,
                                         .environment = input.adapter->environment,
                                         .country = "KE",
                                         .currency = "KES",
                                         .school = "Greenhill Academy" };
        if (input.adapter->check)
            (void)input.adapter->check(arena, &settings, &err);
    }
    (void)close(fd);
    return 0;
}
