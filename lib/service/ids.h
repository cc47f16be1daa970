/* Ids for people: ULIDs (26 characters of Crockford's base 32: 48 bits of time, 80 random). They
 * sort by time and cannot be guessed (github.com/ulid/spec). */
#ifndef SL_SERVICE_IDS_H
#define SL_SERVICE_IDS_H

#include <stdint.h>

enum { SL_ULID_SIZE = 27 }; /* with its NUL */

void sl_ulid(int64_t now_ms, char id[SL_ULID_SIZE]);

/* A 128-bit token for a callback's address: lower-case hex, because base64 can spell words that
 * providers refuse (docs/providers/mpesa.md); and the hash under which it is kept. */
enum { SL_CALLBACK_TOKEN_SIZE = 33, SL_TOKEN_HASH_SIZE = 65 };
void sl_callback_token(char token[SL_CALLBACK_TOKEN_SIZE], char hash[SL_TOKEN_HASH_SIZE]);
void sl_callback_hash(const char *token, char hash[SL_TOKEN_HASH_SIZE]);

#endif
