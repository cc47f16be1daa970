/* Genuine callbacks, signed as their providers sign: what the mutants are made of. */
#ifndef SL_TESTS_ATTACKS_GENUINE_H
#define SL_TESTS_ATTACKS_GENUINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/adapter/adapter.h"
#include "lib/base/arena.h"

/* What is sent. Texts end with a NUL behind their bytes. */
enum { PATH, BODY, HEADER, SECOND_HEADER, N_PARTS };
struct callback {
    const char *provider; /* "flutterwave" */
    const char *type;     /* Content-Type */
    struct part {
        const char *name; /* of a header */
        char *text;       /* NULL: there is none */
        size_t n;         /* bytes */
        size_t proven;    /* so many of them, from the start, are covered by the proof */
    } parts[N_PARTS];
};

/* One event as it is given to the driver. */
struct event {
    const char *provider, *type, *path, *body;
    const char *other_path; /* the same hook of another school */
    const char *secret;     /* what the provider signs with, where it does */
    const char *base;       /* of the addresses that providers are given: public_url */
};

/* What a provider's proof is. */
struct scheme {
    const char *name;     /* of the event's `provider`: "flutterwave", "flutterwave-hmac" */
    const char *provider; /* the adapter's code */
    /* Fills body and headers; NULL: nothing is signed. */
    void (*sign)(struct sl_arena *arena, const struct event *event, int64_t at_s,
                 struct callback *callback);
    bool timed; /* the time is signed too */
    bool
        keyed; /* under a proof that came once, another body changes nothing at all; else it may make a
                 * query due, which decides */
};

/* NULL: there is none of that name. */
const struct scheme *scheme_find(const char *name);

/* The callback that its provider would send at that time. */
struct callback genuine(struct sl_arena *arena, const struct scheme *scheme,
                        const struct event *event, int64_t at_s);

#endif
