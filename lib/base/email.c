#include "lib/base/email.h"

#include <ctype.h>
#include <idn2.h>
#include <string.h>

#include "lib/base/text.h"

enum { MOST_LOCAL = 64, MOST_DOMAIN = 255, MOST_LABEL = 63, MOST_ADDRESS = 254 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool sl_email_is_ascii(const char *address)
{
    while (*address && (unsigned char)*address < 0x80)
        address++;
    return !*address;
}

const char *sl_email_domain(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? at + 1 : address;
}

static char *trimmed(struct sl_arena *arena, const char *text, size_t n)
{
    while (n > 0 && text[n - 1] == ' ')
        n--;
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    return sl_arena_memdup(arena, text, n);
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* ---- Local part ------------------------------------------------------------------------- */

/* Atoms with dots between them; the rest would need quotes. */
static const char *local_problem(const char *local, size_t n)
{
    static const char marks[] = "!#$%&'*+-/=?^_`{|}~.";

    if (n == 0)
        return "nothing is in front of the @";
    if (n > MOST_LOCAL)
        return "more than 64 bytes are in front of the @";
    if (local[0] == '.' || local[n - 1] == '.' || memmem(local, n, "..", 2))
        return "a dot is out of place";
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)local[i] < 0x80 && !strchr(letters, local[i]) &&
            !strchr(marks, local[i]))
            return "it has a character that no address has";
    return NULL;
}

/* ---- Domain ------------------------------------------------------------------------------- */

static const char *label_problem(const char *label, size_t n)
{
    if (n == 0)
        return "its domain has a dot out of place";
    if (n > MOST_LABEL)
        return "a part of its domain has more than 63 characters";
    if (label[0] == '-' || label[n - 1] == '-')
        return "a part of its domain begins or ends with a hyphen";
    for (size_t i = 0; i < n; i++)
        if (label[i] != '-' && !strchr(letters, label[i]))
            return "its domain has a character that no domain has";
    return NULL;
}

static const char *domain_problem(const char *domain)
{
    const char *label = domain, *problem = NULL;

    if (!*domain)
        return "nothing is behind the @";
    if (strlen(domain) > MOST_DOMAIN)
        return "its domain has more than 255 characters";
    if (!strchr(domain, '.'))
        return "its domain has no dot";
    while (label && !problem) {
        const char *dot = strchr(label, '.');

        problem = label_problem(label, dot ? (size_t)(dot - label) : strlen(label));
        label = dot ? dot + 1 : NULL;
    }
    return problem;
}

static char *lower(char *text)
{
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

static bool has_a_label(const char *domain)
{
    return strncasecmp(domain, "xn--", 4) == 0 || strcasestr(domain, ".xn--");
}

/* Lower-cased, in A-labels. NULL if it has none. A domain of ASCII that IDNA does not want (hyphens in
 * the third and fourth place) is one all the same. */
static const char *to_ascii(struct sl_arena *arena, const char *domain)
{
    uint8_t *ascii = NULL;
    char *copy = NULL;

    if (idn2_to_ascii_8z(domain, (char **)&ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
        copy = sl_arena_strdup(arena, (const char *)ascii);
    else if (sl_email_is_ascii(domain) && !has_a_label(domain))
        copy = lower(sl_arena_strdup(arena, domain));
    idn2_free(ascii);
    return copy;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static const char *refuse(const char **why, const char *what)
{
    *why = what;
    return NULL;
}

static const char *read_bare(struct sl_arena *arena, const char *text, const char **why)
{
    const char *at = strchr(text, '@'), *domain;

    if (!*text)
        return refuse(why, "the address is empty");
    if (!sl_utf8_valid(text, strlen(text)))
        return refuse(why, "it is not UTF-8");
    if (has_control(text))
        return refuse(why, "it has a control character");
    if (!at)
        return refuse(why, "it has no @");
    if (strchr(at + 1, '@'))
        return refuse(why, "it has more than one @");
    *why = local_problem(text, (size_t)(at - text));
    if (*why)
        return NULL;
    domain = to_ascii(arena, at + 1);
    *why = domain_problem(domain ? domain : at + 1);
    if (!domain && !*why)
        *why = "a part of its domain begins with xn-- and stands for no name";
    if (*why)
        return NULL;
    text = sl_arena_printf(arena, "%.*s@%s", (int)(at - text), text, domain);
    return strlen(text) > MOST_ADDRESS ? refuse(why, "it has more than 254 characters") : text;
}

const char *sl_email_read(struct sl_arena *arena, const char *text, const char **why)
{
    return read_bare(arena, trimmed(arena, text, strlen(text)), why);
}

/* "Jane \"JJ\" W" in quotes, as headers have it, without them. */
static const char *unquote(struct sl_arena *arena, char *name)
{
    size_t n = strlen(name), to = 0;

    if (n < 2 || name[0] != '"' || name[n - 1] != '"')
        return name;
    for (size_t i = 1; i < n - 1; i++) {
        if (name[i] == '\\' && i + 1 < n - 1)
            i++;
        name[to++] = name[i];
    }
    return sl_arena_memdup(arena, name, to);
}

const char *sl_email_read_named(struct sl_arena *arena, const char *text, const char **name,
                                const char **why)
{
    char *whole = trimmed(arena, text, strlen(text));
    size_t n = strlen(whole);
    const char *open = strrchr(whole, '<');

    *name = NULL;
    if (!open || whole[n - 1] != '>')
        return read_bare(arena, whole, why);
    *name = unquote(arena, trimmed(arena, whole, (size_t)(open - whole)));
    if (!sl_utf8_valid(*name, strlen(*name)) || has_control(*name))
        return refuse(why, "its name has a control character, or is not UTF-8");
    if (!**name)
        *name = NULL;
    return read_bare(arena, trimmed(arena, open + 1, (size_t)(whole + n - 1 - (open + 1))), why);
}
