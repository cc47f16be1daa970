#include "lib/adapter/page.h"

#include <string.h>

enum { LATE_MINUTES = 60, MOST_URL = 2000 };

bool sl_page_address(const char *url)
{
    size_t n = 0;

    if (!url || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return false;
    while (url[n] > ' ' && url[n] < 0x7f)
        n++;
    return !url[n] && n <= MOST_URL;
}

bool sl_page_is_dead(const struct sl_call *call, int64_t minutes)
{
    return call->now_ms >= call->in.payment->asked_ms + (minutes + LATE_MINUTES) * 60000;
}
