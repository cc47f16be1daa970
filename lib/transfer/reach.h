/* Where an exchange may be connected to: lib/transfer/transfer.h says it. For exchange.c alone. */
#ifndef SL_TRANSFER_REACH_H
#define SL_TRANSFER_REACH_H

#include <curl/curl.h>
#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/cidr.h"

struct reach {
    const char *networks;     /* that may be reached though they are not public; or NULL */
    bool loopback;            /* the request's base names this machine */
    char refused[SL_IP_SIZE]; /* the last address that may not be reached; "": none was met */
};

/* Whether the host of a base is written as this machine: a name that only leads there is not enough. */
bool reach_is_loopback(struct sl_arena *arena, const char *base);

/* For CURLOPT_OPENSOCKETFUNCTION; `opaque` is a struct reach. Makes the socket, or remembers the address as
 * refused. */
curl_socket_t reach_connect(void *opaque, curlsocktype purpose, struct curl_sockaddr *to);

#endif
