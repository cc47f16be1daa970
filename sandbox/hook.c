/* A module of somebody else's that is told of events: it keeps what it is told. /hook takes it, under
 * the scenarios that refuse (rate-limited, busy, server-error, flaky); /hook/410 and the like answer
 * with that status. */
#include <string.h>

#include "lib/base/text.h"
#include "sandbox/registry.h"
#include "sandbox/seen.h"

static const char path[] = "/hook";

static bool owns(const char *asked)
{
    size_t n = strlen(path);

    return strncmp(asked, path, n) == 0 && (asked[n] == '\0' || asked[n] == '/');
}

static void *open_state(void)
{
    static char nothing;

    return &nothing;
}

static void leave_state(void *state)
{
    (void)state;
}

static int status_of(struct sl_visit *visit)
{
    static const int refusals[] = { [SL_REFUSE_NOT] = 200,
                                    [SL_REFUSE_RATE] = 429,
                                    [SL_REFUSE_BUSY] = 503,
                                    [SL_REFUSE_BROKEN] = 500 };
    const char *word = visit->path + strlen(path);
    int64_t status;

    if (*word == '/' && sl_parse_int(word + 1, 200, 599, &status))
        return (int)status;
    return refusals[sl_visit_refusal(visit)];
}

static void answer(struct sl_visit *visit)
{
    static const struct sl_seen_kind event = { .operation = "event",
                                               .names = { "status", "id", "timestamp", "signature",
                                                          "body" },
                                               .numbers = 1 };
    int status = status_of(visit);

    sl_seen_add(visit, &event,
                (const char *const[]){ sl_arena_printf(visit->arena, "%d", status),
                                       sl_visit_header(visit, "webhook-id"),
                                       sl_visit_header(visit, "webhook-timestamp"),
                                       sl_visit_header(visit, "webhook-signature"), visit->body });
    sl_visit_answer(visit, status, "text/plain", "");
}

const struct sl_simulator sl_sim_hook = {
    .code = "hook",
    .owns = owns,
    .open = open_state,
    .close = leave_state,
    .reset = leave_state,
    .answer = answer,
};
