#include "sandbox/page.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"

static const char *const shown[] = {
    [SL_PAGE_OPEN] = "open",           [SL_PAGE_PAID] = "paid",         [SL_PAGE_FAILED] = "failed",
    [SL_PAGE_CANCELLED] = "cancelled", [SL_PAGE_REVERSED] = "reversed",
};

/* Those in whose scenario the first try fails. */
static const char *const reasons[SL_N_SCENARIOS] = {
    [SL_PLAY_CANCELLED] = "request_terminated_by_user",
    [SL_PLAY_WRONG_PIN] = "Wrong PIN",
    [SL_PLAY_INSUFFICIENT_FUNDS] = "Insufficient funds",
    [SL_PLAY_INSUFFICIENT_BALANCE] = "Insufficient funds",
    [SL_PLAY_ESCAPES] = "\033[31mDeclined\033]0;owned\a\xe2\x80\xae",
};

void sl_page_set(struct sl_page *page, enum sl_page_state state)
{
    page->state = state;
    (void)snprintf(page->shown, sizeof page->shown, "%s", shown[state]);
}

static void pay(struct sl_sandbox *box, struct sl_page *page)
{
    bool wrong = page->scenario == SL_PLAY_WRONG_AMOUNT;

    page->paid_minor = wrong ? page->amount_minor + 100 : page->amount_minor;
    page->why = NULL;
    (void)snprintf(page->receipt, sizeof page->receipt, "%s", page->number);
    sl_page_set(page, SL_PAGE_PAID);
    box->counts.paid++;
}

static void fail(struct sl_sandbox *box, struct sl_page *page)
{
    page->paid_minor = page->amount_minor;
    page->why = reasons[page->scenario];
    sl_page_set(page, SL_PAGE_FAILED);
    box->counts.unpaid++;
}

static void try(struct sl_sandbox *box, struct sl_page *page, bool pays)
{
    page->at_ms = sl_now_ms();
    if (pays)
        pay(box, page);
    else
        fail(box, page);
}

static void decide(struct sl_sandbox *box, void *thing, enum sl_timer_end end)
{
    struct sl_page *page = thing;

    if (end == SL_TIMER_CANCELLED || page->state != SL_PAGE_OPEN)
        return;
    try(box, page, !reasons[page->scenario]);
    page->tell(box, page, NULL);
}

/* The answer that has the link does not arrive. */
static bool is_lost(enum sl_scenario scenario)
{
    static const bool lost[SL_N_SCENARIOS] = {
        [SL_PLAY_LOST_ANSWER] = true,  [SL_PLAY_HTML_ANSWER] = true,
        [SL_PLAY_EMPTY_ANSWER] = true, [SL_PLAY_TRUNCATED_ANSWER] = true,
        [SL_PLAY_HUGE_ANSWER] = true,  [SL_PLAY_DEEP_JSON] = true,
    };

    return lost[scenario];
}

/* Whether anybody will try: a prompt comes by another way than its answer, a link does not. */
static bool is_tried(const struct sl_page *page)
{
    if (page->scenario == SL_PLAY_TIMEOUT || page->scenario == SL_PLAY_EXPIRED)
        return false;
    return page->prompt || !is_lost(page->scenario);
}

void sl_page_begin(struct sl_visit *visit, struct sl_page *page)
{
    struct sl_sandbox *box = visit->box;

    sl_page_set(page, SL_PAGE_OPEN);
    box->counts.pushes++;
    if (!is_tried(page))
        return;
    if (page->scenario == SL_PLAY_EARLY_CALLBACK) {
        try(box, page, true);
        page->tell(box, page, visit);
        return;
    }
    sl_timers_add(box->timers, box->settings.callback_ms, decide, page);
}

void sl_page_open(struct sl_visit *visit, struct sl_page *page)
{
    static const char html[] = "text/html; charset=utf-8";

    if (page->state == SL_PAGE_CANCELLED) {
        sl_visit_answer(visit, 410, html, "<p>This order was cancelled.</p>\n");
        return;
    }
    if (page->state == SL_PAGE_OPEN || page->state == SL_PAGE_FAILED) {
        try(visit->box, page, true);
        page->tell(visit->box, page, NULL);
    }
    sl_visit_answer(visit, 200, html, "<p>Thank you, it is paid.</p>\n");
}

const char *sl_page_here(const struct sl_visit *visit)
{
    const char *host = sl_visit_header(visit, "Host");

    return sl_arena_printf(visit->arena, "http://%s", host ? host : "127.0.0.1");
}

int64_t sl_page_amount(struct sl_visit *visit, struct json_object *doc, const char *member)
{
    const char *text = sl_json_word(visit->arena, doc, member);
    int64_t amount_minor;

    return text && sl_parse_decimal(text, 2, &amount_minor) ? amount_minor : -1;
}
