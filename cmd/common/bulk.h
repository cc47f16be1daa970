/* The `bulk` verb of a message program, whatever its channel makes of the rows: read the list, ask,
 * send, report; and what a list would come to. */
#ifndef SL_CMD_COMMON_BULK_H
#define SL_CMD_COMMON_BULK_H

#include "lib/cli/cli.h"
#include "lib/service/bulk.h"

/* What the line says of the list, beside what the channel reads of it. */
struct sl_bulk_line {
    const char *file, *key, *report;
    bool yes, strict, detach;
    int64_t connections;
};

/* Its options, for the table of a verb whose options have it as `member`; and the list alone. */
/* clang-format off: it takes what is in braces for a block */
#define SL_LIST_FILE(type, member)                                                                 \
    {                                                                                              \
        "file", 0, SL_OPT_TEXT, offsetof(type, member), "FILE",                                    \
            .help = "CSV with a header; without it, or as -, stdin"                                \
    }
#define SL_BULK_OPTIONS(type, member)                                                              \
    SL_LIST_FILE(type, member.file),                                                               \
        { "key",       0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.key),                                                 \
          "KEY",       .help = "Idempotency key of the whole list: again with it adds nobody" },   \
        { "report",    0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.report),                                              \
          "FILE",      .help = "Write what became of each row, as CSV; -: to stdout" },            \
        { "yes",       'y',                                                                        \
          SL_OPT_FLAG, offsetof(type, member.yes),                                                 \
          NULL,        .help = "Do not ask before sending" },                                      \
        { "strict",    0,                                                                          \
          SL_OPT_FLAG, offsetof(type, member.strict),                                              \
          NULL,        .help = "Send nothing if one row is bad" },                                 \
        { "detach",    0,                                                                          \
          SL_OPT_FLAG, offsetof(type, member.detach),                                              \
          NULL,        .help = "Queue and return; the timer sends" },                              \
    {                                                                                              \
        "connections", 0, SL_OPT_INT, offsetof(type, member.connections), "N",                     \
            .help = "Requests at once, at most", .least = 1, .most = 1000, .initial = 16           \
    }
/* clang-format on */

/* All of it; with --dry-run what would be sent. */
int sl_bulk_run(const struct sl_cli *cli, const struct sl_bulk_line *line,
                const struct sl_bulk_maker *maker, struct sl_err *err);

/* What a list would come to, printed: of a school, or of nobody's numbers in Kenya. */
int sl_bulk_estimate(const struct sl_cli *cli, const char *file, const struct sl_bulk_maker *maker,
                     struct sl_err *err);

#endif
