/* The terminal: questions to a person, and how far a long run has come.
 *
 * Nothing is asked where nobody sits: without a terminal a question is an error that names the
 * option to give instead. Everything here is written to stderr; stdout is for data. */
#ifndef SL_CLI_TERMINAL_H
#define SL_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli/cli.h"

/* Stdin and stderr are a terminal: somebody can be asked. */
bool sl_terminal_attended(void);

enum sl_echo { SL_ECHO, SL_NO_ECHO };

/* Reads a line into the arena, without its newline; NULL after a failure: nobody is there
 * (SL_ERR_USAGE, "PROMPT is missing …"), end of input (SL_ERR_DATA), or no UTF-8
 * (SL_ERR_DATA). Without echo the terminal is as before on every way out, signals included. */
char *sl_terminal_read(struct sl_arena *arena, const char *prompt, enum sl_echo echo,
                       struct sl_err *err);

/* "QUESTION [y/N] ". True only for y or yes; false where nobody sits, unasked. */
bool sl_terminal_confirm(const char *question);

/* How far a run has come. On a terminal a bar, drawn at most ten times a second; elsewhere a line
 * a minute; SIGUSR1 has a line printed with the next update. --quiet leaves only the last. */
struct sl_progress {
    const struct sl_cli *cli;
    int64_t total; /* 0: unknown */
    int64_t next_ms;
    bool bar, colour;
};

/* One at a time; *progress is filled. SIGUSR1 is taken until the end. */
void sl_progress_begin(struct sl_progress *progress, const struct sl_cli *cli, int64_t total);

/* To be called often, and when a signal interrupted a wait. `text` may be NULL. */
void sl_progress_update(struct sl_progress *progress, int64_t done, const char *text);

/* Wipes the bar away; for SL_AUTO(). A second call does nothing. */
void sl_progress_end(struct sl_progress *progress);

#endif
