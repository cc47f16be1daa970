#include "lib/service/mask_text.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/text/phone.h"

enum { LEAST_PHONE = 8, MOST_PHONE = 15, LEAST_CARD = 13, MOST_DIGITS = 19, TOKEN_DIGITS = 32 };
enum { TIME_DIGITS = 12, TAIL_DIGITS = 9 }; /* of an id that ends with a number */
enum { LEAST_CODED = 24, ID_END = 12 };     /* of one that hides it */

static const char dots[] = "••••";

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_';
}

/* What a number or a token can begin with. */
static bool is_stop(char byte)
{
    return is_digit(byte) || byte == '+' || byte == '/';
}

bool sl_mask_needed(const char *text, size_t n)
{
    size_t n_digits = 0;

    for (size_t i = 0; i < n; i++)
        n_digits += is_digit(text[i]);
    return n_digits >= LEAST_PHONE || (n > TOKEN_DIGITS && memmem(text, n, "hooks/", 6));
}

/* ---- A number, in one group or several --------------------------------------------------- */

struct number {
    char digits[MOST_DIGITS + 1]; /* n_digits of them and a NUL */
    size_t n_digits;
    size_t n_groups, n_last; /* digits of the last group */
    size_t end;              /* behind it */
};

/* Adds the group of digits at `at`; false if they are too many. */
static bool add_group(struct number *number, const char *text, size_t n, size_t at)
{
    size_t end = at, n_group;

    while (end < n && is_digit(text[end]))
        end++;
    n_group = end - at;
    if (n_group == 0 || number->n_digits + n_group > MOST_DIGITS)
        return false;
    memcpy(number->digits + number->n_digits, text + at, n_group);
    number->n_digits += n_group;
    number->digits[number->n_digits] = '\0';
    number->n_groups++;
    number->n_last = n_group;
    number->end = end;
    return true;
}

/* The next group, if one blank or dash is before it. */
static bool add_next_group(struct number *number, const char *text, size_t n)
{
    size_t end = number->end;

    return end + 1 < n && (text[end] == ' ' || text[end] == '-') &&
           add_group(number, text, n, end + 1);
}

static void add_groups_until(struct number *number, const char *text, size_t n, size_t enough)
{
    while (number->n_digits < enough && add_next_group(number, text, n))
        ;
}

/* ---- What it is -------------------------------------------------------------------------- */

static bool passes_luhn(const char *digits, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        int digit = digits[n - 1 - i] - '0';

        digit *= i % 2 ? 2 : 1;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

static int two(const char *digits)
{
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

static bool is_calendar(const char *digits, size_t n)
{
    return two(digits) == 20 && two(digits + 4) >= 1 && two(digits + 4) <= 12 &&
           two(digits + 6) >= 1 && two(digits + 6) <= 31 && two(digits + 8) < 24 &&
           two(digits + 10) < 60 && (n < 14 || two(digits + 12) < 60);
}

static bool is_time(const char *digits, size_t n)
{
    if (n == 10 || n == 13) /* from 2017 to 2039 */
        return two(digits) >= 15 && two(digits) <= 21;
    return n >= 12 && is_calendar(digits, n);
}

static bool is_card(const struct number *number)
{
    return number->n_digits >= LEAST_CARD && passes_luhn(number->digits, number->n_digits) &&
           !(number->n_groups == 1 && is_time(number->digits, number->n_digits));
}

/* The longest one that begins here; n_digits is 0 if there is none. Cards are printed in groups
 * of four to six digits. */
static struct number find_card(const struct number *first, const char *text, size_t n)
{
    struct number number = *first, found = { .n_digits = 0 };

    if (is_card(&number))
        return number;
    while (number.n_last >= 4 && number.n_last <= 6 && add_next_group(&number, text, n))
        if (number.n_last >= 3 && number.n_last <= 6 && is_card(&number))
            found = number;
    return found;
}

/* Whether digits that stand alone, in one group, are a phone. */
static bool is_phone(const char *digits, size_t n)
{
    if (n == 9)
        return *digits == '7' || *digits == '1';
    return n >= 10 && n <= MOST_PHONE && (*digits == '0' || !is_time(digits, n));
}

/* A phone that begins with these digits; n_digits is 0 if there is none. */
static struct number find_phone(const struct number *first, bool plus, const char *text, size_t n)
{
    struct number number = *first;
    const char *digits = first->digits;
    size_t least = plus ? LEAST_PHONE : *digits == '0' ? 10 : 12;

    if (!plus && is_phone(digits, first->n_digits))
        return number;
    if (!plus && !(first->n_digits == 3 && (*digits == '0' || *digits == '2')) &&
        !(first->n_digits == 4 && *digits == '0'))
        return (struct number){ .n_digits = 0 };
    add_groups_until(&number, text, n, plus ? 11 : least);
    if (number.n_digits < least || number.n_digits > MOST_PHONE)
        return (struct number){ .n_digits = 0 };
    return number;
}

/* ---- Showing ----------------------------------------------------------------------------- */

static void show_phone(struct sl_buf *out, const struct number *number, bool plus)
{
    bool exit_code = !plus && number->digits[0] == '0' && number->digits[1] == '0';
    const char *digits = number->digits + (exit_code ? 2 : 0);
    size_t n = strlen(digits);
    char e164[MOST_DIGITS + 2] = "+";

    if (plus || exit_code || (*digits != '0' && n >= 10)) {
        memcpy(e164 + 1, digits, n + 1);
        sl_buf_text(out, sl_phone_masked(out->arena, e164));
        return;
    }
    if (n >= 9)
        sl_buf_add(out, digits, n == 9 ? 1 : 2);
    sl_buf_text(out, dots);
    sl_buf_text(out, digits + n - 4);
}

void sl_mask_phone(struct sl_buf *out, const char *text, size_t n)
{
    struct number number = { .n_digits = 0 };

    for (size_t i = 0; i < n && number.n_digits < MOST_DIGITS; i++)
        if (is_digit(text[i]))
            number.digits[number.n_digits++] = text[i];
    if (number.n_digits < LEAST_PHONE)
        sl_buf_add(out, text, n);
    else
        show_phone(out, &number, *text == '+');
}

/* Whether what stands behind the last dot is base64 of bytes with the digits of a number in them. */
static bool hides_number(struct sl_arena *arena, const char *text, size_t n)
{
    const char *dot = memrchr(text, '.', n), *coded = dot ? dot + 1 : text;
    size_t n_coded = (n - (size_t)(coded - text)) / 4 * 4, n_bytes = 0, n_digits = 0;
    const unsigned char *bytes;

    if (n_coded < LEAST_CODED)
        return false;
    bytes = sl_unbase64(arena, sl_arena_memdup(arena, coded, n_coded), &n_bytes);
    for (size_t i = 0; bytes && i < n_bytes && n_digits <= TAIL_DIGITS; i++)
        n_digits = is_digit((char)bytes[i]) ? n_digits + 1 : 0;
    return n_digits > TAIL_DIGITS;
}

void sl_mask_id(struct sl_buf *out, const char *text, size_t n)
{
    if (!hides_number(out->arena, text, n)) {
        sl_buf_add(out, text, n);
        return;
    }
    sl_buf_text(out, dots);
    sl_buf_add(out, text + n - ID_END, ID_END);
}

/* ---- A text ------------------------------------------------------------------------------ */

/* What stands beside the digits from `start` to `end`. */
struct beside {
    bool plus, word, decimal;
};

static struct beside look_beside(const char *text, size_t n, size_t start, size_t end)
{
    struct beside beside = { .plus = text[start] == '+' };
    char before = start > 0 ? text[start - 1] : ' ', after = end < n ? text[end] : ' ';

    if (start >= 3 && text[start - 3] == '%' && text[start - 2] == '2' &&
        (before == 'B' || before == 'b')) {
        beside.plus = true;
        before = ' ';
    }
    beside.word = is_word(before) || is_word(after);
    beside.decimal = (before == '.' && start > 1 && is_digit(text[start - 2])) ||
                     (after == '.' && end + 1 < n && is_digit(text[end + 1]));
    return beside;
}

static bool is_phone_in_reference(const struct number *number)
{
    const char *digits = number->digits;

    return number->n_digits == 12 && digits[0] == '2' && digits[1] == '5' &&
           (digits[3] == '7' || digits[3] == '1');
}

/* What is masked of the digits `first`; n_digits is 0 if nothing is. */
static struct number find(const struct number *first, const struct beside *beside, bool *card,
                          const char *text, size_t n)
{
    struct number found = { .n_digits = 0 };

    *card = false;
    if (beside->decimal)
        return found;
    if (beside->word && !beside->plus)
        return is_phone_in_reference(first) ? *first : found;
    if (!beside->plus)
        found = find_card(first, text, n);
    *card = found.n_digits > 0;
    return *card ? found : find_phone(first, beside->plus, text, n);
}

/* Where the number begins that an id ends with, behind a time to the second at least; its end if it
 * has none. One that is masked already is followed by a dot. */
static size_t find_at_end(const struct beside *beside, const char *text, size_t n, size_t at,
                          size_t end)
{
    size_t start = end - (end - at < TAIL_DIGITS ? end - at : TAIL_DIGITS);

    if (!beside->word || end - at < TIME_DIGITS + TAIL_DIGITS ||
        (text[start] != '7' && text[start] != '1') || (end < n && text[end] == dots[0]))
        return end;
    return start;
}

/* A number begins at `at`: appends it, masked or not, and returns where it ends. */
static size_t mask_number(struct sl_buf *out, const char *text, size_t n, size_t at)
{
    struct number first = { .n_digits = 0 }, found = { .n_digits = 0 };
    size_t digits = at + (text[at] == '+'), end = digits;
    struct beside beside;
    bool card = false;

    while (end < n && is_digit(text[end]))
        end++;
    beside = look_beside(text, n, at, end);
    if (add_group(&first, text, n, digits))
        found = find(&first, &beside, &card, text, n);
    if (found.n_digits == 0) {
        size_t start = find_at_end(&beside, text, n, at, end);

        sl_buf_add(out, text + at, start - at);
        if (start < end)
            sl_mask_phone(out, text + start, end - start);
        return end;
    }
    if (card) {
        sl_buf_text(out, dots);
        sl_buf_add(out, found.digits + found.n_digits - 4, 4);
    } else {
        show_phone(out, &found, beside.plus);
    }
    return found.end;
}

/* A slash at `at`: appends it and the token behind it, if that is one; returns where. */
static size_t mask_token(struct sl_buf *out, const char *text, size_t n, size_t at)
{
    size_t end = at + 1;

    while (end < n && (is_digit(text[end]) || (text[end] >= 'a' && text[end] <= 'f')))
        end++;
    sl_buf_add(out, "/", 1);
    if (end - at <= TOKEN_DIGITS || !memmem(text, at + 1, "hooks/", 6) ||
        (end < n && is_word(text[end])))
        return at + 1;
    sl_buf_text(out, dots);
    return end;
}

void sl_mask_phones(struct sl_buf *out, const char *text, size_t n)
{
    size_t at = 0, plain;

    while (at < n) {
        for (plain = at; plain < n && !is_stop(text[plain]); plain++)
            ;
        sl_buf_add(out, text + at, plain - at);
        at = plain;
        if (at == n)
            break;
        at = text[at] == '/' ? mask_token(out, text, n, at) : mask_number(out, text, n, at);
    }
}
