#include "lib/mime/gmime.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

static int missing(struct sl_err *err)
{
    const char *why = dlerror();

    (void)sl_err_set(err, SL_ERR_CONFIG, "a mail cannot be made: %s", why ? why : "no GMime");
    return sl_err_hint(err, "install the package libgmime-3.0-0");
}

/* A pointer to a function does not convert from a pointer to an object: it is copied. */
#define FIND(name)                                                                                 \
    found = dlsym(library, #name);                                                                 \
    if (!found)                                                                                    \
        return missing(err);                                                                       \
    memcpy(&gmime->name, &found, sizeof found);

static int find_all(void *library, struct gmime *gmime, struct sl_err *err)
{
    void *found;

    GMIME_FUNCTIONS(FIND)
    return 0;
}

const struct gmime *gmime_open(struct sl_err *err)
{
    static struct gmime gmime; /* a library is loaded once for the process */
    static bool loaded;
    void *library;

    if (loaded)
        return &gmime;
    library = dlopen("libgmime-3.0.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        (void)missing(err);
        return NULL;
    }
    if (find_all(library, &gmime, err) < 0)
        return NULL;
    gmime.g_mime_init();
    loaded = true;
    return &gmime;
}
