#include "lib/adapter/jwt.h"

#include <string.h>

#include "lib/base/text.h"

char *sl_base64url(struct sl_arena *arena, const void *bytes, size_t n)
{
    char *text = sl_base64(arena, bytes, n);

    for (char *at = text; *at; at++) {
        if (*at == '+')
            *at = '-';
        else if (*at == '/')
            *at = '_';
    }
    text[strcspn(text, "=")] = '\0';
    return text;
}

char *sl_jwt_sign(struct sl_arena *arena, enum sl_signing signing, const char *key,
                  const char *header, const char *claims, struct sl_err *err)
{
    char *content = sl_arena_printf(arena, "%s.%s", sl_base64url(arena, header, strlen(header)),
                                    sl_base64url(arena, claims, strlen(claims)));
    const unsigned char *signature;
    size_t n;

    signature = sl_private_key_sign(arena, signing, key, content, strlen(content), &n, err);
    if (!signature)
        return NULL;
    return sl_arena_printf(arena, "%s.%s", content, sl_base64url(arena, signature, n));
}
