/* What is to go wrong, and which phone numbers ask for it. */
#ifndef SL_SANDBOX_SCENARIO_H
#define SL_SANDBOX_SCENARIO_H

#include <stdbool.h>

#include "sandbox/sandbox.h"

/* The order is the number in +2547999000NN: new ones go to the end. */
enum sl_scenario {
    SL_PLAY_OK,
    SL_PLAY_CANCELLED,
    SL_PLAY_WRONG_PIN,
    SL_PLAY_INSUFFICIENT_FUNDS,
    SL_PLAY_TIMEOUT,
    SL_PLAY_EXPIRED,
    SL_PLAY_NO_CALLBACK,
    SL_PLAY_LATE_CALLBACK,
    SL_PLAY_DUPLICATE_CALLBACK,
    SL_PLAY_FORGED_CALLBACK,
    SL_PLAY_CONTRADICTORY_CALLBACK,
    SL_PLAY_WRONG_AMOUNT,
    SL_PLAY_BUSY,
    SL_PLAY_RATE_LIMITED,
    SL_PLAY_FLAKY,
    SL_PLAY_LOST_ANSWER,
    SL_PLAY_SERVER_ERROR,
    SL_PLAY_INSUFFICIENT_BALANCE,
    SL_PLAY_BLACKLISTED,
    SL_PLAY_INVALID_SENDER,
    SL_PLAY_TOKEN_EXPIRED,
    SL_PLAY_HTML_ANSWER,
    SL_PLAY_EMPTY_ANSWER,
    SL_PLAY_TRUNCATED_ANSWER,
    SL_PLAY_HUGE_ANSWER,
    SL_PLAY_DEEP_JSON,
    SL_PLAY_ESCAPES,
    SL_PLAY_SLOW_ANSWER,
    SL_PLAY_EARLY_CALLBACK,
    SL_PLAY_NO_DLR,
    SL_PLAY_DLR_FAILED,
    SL_PLAY_DLR_EARLY,
    SL_PLAY_LOCKED,
    SL_PLAY_TOO_LARGE,
    SL_N_SCENARIOS,
};

/* False, and *scenario as before, if there is none of that name. */
bool sl_scenario_find(const char *name, enum sl_scenario *scenario);

/* What a phone number asks for. */
struct sl_magic {
    bool plays; /* it names a scenario */
    enum sl_scenario scenario;
    int code; /* or the provider's code to end with; -1 if it names none */
};

/* `phone` with or without '+'; most ask for nothing. */
struct sl_magic sl_magic_of(const char *phone);

#endif
