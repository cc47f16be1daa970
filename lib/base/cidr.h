/* Addresses of the network and ranges of them, IPv4 and IPv6 (RFC 4291, RFC 4632). Pure. */
#ifndef SL_BASE_CIDR_H
#define SL_BASE_CIDR_H

#include <stdbool.h>

/* IPv4 is held as IPv6 maps it (::ffff:a.b.c.d), so that a client has one address whichever
 * socket it came by. */
struct sl_ip {
    unsigned char bytes[16];
};

enum { SL_IP_SIZE = 46 }; /* as text, with its NUL */

/* False if the text is no address; *ip is then as before. */
bool sl_ip_parse(struct sl_ip *ip, const char *text);
/* IPv4 as IPv4. */
void sl_ip_print(const struct sl_ip *ip, char text[SL_IP_SIZE]);
bool sl_ip_is_loopback(const struct sl_ip *ip);

/* Whether it is somebody's on the Internet: none that IANA keeps for this machine, a private network, a link,
 * documentation, several receivers or the future (RFC 6890). An IPv6 address that stands for an IPv4 one
 * (NAT64, 6to4) is public if that is. */
bool sl_ip_is_public(const struct sl_ip *ip);

/* Whether one of "196.201.212.0/24, 2001:db8::/32, 10.0.0.1" has the address. A word that is
 * neither address nor range has none. An IPv6 range holds no IPv4 address. */
bool sl_cidrs_have(const char *list, const struct sl_ip *ip);

/* The first word of the list that is neither, or NULL if there is none; *n are its bytes. */
const char *sl_cidrs_wrong(const char *list, int *n);

#endif
