#include "lib/service/ids.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"

void sl_ulid(int64_t now_ms, char id[SL_ULID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned char random[16];

    sl_random(random, sizeof random);
    for (int i = 9; i >= 0; i--, now_ms >>= 5)
        id[i] = digits[now_ms & 31];
    for (int i = 0; i < 16; i++)
        id[10 + i] = digits[random[i] & 31];
    id[SL_ULID_SIZE - 1] = '\0';
}

void sl_callback_hash(const char *token, char hash[SL_TOKEN_HASH_SIZE])
{
    unsigned char digest[SL_SHA256_SIZE];

    sl_sha256(token, strlen(token), digest);
    sl_hex(digest, sizeof digest, hash);
}

void sl_callback_token(char token[SL_CALLBACK_TOKEN_SIZE], char hash[SL_TOKEN_HASH_SIZE])
{
    unsigned char random[16];

    sl_random(random, sizeof random);
    sl_hex(random, sizeof random, token);
    sl_callback_hash(token, hash);
}
