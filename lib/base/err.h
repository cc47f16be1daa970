/* Errors: what went wrong on our side of the wire.
 *
 * What a provider answered is an outcome (lib/adapter/adapter.h), never an error.
 *
 * A function that can fail takes `struct sl_err *err` last and returns 0, or -1 after it
 * has filled *err; on -1 its outputs are as they were before the call. Only cmd/ (through
 * lib/cli) prints errors and ends the process: the library returns.
 *
 * The one exception is memory: see sl_out_of_memory(). */
#ifndef SL_BASE_ERR_H
#define SL_BASE_ERR_H

/* Each code is also the exit status (sysexits.h), so no second table can drift. */
enum sl_err_code {
    SL_ERR_USAGE = 64,       /* the command line */
    SL_ERR_DATA = 65,        /* the user's input: a CSV row, a phone number, an amount */
    SL_ERR_UNAVAILABLE = 69, /* a provider or the database cannot be reached now, an
                              * address is taken */
    SL_ERR_INTERNAL = 70,    /* a bug of ours */
    SL_ERR_CREATE = 73,      /* an output file cannot be made */
    SL_ERR_IO = 74,          /* disk full, output closed */
    SL_ERR_QUEUED = 75,      /* accepted, not finished */
    SL_ERR_AUTH = 77,        /* a credential was refused */
    SL_ERR_CONFIG = 78,      /* settings, key ring, database */
};

enum { SL_ERR_TEXT_SIZE = 320, SL_ERR_HINT_SIZE = 200 };
enum { SL_ERR_SIZE = SL_ERR_TEXT_SIZE + SL_ERR_HINT_SIZE + 2 }; /* of both in one line */

struct sl_err {
    enum sl_err_code code;
    char text
        [SL_ERR_TEXT_SIZE]; /* UTF-8, one line, no final stop; cut at the end if it is too long */
    char hint[SL_ERR_HINT_SIZE]; /* what to do next, or empty; printed behind the text */
};

/* Sets code and text, and no hint. Control characters of foreign text come out as '?'.
 * Returns -1, so that a failing function ends in one line:
 *     return sl_err_set(err, SL_ERR_DATA, "line %zu: no phone number", line); */
int sl_err_set(struct sl_err *err, enum sl_err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text of an error on its way up. Returns -1. */
int sl_err_context(struct sl_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what to do next. Returns -1. */
int sl_err_hint(struct sl_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An analyser looks at one file at a time, and does not see that these return -1. */
#ifdef __clang_analyzer__
#define sl_err_set(...) ((void)(sl_err_set)(__VA_ARGS__), -1)
#define sl_err_context(...) ((void)(sl_err_context)(__VA_ARGS__), -1)
#define sl_err_hint(...) ((void)(sl_err_hint)(__VA_ARGS__), -1)
#endif

/* The word that the JSON form of an error carries: "usage", "data" … */
const char *sl_err_name(enum sl_err_code code);

/* Ends the process with SL_ERR_INTERNAL. Allocators call this instead of returning NULL:
 * what was accepted is already in the database, and a dead process costs its lease time. */
void sl_out_of_memory(void) __attribute__((noreturn));

#endif
