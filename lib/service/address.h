/* Addresses that people write into settings: of servers, and of networks. Pure. */
#ifndef SL_SERVICE_ADDRESS_H
#define SL_SERVICE_ADDRESS_H

#include "lib/base/err.h"

/* https, or http to a loopback address; a host, a port if any, no user or password, no fragment,
 * nothing that is not printable ASCII. SL_ERR_DATA says what is wrong, not with which setting. */
int sl_address_check_url(const char *url, struct sl_err *err);

/* Addresses or CIDRs, IPv4 or IPv6, separated by commas, blanks around them allowed. */
int sl_address_check_cidrs(const char *list, struct sl_err *err);

#endif
