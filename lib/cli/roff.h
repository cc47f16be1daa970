/* Text as roff takes it, to stdout. */
#ifndef SL_CLI_ROFF_H
#define SL_CLI_ROFF_H

/* One line of it, or a part: nothing in it is a request or an escape. */
void sl_roff(const char *text);

/* Paragraphs, verbatim blocks and bold words up to the next line that begins with "# ". */
void sl_roff_prose(const char *text);

/* Behind the end of the line. */
const char *sl_next_line(const char *line);

#endif
