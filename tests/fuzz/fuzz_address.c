/* Any bytes as a mail address, with a name in front or not: no crash, a reason for every refusal,
 * and what is accepted is one line that reads as itself. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/email.h"

static void expect_address(struct sl_arena *arena, const char *address)
{
    const char *why, *again = sl_email_read(arena, address, &why);

    must(again && strcmp(again, address) == 0 && fuzz_is_line(address));
    must(!strpbrk(address, " ,;<>\"") && strchr(address, '@') == strrchr(address, '@'));
    must(sl_email_is_ascii(sl_email_domain(address)) && *sl_email_domain(address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *text = fuzz_rest(&fuzz), *why = NULL, *name = NULL, *address;

    address = sl_email_read(arena, text, &why);
    must(address || (why && *why));
    if (address)
        expect_address(arena, address);
    why = NULL;
    address = sl_email_read_named(arena, text, &name, &why);
    must(address || (why && *why));
    if (address)
        expect_address(arena, address);
    must(!address || !name || fuzz_is_line(name));
    return 0;
}
