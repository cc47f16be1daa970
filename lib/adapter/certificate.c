#include "lib/adapter/certificate.h"

#include <string.h>

#include "lib/adapter/der.h"
#include "lib/base/clock.h"

enum { MOST_TIME = 32 };

static const char not_after[] = "tbsCertificate.validity.notAfter";

/* A two-digit year from 50 on is of the last century: RFC 5280, section 4.1.2.5.1. */
static const char *century(const char *digits)
{
    return digits[0] >= '5' ? "19" : "20";
}

/* "YYMMDDhhmmssZ", or with four digits of the year, as RFC 3339. Both always end with Z. */
static const char *as_rfc3339(struct sl_arena *arena, const char *choice, const char *digits)
{
    const bool utc = strcmp(choice, "utcTime") == 0;
    const char *text = sl_arena_printf(arena, "%s%s", utc ? century(digits) : "", digits);

    if (strlen(text) != strlen("YYYYMMDDhhmmssZ"))
        return NULL;
    return sl_arena_printf(arena, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4, text + 6,
                           text + 8, text + 10, text + 12);
}

int64_t sl_certificate_ends(struct sl_arena *arena, const char *pem)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    char choice[MOST_TIME] = "", digits[MOST_TIME] = "";
    int n_choice = sizeof choice - 1, n_digits = sizeof digits - 1;
    size_t n = 0;
    const char *base64 = sl_pem_find(pem, strlen(pem), "CERTIFICATE", &n), *text;
    const unsigned char *der = base64 ? sl_pem_bytes(arena, base64, n, &n) : NULL;
    int64_t ms = 0;

    if (!der || !sl_der_decode(&node, "X509.Certificate", der, n) ||
        asn1_read_value(node, not_after, choice, &n_choice) != ASN1_SUCCESS ||
        asn1_read_value(node, sl_arena_printf(arena, "%s.%s", not_after, choice), digits,
                        &n_digits) != ASN1_SUCCESS)
        return 0;
    text = as_rfc3339(arena, choice, digits);
    return text && sl_time_parse(text, "UTC", 0, &ms) == 0 && ms > 0 ? ms : 0;
}
