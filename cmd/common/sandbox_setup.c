#include "cmd/common/sandbox_setup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/common/open.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/config.h"
#include "lib/service/endpoints.h"
#include "lib/service/school.h"
#include "sandbox/callbacks.h"
#include "sandbox/client.h"
#include "sandbox/keys.h"
#include "sandbox/s3.h"
#include "sandbox/smtp.h"

/* ---- What each provider is given ----------------------------------------------------------- */

enum { MOST_SETTINGS = 12 };

/* The sandbox looks at a credential's length only: 256 bytes, as if they were encrypted. */
#define A38 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CREDENTIAL A38 A38 A38 A38 A38 A38 A38 A38 A38 "=="

_Static_assert(sizeof CREDENTIAL - 1 == 344, "256 bytes in base64");

/* Nothing here opens anything but a sandbox; the passkey is the one that Safaricom publishes. */
static const struct recipe {
    const char *code;
    struct sl_change settings[MOST_SETTINGS]; /* up to the first NULL name */
    const char *token_path; /* where the sandbox gives tokens; NULL: at base_url */
    bool told;              /* the sandbox is told whom to call; else each request says it */
    bool folder;            /* it needs no sandbox but a folder, its `root` */
    bool mail;              /* the sandbox serves it at another port, by SMTP */
    const char *own, *own_begin, *own_end; /* the setting that parts schools: the school's code,
                                            * between these; or NULL */
    const char *hook, *hook_setting;       /* the setting that gets this hook's address; or NULL */
} recipes[] = {
    { .code = "africastalking",
      .settings = { { "username", "sandbox" }, { "api_key", "sandbox-key" } },
      .told = true },
    { .code = "twilio",
      .settings = { { "account_sid", "AC00000000000000000000000000000001" },
                    { "auth_token", "sandbox-token" },
                    { "from", "+15005550006" } },
      .told = true,
      .hook = "status",
      .hook_setting = "status_callback" },
    { .code = "mpesa",
      .settings = { { "consumer_key", "sandbox-key" },
                    { "consumer_secret", "sandbox-secret" },
                    { "shortcode", "174379" },
                    { "c2b_shortcode", "600984" },
                    { "passkey",
                      "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919" },
                    { "initiator_name", "testapi" },
                    { "security_credential", CREDENTIAL } } },
    { .code = "flutterwave",
      .settings = { { "secret_key", "FLWSECK_TEST-sandbox-X" },
                    { "webhook_secret_hash", "sandbox-hash" },
                    { "redirect_url", "https://school.example/paid" },
                    { "default_email", "parent@school.example" } },
      .told = true },
    { .code = "pesapal",
      .settings = { { "consumer_key", "sandbox-key" },
                    { "consumer_secret", "sandbox-secret" },
                    { "callback_url", "https://school.example/paid" },
                    { "refund_username", "bursar" } } },
    { .code = "moodle", .settings = { { "token", "53616e64626f7820746f6b656e206f6b" } } },
    { .code = "whatsapp",
      .settings = { { "access_token", "EAAsandbox" },
                    { "phone_number_id", "106540352242922" },
                    { "waba_id", "102290129340398" },
                    { "app_secret", "0123456789abcdef0123456789abcdef" } },
      .told = true },
    { .code = "local", .folder = true },
    { .code = "sendgrid",
      .settings = { { "api_key", "SG.sandbox-key" },
                    { "from_email", "bursar@school.test" },
                    { "webhook_public_key", sl_sandbox_p256_spki } },
      .told = true },
    { .code = "mailgun",
      .settings = { { "api_key", "sandbox-key" },
                    { "domain", "mg.school.test" },
                    { "from_email", "bursar@mg.school.test" },
                    { "webhook_signing_key", "sandbox-signing-key" } },
      .told = true },
    { .code = "smtp",
      .settings = { { "host", "127.0.0.1" },
                    { "security", "none" },
                    { "username", SL_SANDBOX_MAILBOX },
                    { "password", SL_SANDBOX_PASSWORD },
                    { "from_email", "bursar@school.test" } },
      .mail = true },
    { .code = "s3",
      .settings = { { "access_key_id", SL_S3_KEY_ID },
                    { "secret_access_key", SL_S3_SECRET },
                    { "region", SL_S3_REGION },
                    { "bucket", SL_S3_BUCKET } },
      .own = "prefix",
      .own_begin = "",
      .own_end = "/" },
    { .code = "gdrive",
      .settings = { { "service_account", sl_sandbox_service_account } },
      .token_path = "/token",
      .own = "folder_id",
      .own_begin = "sandbox-",
      .own_end = "" },
    { .code = "fcm",
      .settings = { { "service_account", sl_sandbox_service_account }, { "default_topic", "all" } },
      .token_path = "/token" },
    { .code = "apns",
      .settings = { { "key_p8", sl_sandbox_key_p8 },
                    { "key_id", SL_SANDBOX_KEY_ID },
                    { "team_id", SL_SANDBOX_TEAM_ID },
                    { "topic", "ke.example.school" } } },
};

const char *sl_sandbox_url(const char *given)
{
    const char *variable = getenv("SL_SANDBOX_URL");

    if (given)
        return given;
    return variable && *variable ? variable : "http://127.0.0.1:8490";
}

/* ---- The school ------------------------------------------------------------------------------ */

static int add_school(const struct sl_cli *cli, struct sl_service *service, struct sl_err *err)
{
    char *name = sl_arena_strdup(cli->arena, cli->school);
    const struct sl_school school = { .code = cli->school,
                                      .name = name,
                                      .country = "KE",
                                      .timezone = "Africa/Nairobi",
                                      .currency = "KES",
                                      .status = "active" };

    name[0] = (char)toupper((unsigned char)name[0]);
    if (sl_school_add(service, &school, err) < 0)
        return -1;
    sl_say(cli, "%s: made the school %s", cli->program, cli->school);
    return 0;
}

static int find_school(const struct sl_cli *cli, struct sl_service *service,
                       struct sl_school *school, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_err ignored;

    if (sl_schools_find(service->db, cli->arena, cli->school, school, &ignored) == 0)
        return 0;
    if (ignored.code != SL_ERR_CONFIG) {
        *err = ignored;
        return -1;
    }
    if (add_school(cli, service, err) < 0)
        return -1;
    return sl_schools_find(service->db, cli->arena, cli->school, school, err);
}

/* ---- A provider ------------------------------------------------------------------------------ */

/* Of one run. */
struct setup {
    const struct sl_cli *cli;
    struct sl_service *service;
    struct sl_school school;
    const char *url; /* the sandbox's */
};

/* Beside the database, a folder for each school. */
static const char *folder_of(const struct setup *setup)
{
    return sl_arena_printf(setup->cli->arena, "%s-sandbox-files-%s",
                           setup->service->settings.database, setup->school.code);
}

/* Where the sandbox takes mail: it says so itself; else one behind its other port. */
static const char *mail_port(const struct setup *setup)
{
    const struct sl_sandbox_ask ask = { .url = setup->url, .path = "/_sandbox/health" };
    struct sl_arena *arena = setup->cli->arena;
    struct sl_err ignored;
    const char *answer = sl_sandbox_answer(&ask, arena, &ignored);
    SL_AUTO(sl_json_free)
    struct json_object *doc = answer ? sl_json_parse(answer, strlen(answer)) : NULL;
    const char *colon = strrchr(setup->url, ':');
    int64_t port = sl_json_int(doc, "smtp_port", 0);

    if (port == 0 && colon && sl_parse_int(colon + 1, 1, 65534, &port))
        port++;
    return sl_arena_printf(arena, "%lld", (long long)(port > 0 ? port : 8491));
}

/* Where the provider is. */
static struct sl_change address_of(const struct setup *setup, const struct recipe *recipe)
{
    if (recipe->folder)
        return (struct sl_change){ "root", folder_of(setup) };
    if (recipe->mail)
        return (struct sl_change){ "port", mail_port(setup) };
    return (struct sl_change){ "base_url", setup->url };
}

static int set_provider(const struct setup *setup, const struct recipe *recipe, struct sl_err *err)
{
    struct sl_change changes[MOST_SETTINGS + 5];
    struct sl_config_set set = { .environment = "sandbox", .changes = changes };
    const struct sl_adapter *adapter;

    while (set.n_changes < MOST_SETTINGS && recipe->settings[set.n_changes].name) {
        changes[set.n_changes] = recipe->settings[set.n_changes];
        set.n_changes++;
    }
    if (recipe->own)
        changes[set.n_changes++] =
            (struct sl_change){ recipe->own,
                                sl_arena_printf(setup->cli->arena, "%s%s%s", recipe->own_begin,
                                                setup->school.code, recipe->own_end) };
    if (recipe->token_path)
        changes[set.n_changes++] =
            (struct sl_change){ "token_url", sl_arena_printf(setup->cli->arena, "%s%s", setup->url,
                                                             recipe->token_path) };
    changes[set.n_changes++] = address_of(setup, recipe);
    changes[set.n_changes++] = (struct sl_change){ "rate_per_second", "0" };
    changes[set.n_changes++] = (struct sl_change){ "max_in_flight", "0" };
    if (sl_config_adapter(setup->service, recipe->code, &adapter, err) < 0 ||
        sl_config_set(setup->service, &setup->school, adapter, &set, err) < 0)
        return sl_err_context(err, "%s", recipe->code);
    return 0;
}

static const char endpoint_name[] = "sandbox";

/* The endpoint that an earlier setup made, or 0. */
static int find_endpoint(const struct setup *setup, const char *code, int64_t *id,
                         struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_endpoint endpoint;
    int more;

    *id = 0;
    if (sl_endpoints_list(&rows, setup->service->db, setup->school.id, 0, err) < 0)
        return -1;
    while ((more = sl_endpoints_next(&rows, &endpoint, err)) > 0)
        if (strcmp(endpoint.provider_code, code) == 0 && endpoint.name &&
            strcmp(endpoint.name, endpoint_name) == 0)
            *id = endpoint.id;
    return more;
}

/* Its token is kept by nobody, so one that is there gets another. */
static int make_endpoint(const struct setup *setup, const char *code, struct sl_endpoint_made *made,
                         struct sl_err *err)
{
    struct sl_arena *arena = setup->cli->arena;
    int64_t id;

    if (find_endpoint(setup, code, &id, err) < 0)
        return -1;
    return id ? sl_endpoint_rotate(setup->service, arena, id, made, err)
              : sl_endpoint_add(setup->service, arena, &setup->school, code, endpoint_name, made,
                                err);
}

/* Each request says whom to call, by a setting. */
static int set_hook(const struct setup *setup, const struct recipe *recipe,
                    const struct sl_endpoint_made *made, struct sl_err *err)
{
    struct sl_change change = { .name = recipe->hook_setting };
    const struct sl_config_set set = { .changes = &change, .n_changes = 1, .partial = true };

    for (size_t i = 0; i < made->n_urls; i++)
        if (strcmp(made->urls[i].hook, recipe->hook) == 0)
            change.value = made->urls[i].url;
    return sl_config_set(setup->service, &setup->school, sl_adapter_find(recipe->code), &set, err);
}

static int register_urls(const struct setup *setup, const char *code,
                         const struct sl_endpoint_made *made, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct sl_sandbox_ask ask = { .url = setup->url };

    ask.path = sl_arena_printf(setup->cli->arena, "/_sandbox/callbacks/%s", code);
    for (size_t i = 0; i < made->n_urls; i++)
        sl_json_put_text(doc, made->urls[i].hook, made->urls[i].url);
    ask.body = sl_json_print(setup->cli->arena, doc);
    return sl_sandbox_pour(&ask, NULL, NULL, err);
}

struct prepared {
    const char *code;
    int64_t endpoint; /* 0: none */
    bool called;      /* the sandbox calls back */
    bool folder;      /* no sandbox is asked at all */
};

static int prepare(const struct setup *setup, const struct recipe *recipe,
                   struct prepared *prepared, struct sl_err *err)
{
    const char *public_url = setup->service->settings.public_url;
    const struct sl_adapter *adapter = sl_adapter_find(recipe->code);
    struct sl_endpoint_made made;

    *prepared = (struct prepared){ .code = recipe->code, .folder = recipe->folder };
    if (set_provider(setup, recipe, err) < 0)
        return -1;
    if (!public_url || adapter->n_hooks == 0)
        return 0;
    if (make_endpoint(setup, recipe->code, &made, err) < 0)
        return -1;
    prepared->endpoint = made.id;
    if (recipe->hook && set_hook(setup, recipe, &made, err) < 0)
        return -1;
    prepared->called = sl_callbacks_loopback(public_url);
    if (prepared->called && recipe->told)
        return register_urls(setup, recipe->code, &made, err);
    return 0;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const struct sl_column columns[] = {
    { "school", SL_TEXT, 0 },    { "category", SL_TEXT, 0 },    { "provider", SL_TEXT, 0 },
    { "base_url", SL_TEXT, 0 },  { "environment", SL_TEXT, 0 }, { "webhook", SL_INT, 0 },
    { "callbacks", SL_BOOL, 0 },
};

static int print_prepared(const struct setup *setup, struct sl_output *output,
                          const struct prepared *prepared, struct sl_err *err)
{
    struct sl_value webhook = prepared->endpoint ? sl_int(prepared->endpoint) : sl_null();
    struct sl_config_row row;

    if (sl_config_find(setup->service, setup->cli->arena, &setup->school, prepared->code, &row,
                       err) < 0)
        return -1;
    return sl_output_row(output,
                         (struct sl_value[]){
                             sl_text(setup->school.code), sl_text(row.category),
                             sl_text(prepared->code), sl_text(prepared->folder ? NULL : setup->url),
                             sl_text(row.environment), webhook, sl_bool(prepared->called) },
                         err);
}

static void advise(const struct sl_cli *cli, const struct sl_service *service)
{
    const char *public_url = service->settings.public_url;

    if (!public_url)
        sl_say(cli,
               "%s: no public_url is set, so nobody is called back; write `public_url: "
               "http://127.0.0.1:8480` into %s and set up again",
               cli->program, service->settings.config);
    else if (!sl_callbacks_loopback(public_url))
        sl_say(cli, "%s: a sandbox calls back to this machine only, and public_url is %s",
               cli->program, public_url);
}

static int prepare_all(const struct setup *setup, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(setup->cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    struct prepared prepared;

    for (size_t i = 0; i < SL_COUNT(recipes); i++)
        if (prepare(setup, &recipes[i], &prepared, err) < 0 ||
            print_prepared(setup, output, &prepared, err) < 0)
            return -1;
    advise(setup->cli, setup->service);
    return sl_output_end(&output, err);
}

/* Nothing is changed while no sandbox is there. */
int sl_sandbox_setup_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_sandbox_setup_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct setup setup = { .cli = cli, .url = sl_sandbox_url(given->url) };
    const struct sl_sandbox_ask health = { .url = setup.url, .path = "/_sandbox/health" };

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_sandbox_pour(&health, NULL, NULL, err) < 0 ||
        find_school(cli, service, &setup.school, err) < 0)
        return -1;
    setup.service = service;
    if (prepare_all(&setup, err) < 0)
        return -1;
    return given->samples ? sl_sandbox_samples(cli, service, &setup.school, err) : 0;
}
