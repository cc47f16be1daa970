/* Any bytes as a phone number: no crash, a reason for every refusal, and what is accepted is
 * E.164 that reads as itself. The first byte picks the country. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(struct sl_arena *arena, const struct sl_phone *phone,
                           const char *country)
{
    struct sl_phone again = sl_phone_read(arena, phone->e164, country);
    size_t n = strspn(phone->e164 + 1, "0123456789");

    if (*phone->e164 != '+' || n < 8 || phone->e164[1 + n])
        abort();
    if (again.kind != phone->kind || strcmp(again.e164, phone->e164) != 0)
        abort();
    (void)sl_phone_national(arena, phone->e164, country);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const countries[] = { "KE", "UG", "TZ", "RW", "BI", "ET",
                                             "SS", "MW", "ZM", "NG", "GH", NULL };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *text, *country;
    struct sl_phone phone;

    if (size == 0)
        return 0;
    country = countries[data[0] % SL_COUNT(countries)];
    text = sl_arena_memdup(arena, (const char *)data + 1, size - 1);
    phone = sl_phone_read(arena, text, country);
    if ((phone.kind == SL_PHONE_INVALID) != (phone.e164 == NULL) || !phone.reason)
        abort();
    if (phone.kind == SL_PHONE_INVALID && !*phone.reason)
        abort();
    if (phone.e164)
        check_accepted(arena, &phone, country);
    (void)sl_phone_national(arena, text, country);
    (void)sl_phone_masked(arena, text);
    return 0;
}
