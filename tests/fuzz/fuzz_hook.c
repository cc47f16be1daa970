/* Any bytes as any provider's callback: no crash, no leak, and nothing told that is not proven.
 * The first two bytes pick the adapter and its hook, the third what the head says. */
#include <stdlib.h>
#include <string.h>

#include "lib/adapter/adapter.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 3, MOST_FIELDS = 64 };

static const char *const types[] = { "application/x-www-form-urlencoded", "application/json",
                                     "text/plain", "" };

static void expect(const struct sl_heard *heard)
{
    if (heard->proof > SL_MALFORMED || (heard->proof != SL_PROVEN && heard->n_events > 0))
        abort();
    for (size_t i = 0; i < heard->n_events; i++) {
        const struct sl_event *event = &heard->events[i];

        if (event->kind > SL_EVENT_RESULT || event->delivery > SL_DELIVERY_DELIVERED ||
            event->payment.state > SL_PAY_UNKNOWN || event->outcome.verdict > SL_PERMANENT ||
            (event->key && strlen(event->key) > 1000000))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *values[MOST_FIELDS] = { NULL };
    struct sl_settings settings = { values, "production", NULL, "KE", "KES", "Greenhill Academy" };
    struct sl_inbound inbound = { .arena = arena,
                                  .settings = &settings,
                                  .query = "",
                                  .digest = "0123456789abcdef",
                                  .now_ms = 1795512852000 };
    struct sl_heard heard = { 0 };
    const struct sl_adapter *adapter;
    size_t n_adapters = 0;
    char *body;

    sl_crypto_init();
    while (sl_adapters[n_adapters])
        n_adapters++;
    if (size < HEAD)
        return 0;
    adapter = sl_adapters[data[0] % n_adapters];
    if (adapter->n_hooks == 0)
        return 0;
    for (size_t i = 0; i < adapter->n_fields && i < MOST_FIELDS; i++)
        if (adapter->fields[i].callback)
            values[i] = adapter->fields[i].otherwise ? adapter->fields[i].otherwise : "600000";
    body = malloc(size - HEAD + 1); /* ends right behind the body's NUL */
    if (!body)
        abort();
    memcpy(body, data + HEAD, size - HEAD);
    body[size - HEAD] = '\0';
    inbound.method = data[2] % 16 ? "POST" : "GET";
    inbound.content_type = types[data[2] % SL_COUNT(types)];
    inbound.body = body;
    inbound.n_body = size - HEAD;
    adapter->hooks[data[1] % adapter->n_hooks].hear(&inbound, &heard);
    free(body);
    expect(&heard);
    return 0;
}
