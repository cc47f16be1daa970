#include "lib/transfer/reach.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

bool reach_is_loopback(struct sl_arena *arena, const char *base)
{
    const char *at = strstr(base, "://"), *host;
    struct sl_ip ip;

    if (!at)
        return false;
    at += 3;
    host = *at == '[' ? sl_arena_memdup(arena, at + 1, strcspn(at + 1, "]/?"))
                      : sl_arena_memdup(arena, at, strcspn(at, ":/?"));
    return strcasecmp(host, "localhost") == 0 || (sl_ip_parse(&ip, host) && sl_ip_is_loopback(&ip));
}

static bool read_ip(const struct curl_sockaddr *to, struct sl_ip *ip)
{
    const void *address = &to->addr;

    *ip = (struct sl_ip){ .bytes = { [10] = 0xff, [11] = 0xff } };
    if (to->family == AF_INET)
        memcpy(ip->bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    else if (to->family == AF_INET6)
        memcpy(ip->bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof ip->bytes);
    return to->family == AF_INET || to->family == AF_INET6;
}

/* The address is looked at, not the name: what a name server says may change between two looks. */
curl_socket_t reach_connect(void *opaque, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct reach *reach = opaque;
    struct sl_ip ip;

    (void)purpose;
    if (!read_ip(to, &ip))
        return CURL_SOCKET_BAD;
    if (sl_ip_is_public(&ip) || (reach->loopback && sl_ip_is_loopback(&ip)) ||
        sl_cidrs_have(reach->networks, &ip))
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    sl_ip_print(&ip, reach->refused);
    return CURL_SOCKET_BAD;
}
