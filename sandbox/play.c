/* How an event is told: once, twice, late, forged, or not at all. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

#include "sandbox/box.h"
#include "sandbox/visit.h"

/* ---- Addresses ---------------------------------------------------------------------- */

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void free_text(char **text)
{
    curl_free(*text);
}

static bool is_loopback(const char *host)
{
    struct in_addr four;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

bool sl_callbacks_loopback(const char *url)
{
    SL_AUTO(free_url) CURLU *parts = curl_url();
    SL_AUTO(free_text) char *scheme = NULL;
    SL_AUTO(free_text) char *host = NULL;

    if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && is_loopback(host);
}

/* ---- Scenarios ---------------------------------------------------------------------- */

enum { MOST_PARTS = 3 };

/* One letter for each callback: the genuine one, the genuine one to a wrong token, the
 * other one, the same forged (where callbacks are signed it has the genuine one's signature), the
 * contrary. The first row is for every scenario without its own. */
static const struct play {
    enum sl_scenario scenario;
    char parts[MOST_PARTS + 1];
    bool late, early;
} plays[] = {
    { .scenario = SL_PLAY_OK, .parts = "g" },
    { .scenario = SL_PLAY_NO_CALLBACK, .parts = "" },
    { .scenario = SL_PLAY_NO_DLR, .parts = "" },
    { .scenario = SL_PLAY_LATE_CALLBACK, .parts = "g", .late = true },
    { .scenario = SL_PLAY_EARLY_CALLBACK, .parts = "g", .early = true },
    { .scenario = SL_PLAY_DLR_EARLY, .parts = "g", .early = true },
    { .scenario = SL_PLAY_DUPLICATE_CALLBACK, .parts = "gg" },
    { .scenario = SL_PLAY_FORGED_CALLBACK, .parts = "wfg" },
    { .scenario = SL_PLAY_CONTRADICTORY_CALLBACK, .parts = "gc" },
    { .scenario = SL_PLAY_WRONG_AMOUNT, .parts = "o" },
};

static const struct play *find_play(enum sl_scenario scenario)
{
    for (size_t i = 0; i < SL_COUNT(plays); i++)
        if (plays[i].scenario == scenario)
            return &plays[i];
    return &plays[0];
}

/* The last run of hexadecimal digits that is long enough for a token, with its first digit
 * changed; an address without one gets another end. */
static const char *with_wrong_token(struct sl_arena *arena, const char *url)
{
    char *copy = sl_arena_printf(arena, "%s%s", url, "0"), *token = NULL;
    size_t n;

    for (char *at = copy; *at; at += n + (n == 0)) {
        n = strspn(at, "0123456789abcdefABCDEF");
        if (n >= 16)
            token = at;
    }
    if (!token)
        return copy;
    copy[strlen(copy) - 1] = '\0';
    *token = *token == '0' ? '1' : '0';
    return copy;
}

static struct sl_callback make_part(struct sl_arena *arena, char letter,
                                    const struct sl_script *script)
{
    struct sl_callback part = { .url = script->url, .type = script->type, .body = script->genuine };

    if (letter == 'w')
        part.url = with_wrong_token(arena, script->url);
    if (letter == 'o' && script->other)
        part.body = script->other;
    if (letter == 'c' && script->contrary)
        part.body = script->contrary;
    if (script->sign)
        part.header = script->sign(arena, part.url, part.body);
    if (letter == 'f' && script->other)
        part.body = script->other;
    return part;
}

void sl_callbacks_play(struct sl_callbacks *callbacks, enum sl_scenario scenario,
                       struct sl_visit *visit, const struct sl_script *script)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_callback parts[MOST_PARTS] = { { 0 } };
    const struct play *play = find_play(scenario);
    size_t n = strlen(play->parts);

    for (size_t i = 0; i < n; i++)
        parts[i] = make_part(arena, play->parts[i], script);
    parts[0].delay_ms = script->delay_ms;
    if (play->late)
        parts[0].delay_ms = script->late_ms;
    if (play->early) {
        parts[0].delay_ms = 0;
        parts[0].holds = visit;
    }
    sl_callbacks_post(callbacks, parts, n);
}
