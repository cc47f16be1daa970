#include "lib/base/cidr.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"

enum { BYTES = 16, FOUR_AT = 12, FOUR_BITS = 96 };

static const unsigned char mapped[FOUR_AT] = { [10] = 0xff, [11] = 0xff };
static const struct sl_ip loopback = { { [15] = 1 } };

static bool is_four(const struct sl_ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

bool sl_ip_parse(struct sl_ip *ip, const char *text)
{
    struct sl_ip read;

    if (inet_pton(AF_INET, text, read.bytes + FOUR_AT) == 1)
        memcpy(read.bytes, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, text, read.bytes) != 1)
        return false;
    *ip = read;
    return true;
}

void sl_ip_print(const struct sl_ip *ip, char text[SL_IP_SIZE])
{
    if (is_four(ip))
        (void)inet_ntop(AF_INET, ip->bytes + FOUR_AT, text, SL_IP_SIZE);
    else
        (void)inet_ntop(AF_INET6, ip->bytes, text, SL_IP_SIZE);
}

bool sl_ip_is_loopback(const struct sl_ip *ip)
{
    if (is_four(ip))
        return ip->bytes[FOUR_AT] == 127;
    return memcmp(ip, &loopback, sizeof loopback) == 0;
}

/* ---- Ranges -------------------------------------------------------------------------- */

struct range {
    struct sl_ip first;
    unsigned bits;
};

static bool read_range(const char *word, size_t n, struct range *range)
{
    char text[SL_IP_SIZE + 4]; /* what is longer is no range */
    char *slash;
    int64_t bits = 0;
    unsigned before;

    if (n >= sizeof text)
        return false;
    memcpy(text, word, n);
    text[n] = '\0';
    slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (!sl_ip_parse(&range->first, text))
        return false;
    before = is_four(&range->first) && !strchr(text, ':') ? FOUR_BITS : 0;
    if (slash && !sl_parse_int(slash + 1, 0, 8 * BYTES - before, &bits))
        return false;
    range->bits = slash ? before + (unsigned)bits : 8 * BYTES;
    return true;
}

static bool has(const struct range *range, const struct sl_ip *ip)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;

    if (is_four(&range->first) != is_four(ip) || memcmp(range->first.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 || (range->first.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

/* The next word of a list, without the blanks around it; NULL behind the last. */
static const char *next_word(const char **at, size_t *n)
{
    const char *word = *at;
    size_t all;

    if (!word)
        return NULL;
    all = strcspn(word, ",");
    *at = word[all] ? word + all + 1 : NULL;
    while (all > 0 && (*word == ' ' || *word == '\t'))
        word++, all--;
    while (all > 0 && (word[all - 1] == ' ' || word[all - 1] == '\t'))
        all--;
    *n = all;
    return word;
}

bool sl_cidrs_have(const char *list, const struct sl_ip *ip)
{
    struct range range;
    const char *word;
    size_t n = 0;

    while ((word = next_word(&list, &n)) != NULL)
        if (read_range(word, n, &range) && has(&range, ip))
            return true;
    return false;
}

const char *sl_cidrs_wrong(const char *list, int *n)
{
    struct range range;
    const char *word;
    size_t n_word = 0;

    while ((word = next_word(&list, &n_word)) != NULL)
        if (!read_range(word, n_word, &range)) {
            *n = (int)n_word;
            return word;
        }
    return NULL;
}

/* ---- What is public ------------------------------------------------------------------- */

static const char special_four[] =
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,"
    "192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,"
    "224.0.0.0/4,240.0.0.0/4";

/* All but 2000::/3, which is all that is given out, and what in it is not. */
static const char special_six[] = "::/3,4000::/2,8000::/1,2001::/23,2001:db8::/32,3fff::/20";

/* Where an address of IPv4 stands in one of IPv6. */
static const struct {
    const char *range;
    size_t at; /* byte */
} wrapped[] = { { "64:ff9b::/96", 12 }, { "2002::/16", 2 } };

bool sl_ip_is_public(const struct sl_ip *ip)
{
    struct sl_ip inner;

    if (is_four(ip))
        return !sl_cidrs_have(special_four, ip);
    for (size_t i = 0; i < sizeof wrapped / sizeof *wrapped; i++) {
        if (!sl_cidrs_have(wrapped[i].range, ip))
            continue;
        memcpy(inner.bytes, mapped, sizeof mapped);
        memcpy(inner.bytes + FOUR_AT, ip->bytes + wrapped[i].at, 4);
        return sl_ip_is_public(&inner);
    }
    return !sl_cidrs_have(special_six, ip);
}
