#include "sandbox/scenario.h"

#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"

static const struct {
    const char *name, *meaning;
} scenarios[SL_N_SCENARIOS] = {
    [SL_PLAY_OK] = { "ok", "all goes well" },
    [SL_PLAY_CANCELLED] = { "cancelled", "the payer cancels (1032)" },
    [SL_PLAY_WRONG_PIN] = { "wrong-pin", "the payer types a wrong PIN (2001)" },
    [SL_PLAY_INSUFFICIENT_FUNDS] = { "insufficient-funds", "the payer has too little (1)" },
    [SL_PLAY_TIMEOUT] = { "timeout",
                          "the phone cannot be reached (1037); results: the time-out URL" },
    [SL_PLAY_EXPIRED] = { "expired", "the prompt expires (1019)" },
    [SL_PLAY_NO_CALLBACK] = { "no-callback", "done, and nobody is called back" },
    [SL_PLAY_LATE_CALLBACK] = { "late-callback", "done at once, called back after late_ms" },
    [SL_PLAY_DUPLICATE_CALLBACK] = { "duplicate-callback", "the callback comes twice" },
    [SL_PLAY_FORGED_CALLBACK] = { "forged-callback", "before the genuine callback come one with a "
                                                     "wrong token and one with another content" },
    [SL_PLAY_CONTRADICTORY_CALLBACK] = { "contradictory-callback",
                                         "done, and a second callback says failed" },
    [SL_PLAY_WRONG_AMOUNT] = { "wrong-amount", "the callback tells another amount" },
    [SL_PLAY_BUSY] = { "busy", "refused as busy" },
    [SL_PLAY_RATE_LIMITED] = { "rate-limited", "refused as too many (429, Spike Arrest)" },
    [SL_PLAY_FLAKY] = { "flaky",
                        "every second request fails, busy (503) and broken (500) in turn" },
    [SL_PLAY_LOST_ANSWER] = { "lost-answer", "done, and the connection ends without an answer" },
    [SL_PLAY_SERVER_ERROR] = { "server-error", "fails with 500" },
    [SL_PLAY_INSUFFICIENT_BALANCE] = { "insufficient-balance", "the sender has too little (405)" },
    [SL_PLAY_BLACKLISTED] = { "blacklisted", "the receiver opted out (406)" },
    [SL_PLAY_INVALID_SENDER] = { "invalid-sender", "the sender is refused" },
    [SL_PLAY_TOKEN_EXPIRED] = { "token-expired", "the token in use is refused once" },
    [SL_PLAY_HTML_ANSWER] = { "html-answer", "done, answered with a web page" },
    [SL_PLAY_EMPTY_ANSWER] = { "empty-answer", "done, answered with nothing" },
    [SL_PLAY_TRUNCATED_ANSWER] = { "truncated-answer",
                                   "done, the connection ends amid the answer" },
    [SL_PLAY_HUGE_ANSWER] = { "huge-answer", "done, answered with 10 MiB" },
    [SL_PLAY_DEEP_JSON] = { "deep-json", "done, answered with 100,000 nested arrays" },
    [SL_PLAY_ESCAPES] = { "escapes", "texts carry terminal escapes" },
    [SL_PLAY_SLOW_ANSWER] = { "slow-answer", "done, answered after slow_ms" },
    [SL_PLAY_EARLY_CALLBACK] = { "early-callback", "called back before the request is answered" },
    [SL_PLAY_NO_DLR] = { "no-dlr", "sent, and no delivery report comes" },
    [SL_PLAY_DLR_FAILED] = { "dlr-failed", "sent, and the report says failed" },
    [SL_PLAY_DLR_EARLY] = { "dlr-early", "the report comes before the answer" },
    [SL_PLAY_LOCKED] = { "locked", "refused: the payer has a prompt open" },
    [SL_PLAY_TOO_LARGE] = { "too-large", "texts to more than ten at once are refused (413)" },
};

const char *sl_sandbox_scenario(size_t i, const char **meaning)
{
    if (i >= SL_COUNT(scenarios))
        return NULL;
    if (meaning)
        *meaning = scenarios[i].meaning;
    return scenarios[i].name;
}

bool sl_scenario_find(const char *name, enum sl_scenario *scenario)
{
    for (size_t i = 0; i < SL_COUNT(scenarios); i++) {
        if (strcmp(scenarios[i].name, name) == 0) {
            *scenario = (enum sl_scenario)i;
            return true;
        }
    }
    return false;
}

struct sl_magic sl_magic_of(const char *phone)
{
    static const char three[] = "254799900", four[] = "25479980";
    const char *digits = phone + (*phone == '+');
    struct sl_magic magic = { .code = -1 };
    int64_t n = -1;

    if (strncmp(digits, "254799", 6) != 0 || strlen(digits) != 12)
        return magic;
    if (strncmp(digits, four, sizeof four - 1) == 0 &&
        sl_parse_int(digits + sizeof four - 1, 0, 9999, &n))
        magic.code = (int)n;
    if (strncmp(digits, three, sizeof three - 1) != 0 ||
        !sl_parse_int(digits + sizeof three - 1, 0, 999, &n))
        return magic;
    magic.plays = n < SL_N_SCENARIOS;
    if (magic.plays)
        magic.scenario = (enum sl_scenario)n;
    else
        magic.code = (int)n;
    return magic;
}
