#include "sandbox/sms.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "sandbox/box.h"

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Septets of a character in the GSM 7-bit alphabet: 1, 2 after the escape, 0: not in it. */
static unsigned septets(uint32_t point)
{
    static const char twice[] = "\f^{}\\[~]|";
    static const uint32_t beyond_ascii[] = {
        0xa1, 0xa3, 0xa4, 0xa5,  0xa7,  0xbf,  0xc4,  0xc5,  0xc6,  0xc7,  0xc9,  0xd1,  0xd6,
        0xd8, 0xdc, 0xdf, 0xe0,  0xe4,  0xe5,  0xe6,  0xe8,  0xe9,  0xec,  0xf1,  0xf2,  0xf6,
        0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
    };

    if (point == 0x20ac)
        return 2;
    if (point >= 0x80)
        return bsearch(&point, beyond_ascii, SL_COUNT(beyond_ascii), sizeof point, compare) != NULL;
    if (memchr(twice, (int)point, sizeof twice - 1))
        return 2;
    if (point < 0x20)
        return point == '\n' || point == '\r';
    return point != '`' && point != 0x7f;
}

static unsigned units(uint32_t point)
{
    return point > 0xffff ? 2 : 1;
}

static size_t fill_parts(const char *text, unsigned (*weigh)(uint32_t), size_t one, size_t many)
{
    size_t total = 0, parts = 1, fill = 0;
    uint32_t point;

    while ((point = sl_utf8_next(&text)) != 0) {
        unsigned weight = weigh(point);

        total += weight;
        if (fill + weight > many) {
            parts++;
            fill = 0;
        }
        fill += weight;
    }
    return total <= one ? 1 : parts;
}

size_t sl_sms_parts(const char *text)
{
    const char *at = text;
    uint32_t point;

    while ((point = sl_utf8_next(&at)) != 0)
        if (septets(point) == 0)
            return fill_parts(text, units, 70, 67);
    return fill_parts(text, septets, 160, 153);
}

bool sl_sms_is_e164(const char *number)
{
    size_t n = *number == '+' ? strspn(number + 1, "0123456789") : 0;

    return n >= 8 && n <= 15 && number[1] != '0' && number[n + 1] == '\0';
}

/* The checksum adds the hash of every message: equal for equal work in any order. */
void sl_sms_count(struct sl_sandbox *box, const char *to, const char *text)
{
    uint64_t hash = sl_hash_text(SL_HASH_BEGIN, to);

    hash = sl_hash(hash, text, strlen(text));
    box->counts.messages++;
    box->counts.checksum += hash;
    if (sl_table_first(&box->messages, hash))
        box->counts.distinct++;
    else
        box->counts.duplicated++;
}
