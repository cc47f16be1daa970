/* What providers of hosted pages have in common: a link is given to the payer, and may be paid by for
 * as long as it lives, whatever became of an earlier try. */
#ifndef SL_ADAPTER_PAGE_H
#define SL_ADAPTER_PAGE_H

#include "lib/adapter/adapter.h"

/* Whether this can be handed to a payer: http or https, and nothing that is no part of an address.
 * False for NULL. */
bool sl_page_address(const char *url);

/* Of the payment that payment.verify asks about: whether nobody can pay by its link any more, where
 * one lives for so long. An hour late, because it does not begin when we ask for it. */
bool sl_page_is_dead(const struct sl_call *call, int64_t minutes);

#endif
