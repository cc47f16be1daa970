#include "lib/transfer/option.h"

#include "lib/base/err.h"

void option_must(CURLcode code)
{
    if (code != CURLE_OK)
        sl_out_of_memory();
}
