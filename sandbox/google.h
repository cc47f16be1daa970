/* Google's tokens, for all of its services. */
#ifndef SL_SANDBOX_GOOGLE_H
#define SL_SANDBOX_GOOGLE_H

#include <stdbool.h>

struct sl_visit;

/* Whether the request carries a token that was given for this scope and has not ended. */
bool sl_google_knows(struct sl_visit *visit, const char *scope);

#endif
