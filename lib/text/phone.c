/* Phone numbers. The steps are those of docs/providers/phones.md, section 2. */
#include "lib/text/phone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

enum { CODE_DIGITS = 3 }; /* of every calling code in the table */

/* Shapes of national numbers without trunk prefix, as section 3 writes them: prefixes, "+", how
 * many digits follow. x is any digit, [1-9] and [17] are some, a blank parts alternatives. */
struct country {
    char name[3];
    char code[CODE_DIGITS + 1];
    const char *trunk; /* dialled before a national number, "" if nothing is */
    const char *mobile, *fixed, *other;
};

static const struct country countries[] = {
    { "KE", "254", "0", "[17]+8", "[2-6]+6-8", "800,900+6-7" },
    { "UG", "256", "0", "7+8", "[234]+8", "80,90+7" },
    { "TZ", "255", "0", "[67]+8", "2+8", "[489]+8" },
    { "RW", "250", "0", "7+8", "2+8 06+6", "800,900+6" },
    { "BI", "257", "", "29,6x,7x+6", "22,31+6", "" },
    { "ET", "251", "0", "[789]+8", "[1-5]+8", "" },
    { "SS", "211", "0", "9x,12+7", "18,19+7", "" },
    { "MW", "265", "0", "21,22,31,77,11,8x,9x+7", "1[2-9]+5", "" },
    { "ZM", "260", "0", "[579]+8", "21+7", "800,63x+6" },
    { "NG", "234", "0", "70[1-9],71x,72x,80[1-9],81x,90x,91x+7", "20+8", "700,800+7-11" },
    { "GH", "233", "0", "[25]+8", "3+8", "800+5-6" },
};

static const struct country *find_country(const char *name)
{
    for (size_t i = 0; name && i < SL_COUNT(countries); i++)
        if (strcmp(countries[i].name, name) == 0)
            return &countries[i];
    return NULL;
}

static const struct country *find_code(const char *digits)
{
    for (size_t i = 0; i < SL_COUNT(countries); i++)
        if (strncmp(countries[i].code, digits, CODE_DIGITS) == 0)
            return &countries[i];
    return NULL;
}

/* ---- Cleaning: steps 1 to 3 --------------------------------------------------------- */

static bool is_blank(uint32_t point)
{
    return point == ' ' || point == '\t' || point == '\n' || point == '\r' || point == 0xa0 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x202f || point == 0x205f ||
           point == 0x3000;
}

static bool is_format(uint32_t point)
{
    return (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x2069) || point == 0xad || point == 0xfeff;
}

/* The ASCII form of digits, plus and dashes, or 0 if the character has none here. */
static char narrow(uint32_t point)
{
    static const uint32_t zeros[] = { 0xff10, 0x660, 0x6f0 };

    if (point < 0x80)
        return (char)point;
    for (size_t i = 0; i < SL_COUNT(zeros); i++)
        if (point >= zeros[i] && point <= zeros[i] + 9)
            return (char)('0' + (point - zeros[i]));
    if ((point >= 0x2010 && point <= 0x2015) || point == 0x2212)
        return '-';
    return point == 0xff0b ? '+' : '\0';
}

static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " ");
    n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return text;
}

static char *clean(struct sl_arena *arena, const char *text)
{
    char *cleaned = sl_arena_alloc(arena, strlen(text) + 1, 1), *out = cleaned;
    const char *at = text, *from = text;
    uint32_t point;

    for (; (point = sl_utf8_next(&at)) != 0; from = at) {
        if (is_format(point))
            continue;
        if (is_blank(point)) {
            if (out > cleaned && out[-1] != ' ')
                *out++ = ' ';
        } else if (narrow(point)) {
            *out++ = narrow(point);
        } else {
            memcpy(out, from, (size_t)(at - from));
            out += at - from;
        }
    }
    return trim(cleaned);
}

/* '0712345678  ="0712345678"  "0712345678": how spreadsheets keep a leading zero. */
static char *unwrap(char *cell)
{
    char *inside;
    size_t n;

    if (*cell == '\'')
        cell = trim(cell + 1);
    inside = cell + (*cell == '=');
    n = strlen(inside);
    if (n < 2 || inside[0] != '"' || inside[n - 1] != '"')
        return cell;
    inside[n - 1] = '\0';
    return trim(inside + 1);
}

static char *unlabel(char *cell)
{
    static const char *const labels[] = { "tel", "phone", "telephone", "mobile",
                                          "mob", "cell",  "whatsapp",  "simu" };

    for (size_t i = 0; i < SL_COUNT(labels); i++) {
        size_t n = strlen(labels[i]), gap;

        if (strncasecmp(cell, labels[i], n) != 0)
            continue;
        gap = strspn(cell + n, ":. ");
        n += gap;
        if (gap > 0 && (isdigit((unsigned char)cell[n]) || cell[n] == '+' || cell[n] == '('))
            return cell + n;
    }
    return cell;
}

/* ---- Refusing: steps 4 to 8 --------------------------------------------------------- */

static const char rounded[] =
    "rounded by a spreadsheet: format the column as text and export again";

/* "2.54712345678E+11" becomes "254712345678" if all its digits are there. Returns why not; NULL
 * for a cell of another form, which stays as it is. */
static const char *unscientific(char *cell)
{
    bool point = isdigit((unsigned char)*cell) && (cell[1] == '.' || cell[1] == ',');
    char *fraction = cell + 1 + point, *exponent;
    size_t n_digits, n_power;

    if (!isdigit((unsigned char)*cell))
        return NULL;
    n_digits = strspn(fraction, "0123456789");
    if (toupper((unsigned char)fraction[n_digits]) != 'E')
        return NULL;
    exponent = fraction + n_digits + 1;
    exponent += *exponent == '+';
    n_power = strspn(exponent, "0123456789");
    if (n_power == 0 || exponent[n_power])
        return NULL;
    while (n_digits > 0 && fraction[n_digits - 1] == '0')
        n_digits--;
    if (strtoul(exponent, NULL, 10) != n_digits) /* ULONG_MAX if it is too large */
        return rounded;
    memmove(cell + 1, fraction, n_digits);
    cell[1 + n_digits] = '\0';
    return NULL;
}

/* Cuts ".0" behind 9 digits or more. Fewer digits before the dot: it is a separator. */
static const char *unfraction(char *cell)
{
    char *digits = cell + (*cell == '+');
    size_t n = strspn(digits, "0123456789");
    char *fraction = digits + n + 1;

    if (n < 9 || digits[n] != '.' || !*fraction || fraction[strspn(fraction, "0123456789")])
        return NULL;
    if (fraction[strspn(fraction, "0")])
        return "a number with a fraction";
    digits[n] = '\0';
    return NULL;
}

/* A plus that has a plus or a digit before it begins a second number. */
static bool has_two_numbers(const char *cell)
{
    const char *plus = strrchr(cell, '+');

    return strpbrk(cell, ",;/&|") || (plus && strcspn(cell, "+0123456789") < (size_t)(plus - cell));
}

static bool has_letter(const char *cell)
{
    for (; *cell; cell++)
        if (isalpha((unsigned char)*cell))
            return true;
    return false;
}

/* Why the cell holds no number, or NULL; takes spreadsheet forms out of it. */
static const char *refuse(char *cell)
{
    const char *why;

    if (!*cell)
        return "empty";
    if (!strpbrk(cell, "0123456789"))
        return "no digits";
    why = unscientific(cell);
    if (!why)
        why = unfraction(cell);
    if (why)
        return why;
    if (has_letter(cell))
        return "letters in the number";
    if (has_two_numbers(cell))
        return "several numbers in one cell";
    if (cell[strspn(cell, "0123456789 +().-")])
        return "a character that no number has";
    return NULL;
}

/* ---- The table: steps 9 to 12 ------------------------------------------------------- */

enum fit { NO_FIT, TOO_SHORT, TOO_LONG, FITS };

/* One element of a prefix; *pattern moves behind it. */
static bool takes(const char **pattern, char digit)
{
    const char *at = *pattern;
    bool taken = false;

    if (*at != '[') {
        *pattern = at + 1;
        return digit && (*at == 'x' || *at == digit);
    }
    for (at++; *at != ']'; at++) {
        bool range = at[1] == '-';

        taken = taken || (digit >= at[0] && digit <= at[range ? 2 : 0]);
        at += range ? 2 : 0;
    }
    *pattern = at + 1;
    return taken;
}

/* How many digits the first fitting prefix of an alternative takes; 0 if none fits. *pattern
 * moves to the '+'. */
static size_t take_prefix(const char **pattern, const char *national)
{
    size_t taken = 0;

    while (**pattern != '+') {
        bool good = taken == 0;
        size_t n = 0;

        *pattern += **pattern == ',';
        for (; **pattern != ',' && **pattern != '+'; n++)
            good = takes(pattern, good ? national[n] : '\0') && good;
        taken = good ? n : taken;
    }
    return taken;
}

/* The number behind a '+' or '-' of a pattern, which moves behind it. */
static size_t take_number(const char **pattern)
{
    size_t n = 0;

    for ((*pattern)++; isdigit((unsigned char)**pattern); (*pattern)++)
        n = n * 10 + (size_t)(**pattern - '0');
    return n;
}

static enum fit fit(const char *pattern, const char *national)
{
    enum fit found = NO_FIT;

    while (*pattern && found != FITS) {
        size_t n = take_prefix(&pattern, national);
        size_t least = take_number(&pattern);
        size_t most = *pattern == '-' ? take_number(&pattern) : least;

        pattern += *pattern == ' ';
        if (n == 0)
            continue;
        n = strlen(national + n);
        found = n > most ? TOO_LONG : FITS;
        found = n < least ? TOO_SHORT : found;
    }
    return found;
}

static struct sl_phone invalid(const char *reason)
{
    return (struct sl_phone){ .reason = reason };
}

static struct sl_phone match(struct sl_arena *arena, const struct country *country,
                             const char *national)
{
    struct sl_phone phone = { .kind = SL_PHONE_INVALID, .reason = "" };

    if (fit(country->mobile, national) == FITS)
        phone.kind = SL_PHONE_MOBILE;
    else if (fit(country->fixed, national) == FITS)
        phone = (struct sl_phone){ .kind = SL_PHONE_FIXED, .reason = "a landline" };
    else if (fit(country->other, national) == FITS)
        phone = (struct sl_phone){ .kind = SL_PHONE_OTHER, .reason = "not a mobile range" };
    if (phone.kind != SL_PHONE_INVALID)
        phone.e164 = sl_arena_printf(arena, "+%s%s", country->code, national);
    return phone;
}

static const char *without_trunk(const struct country *country, const char *national)
{
    size_t n = strlen(country->trunk);

    return strncmp(national, country->trunk, n) == 0 ? national + n : national;
}

/* As it is first: in Rwanda a landline may begin with the trunk's own digit. */
static struct sl_phone match_either(struct sl_arena *arena, const struct country *country,
                                    const char *national)
{
    struct sl_phone phone = match(arena, country, national);
    const char *bare = without_trunk(country, national);

    if (phone.kind != SL_PHONE_INVALID || bare == national)
        return phone;
    return match(arena, country, bare);
}

static struct sl_phone misfit(const struct country *country, const char *national)
{
    const char *const patterns[] = { country->mobile, country->fixed, country->other };
    const char *bare = without_trunk(country, national);
    size_t n = strlen(bare);

    for (size_t i = 0; i < SL_COUNT(patterns); i++) {
        enum fit how = fit(patterns[i], bare);

        if (how == TOO_SHORT || how == TOO_LONG)
            return invalid(how == TOO_SHORT ? "too short" : "too long");
    }
    if (n < 7 || n > 10)
        return invalid(n < 7 ? "too short" : "too long");
    return invalid("not a mobile range");
}

static struct sl_phone read_international(struct sl_arena *arena, const char *digits)
{
    const struct country *country = find_code(digits);
    size_t n = strlen(digits);
    struct sl_phone phone;

    if (country) {
        phone = match_either(arena, country, digits + CODE_DIGITS);
        return phone.kind == SL_PHONE_INVALID ? misfit(country, digits + CODE_DIGITS) : phone;
    }
    if (n < 8 || n > 15)
        return invalid(n < 8 ? "too short" : "too long");
    if (*digits == '0')
        return invalid("no country code behind the +");
    return (struct sl_phone){ sl_arena_printf(arena, "+%s", digits), SL_PHONE_MOBILE,
                              "outside the table: not checked" };
}

static struct sl_phone read_national(struct sl_arena *arena, const char *digits,
                                     const struct country *home)
{
    const struct country *other = find_code(digits);
    struct sl_phone phone;

    if (!home)
        return invalid("no country code: write it like +254712345678");
    if (other == home) {
        phone = match_either(arena, home, digits + CODE_DIGITS);
        if (phone.kind != SL_PHONE_INVALID)
            return phone;
    }
    phone = match_either(arena, home, digits);
    if (phone.kind != SL_PHONE_INVALID)
        return phone;
    if (other && other != home && match_either(arena, other, digits + CODE_DIGITS).e164)
        return invalid(sl_arena_printf(arena, "another country without +: write +%s", digits));
    return misfit(home, other == home ? digits + CODE_DIGITS : digits);
}

/* An exit code is a '+', unless what follows may as well be a number of the school's own country
 * with a zero too many: 00712345678. */
static struct sl_phone read_exit_code(struct sl_arena *arena, const char *digits,
                                      const struct country *home)
{
    digits += digits[2] == '0' ? 3 : 2;
    if (home && !find_code(digits) && fit(home->mobile, digits) == FITS)
        return invalid("two leading zeros: write one, or + and the country code");
    return read_international(arena, digits);
}

/* Digits alone, behind a '+' if the cell has one. A "(0)" in an international number is a trunk
 * prefix wherever the country is. */
static char *pack(struct sl_arena *arena, const char *cell)
{
    char *packed = sl_arena_alloc(arena, strlen(cell) + 2, 1), *out = packed;
    bool plus = strchr(cell, '+') != NULL;

    if (plus)
        *out++ = '+';
    for (; *cell; cell++) {
        if (plus && strncmp(cell, "(0)", 3) == 0)
            cell += 2;
        else if (isdigit((unsigned char)*cell))
            *out++ = *cell;
    }
    return packed;
}

struct sl_phone sl_phone_read(struct sl_arena *arena, const char *text, const char *country)
{
    const struct country *home = find_country(country);
    const char *why, *number;
    char *cell;

    if (!sl_utf8_valid(text, strlen(text)))
        return invalid("not valid UTF-8");
    cell = unlabel(unwrap(clean(arena, text)));
    why = refuse(cell);
    if (why)
        return invalid(why);
    number = pack(arena, cell);
    if (*number == '+')
        return read_international(arena, number + 1);
    if (strncmp(number, "00", 2) == 0)
        return read_exit_code(arena, number, home);
    return read_national(arena, number, home);
}

bool sl_phone_country_known(const char *country)
{
    return find_country(country) != NULL;
}

const char *sl_phone_countries(struct sl_arena *arena)
{
    struct sl_buf names = sl_buf_new(arena);

    for (size_t i = 0; i < SL_COUNT(countries); i++)
        sl_buf_printf(&names, "%s%s", i > 0 ? " " : "", countries[i].name);
    return names.data;
}

/* ---- Showing: section 5 ------------------------------------------------------------- */

static bool is_e164(const char *text)
{
    size_t n = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;

    return n >= 8 && !text[1 + n];
}

const char *sl_phone_national(struct sl_arena *arena, const char *e164, const char *country)
{
    const struct country *of = is_e164(e164) ? find_code(e164 + 1) : NULL;
    const char *national = of ? e164 + 1 + CODE_DIGITS : "", *digits;
    int n, first;

    if (strlen(national) < 7)
        return sl_arena_strdup(arena, e164);
    if (of != find_country(country))
        return sl_arena_printf(arena, "+%s %.3s %.3s %s", of->code, national, national + 3,
                               national + 6);
    digits = sl_arena_printf(arena, "%s%s", of->trunk, national);
    n = (int)strlen(digits);
    first = n < 10 ? n - 6 : 4;
    return sl_arena_printf(arena, "%.*s %.3s %s", first, digits, digits + first,
                           digits + first + 3);
}

const char *sl_phone_masked(struct sl_arena *arena, const char *e164)
{
    int shown;

    if (!is_e164(e164))
        return "••••";
    shown = find_code(e164 + 1) ? CODE_DIGITS + 1 : 2;
    return sl_arena_printf(arena, "%.*s••••%s", shown, e164 + 1, e164 + strlen(e164) - 4);
}
