#include "lib/service/asks.h"

int64_t sl_asks_time(const struct sl_settle *settle, int64_t asks, int64_t sent_ms)
{
    int64_t last = 0, i;

    for (i = 0; i < SL_MOST_ASKS && settle->ask_at_s[i]; i++) {
        last = settle->ask_at_s[i];
        if (i == asks)
            return sent_ms + last * 1000;
    }
    if (settle->ask_every_s > 0)
        last += (asks - i + 1) * settle->ask_every_s;
    else
        last = settle->until_s;
    if (last > settle->until_s && settle->until_s > 0)
        last = settle->until_s;
    return sent_ms + last * 1000;
}
