/* The wire cases of a category, kept: the settings and the operation that the bytes of
 * fuzz_answer.c and fuzz_hook.c are an answer to. The first two bytes of an input choose the case
 * by a hash of its name, so that a corpus stays true when cases are added. */
#ifndef SL_TESTS_FUZZ_WIRE_H
#define SL_TESTS_FUZZ_WIRE_H

#include "tests/fuzz/fuzz.h"
#include "tests/unit/wire_case.h"

enum { MOST_CASES = 2000, CHOOSING = 2 /* bytes */ };

/* In the order of their hashes. */
static struct {
    unsigned hash;
    struct wire_case *wire;
} cases[MOST_CASES];
static size_t n_cases;

static inline unsigned case_hash(const struct wire_case *wire)
{
    unsigned char sum[SL_SHA256_SIZE];
    const char *name = sl_json_text(wire->line, "case");

    sl_sha256(name, strlen(name), sum);
    return (unsigned)sum[0] << 8 | sum[1];
}

static inline void keep_case(struct wire_case *wire)
{
    unsigned hash = case_hash(wire);
    size_t i = n_cases++;

    must(n_cases < MOST_CASES);
    for (; i > 0 && cases[i - 1].hash > hash; i--)
        cases[i] = cases[i - 1];
    cases[i].hash = hash;
    cases[i].wire = wire;
    wire->kept = true;
}

/* Once; `visit` keeps those that it wants. */
static inline void load_cases(const char *category, void (*visit)(struct wire_case *))
{
    sl_crypto_init();
    for (size_t i = 0; n_cases == 0 && sl_adapters[i]; i++)
        if (strcmp(sl_category_names[sl_adapters[i]->category], category) == 0)
            each_case_of(sl_adapters[i], visit);
    must(n_cases > 0);
}

/* The next one behind what the bytes say: a copy, whose memory is the input's. */
static inline struct wire_case choose_case(struct fuzz *fuzz)
{
    unsigned wanted = (unsigned)fuzz_byte(fuzz) << 8;
    struct wire_case chosen;
    size_t i = 0;

    wanted |= fuzz_byte(fuzz);
    while (i + 1 < n_cases && cases[i].hash < wanted)
        i++;
    chosen = *cases[i].wire;
    chosen.arena = chosen.call.arena = fuzz->arena;
    return chosen;
}

static inline size_t touch(const char *text)
{
    return text ? strlen(text) : 0;
}

static inline void look_at_news(const struct sl_payment_news *news)
{
    must(news->state <= SL_PAY_UNKNOWN);
    (void)(touch(news->external) + touch(news->external2) + touch(news->receipt) +
           touch(news->reference) + touch(news->phone) + touch(news->payer) + touch(news->code) +
           touch(news->text) + touch(news->currency) + touch(news->id) + touch(news->checkout_url));
}

#endif
