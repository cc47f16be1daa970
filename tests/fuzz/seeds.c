/* Writes what the fuzz targets begin with: the answers, callbacks, addresses, forms and settings of
 * the wire cases, the files of tests/data, and a few texts that stand in neither. Run in the
 * project's folder, by scripts/fuzz-corpus.
 * usage: seeds FOLDER */
#include "tests/fuzz/wire.h"

#include <sys/stat.h>

#include "lib/service/keyring_text.h"

static const char *folder;

static void write_seed(const char *target, const char *bytes, size_t n)
{
    unsigned char sum[SL_SHA256_SIZE];
    char path[512], name[17];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, target);
    (void)mkdir(path, 0777);
    sl_sha256(bytes, n, sum);
    sl_hex(sum, 8, name);
    (void)snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    file = fopen(path, "we");
    must(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

static void write_text(const char *target, const char *text)
{
    write_seed(target, text, strlen(text));
}

/* Behind a first byte, that picks. */
static void write_picked(const char *target, unsigned picked, const char *bytes, size_t n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf seed = sl_buf_new(arena);

    sl_buf_add(&seed, (char[]){ (char)picked }, 1);
    sl_buf_add(&seed, bytes, n);
    write_seed(target, seed.data, seed.len);
}

/* ---- Wire cases ---------------------------------------------------------------------------- */

/* CASE HOW LINES BYTES, for fuzz_answer.c and fuzz_hook.c. */
static void write_case(const struct wire_case *wire, const char *kind, int how,
                       const struct sl_pair *lines, size_t n_lines, const char *bytes, size_t n)
{
    const char *category = sl_category_names[wire->adapter->category];
    struct sl_buf seed = sl_buf_new(wire->arena);
    unsigned hash = case_hash(wire);

    sl_buf_add(&seed, (char[]){ (char)(hash >> 8), (char)hash, (char)how }, 3);
    for (size_t i = 0; i < n_lines; i++)
        sl_buf_printf(&seed, "%s\n", lines[i].value);
    sl_buf_add(&seed, bytes, n);
    write_seed(sl_arena_printf(wire->arena, "%s_%s", kind, category), seed.data, seed.len);
}

/* What fuzz_answer.c reads as the talk with a mail server. */
static const char *talk(const struct wire_case *wire, const struct sl_exchange *exchange)
{
    static const char *const commands[] = {
        [SL_SMTP_HELLO] = "EHLO a",
        [SL_SMTP_STARTTLS] = "STARTTLS",
        [SL_SMTP_AUTH] = "AUTH PLAIN",
        [SL_SMTP_FROM] = "MAIL FROM:<a@b.example>",
        [SL_SMTP_TO] = "RCPT TO:<p@b.example>",
        [SL_SMTP_DATA] = "DATA",
        [SL_SMTP_OTHER] = "NOOP",
    };
    struct sl_buf text = sl_buf_new(wire->arena);

    for (size_t i = 0; i < exchange->n_replies; i++) {
        const struct sl_smtp_reply *reply = &exchange->replies[i];

        if (commands[reply->phase])
            sl_buf_printf(&text, ">%s\n", commands[reply->phase]);
        sl_buf_printf(&text, "%d %s\n", reply->code, reply->text);
    }
    return text.data;
}

static void write_answer(const struct wire_case *wire)
{
    struct sl_exchange exchange = read_answer(wire);
    const char *replies = talk(wire, &exchange);

    write_case(wire, "answer", 0, NULL, 0, replies, strlen(replies));
    write_case(wire, "answer", 0, NULL, 0, exchange.body, exchange.n_body);
    if (exchange.n_headers > 0)
        write_case(wire, "answer", 4, exchange.headers, exchange.n_headers, exchange.body,
                   exchange.n_body);
    write_text(exchange.n_body > 0 && *exchange.body == '<' ? "xml" : "json",
               sl_arena_printf(wire->arena, "status\n%s", exchange.body) +
                   (*exchange.body == '<' ? strlen("status\n") : 0));
    write_picked("mask", 0, exchange.body, exchange.n_body);
}

static void write_callback(const struct wire_case *wire)
{
    struct sl_inbound inbound = read_inbound(wire);
    const struct sl_pair query = { "", inbound.query }, type = { "", inbound.content_type };
    const struct sl_pair url = { "", inbound.url };

    write_case(wire, "hook", 0, NULL, 0, inbound.body, inbound.n_body);
    write_case(wire, "hook", 1, NULL, 0, inbound.body, inbound.n_body);
    if (inbound.n_headers > 0)
        write_case(wire, "hook", 2, inbound.headers, inbound.n_headers, "", 0);
    if (*inbound.query)
        write_case(wire, "hook", 3, &query, 1, inbound.body, inbound.n_body);
    write_case(wire, "hook", 4, &type, 1, inbound.body, inbound.n_body);
    if (*inbound.url)
        write_case(wire, "hook", 5, &url, 1, inbound.body, inbound.n_body);
    if (strstr(inbound.content_type, "form"))
        write_seed("form", inbound.body, inbound.n_body);
    write_picked("mask", strstr(inbound.content_type, "form") != NULL, inbound.body,
                 inbound.n_body);
}

static size_t index_of(const struct sl_adapter *adapter)
{
    size_t i = 0;

    while (sl_adapters[i] != adapter)
        i++;
    return i;
}

/* As lines, where they are lines, and as JSON. */
static void write_settings(const struct wire_case *wire)
{
    struct sl_buf lines = sl_buf_new(wire->arena), json = sl_buf_new(wire->arena);

    for (size_t i = 0; i < wire->adapter->n_fields; i++) {
        const char *value = wire->settings.values[i];

        if (!value)
            continue;
        if (!strpbrk(value, "\r\n"))
            sl_buf_printf(&lines, "%s=%s\n", wire->adapter->fields[i].name, value);
        sl_buf_printf(&json, "%s\"%s\":", json.len > 0 ? "," : "", wire->adapter->fields[i].name);
        sl_json_quote(&json, value);
    }
    write_picked("settings", (unsigned)index_of(wire->adapter), lines.data, lines.len);
    json.data = sl_arena_printf(wire->arena, "{%s}", json.data);
    write_picked("settings", (unsigned)index_of(wire->adapter), json.data, strlen(json.data));
}

static void write_wire(struct wire_case *wire)
{
    const char *url = sl_json_text(wire->line, "request.url");

    if (wire->step && sl_json_at(wire->line, "outcomes"))
        write_answer(wire);
    if (wire->hook)
        write_callback(wire);
    if (url)
        write_text("url", url);
    write_settings(wire);
}

/* ---- Files and texts ------------------------------------------------------------------------ */

static void write_lines(const char *target, const char *path, const char *member, int picked)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;

    must(file != NULL);
    while ((n = getline(&line, &capacity, file)) > 0) {
        SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(line, (size_t)n);
        const char *text = sl_json_text(doc, member);

        if (text && picked >= 0)
            write_picked(target, (unsigned)picked, text, strlen(text));
        else if (text)
            write_text(target, text);
    }
    free(line);
    (void)fclose(file);
}

static void write_file(const char *target, const char *path, int picked)
{
    char bytes[8192];
    FILE *file = fopen(path, "re");
    size_t n;

    must(file != NULL);
    n = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    if (picked >= 0)
        write_picked(target, (unsigned)picked, bytes, n);
    else
        write_seed(target, bytes, n);
}

#define DATA "tests/data/"

static const struct {
    const char *target, *path;
    int picked; /* the first byte; -1: none */
} files[] = {
    { "key", DATA "keys/rsa2048-pkcs8.pem", 0 },
    { "key", DATA "keys/AuthKey_TESTKEY123.p8", 1 },
    { "key", DATA "keys/AuthKey_APPLEFORM1.p8", 1 },
    { "key", DATA "keys/ec-p256-sec1.pem", 1 },
    { "key", DATA "keys/ec-p384-pkcs8.pem", 1 },
    { "key", DATA "keys/rsa2048-encrypted.pem", 0 },
    { "key", DATA "keys/rsa2048-pkcs1.pem", 0 },
    { "key", DATA "keys/rsa2048-pub.pem", 0 },
    { "certificate", DATA "mpesa-test-cert.cer", -1 },
    { "certificate", DATA "rsa-cert.pem", -1 },
    { "certificate", DATA "rsa-cert-1024.pem", -1 },
    { "certificate", DATA "rsa-cert-4096.pem", -1 },
    { "certificate", DATA "ec-cert.pem", -1 },
    { "account", DATA "keys/service-account.json", -1 },
};

static const struct {
    const char *target, *text;
} texts[] = {
    { "csv", "phone,name\n+254711000001,Wanjiru\n0711000002,\"Otieno, O.\"\n" },
    { "csv", "\xEF\xBB\xBFphone;amount\r\n0711000001;\"1\n500\"\r\n\r\n711000002;2\r\n" },
    { "csv", "a\tb\n\"x\"\"y\"\t \"z\n=1+1\t\"open\nnext\tline\n" },
    { "template", "Dear {parent}, {a} {{ũ}} {ũ}…" },
    { "template", "{a}{parent" },
    { "ecdsa",
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe6"
      "2gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==\n"
      "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15T"
      "luLtEZtM=\n"
      "1600112502[{\"email\":\"hello@world.com\",\"event\":\"dropped\"}]\r\n" },
    { "yaml", "database: /var/lib/shulelabs/school.db\nkeyring: /etc/shulelabs/keyring\n"
              "public_url: https://school.example\ntrust_proxy: 127.0.0.1, ::1\nlease_seconds: 60\n"
              "log_keep_days: 365\n" },
    { "yaml", "# nothing\n---\nlease_seconds: \"5\"\npublic_url: ~\n...\n" },
    { "mime", "p1@example.test\nWanjirũ, Jane\nGreenhill\nBursar\nKaro ya muhula wa tatu…\n"
              "ada ya shule.pdf\n1Habari\r\nza asubuhi — ũ\n" },
    { "mime", "\n\n\n\n\n\n0Hello" },
    { "address", "\"Wanjiru, Jane\" <jane@school.example>" },
    { "address", "bursar@münchen.example" },
    { "address", "Jane Wanjiru <jane.w+a@School.Example>" },
    { "address", "jane@@school..example" },
    { "roster", "username,firstname,lastname,email,idnumber,course,role,group\n"
                "jane.w,Jane,W,j@school.test,1,MATH1,student,1 East\notieno,,,,,,,\n" },
    { "roster", "username;course\njane.w;\nJANE W;MATH1\n" },
    { "multipart", "messaging_product\ntype\nna\"me\nada \"ya\" shule.pdf\nfile" },
    { "object", "reports/2026/term 3/ũ+&?#%.pdf" },
    { "object", "../etc/passwd" },
    { "url", "https://api.example:8443/v1?a=b" },
    { "url", "http://[::1]:18480/hooks" },
    { "url", "http://127.0.0.1/" },
    { "url", "https://user@host/" },
    { "url", "196.201.212.0/24, 2001:db8::/32, ::ffff:10.0.0.1" },
    { "time", "2026-11-24T08:30:00.123+03:00" },
    { "time", "2026-11-24" },
    { "time", "today" },
    { "time", "365d" },
    { "text", "Wanjir\xC5\xA9 \xE2\x80\xAE" },
    { "text", "-12.5000" },
    { "text", "SGFiYXJp" },
    { "text", "DeadBeef" },
    { "jwt",
      "{\"alg\":\"ES256\",\"kid\":\"TESTKEY123\"}\n{\"iss\":\"TEAMTEST01\",\"iat\":1700000000}" },
    { "mask", "\2Call +254 712 345 678 or 0712345678, card 4242 4242 4242 4242, hooks/k/"
              "0123456789abcdef0123456789abcdef" },
    { "mask", "\1apiKey=abc&to=%2B254711000001,0711000002&Password=token-0815" },
};

/* Rows end with NUL, which no text above has. */
static const char report[] = "1\0+254711000001\0\0"
                             "2\0=1+1\0\"a, b\"\0"
                             "3\0-1.5\0 x\r\n\0";

/* As fuzz_keyring.c takes them: whole, and as lines that get their checksums there. */
static void write_rings(void)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct sl_ring_keys *keys = SL_NEW(arena, struct sl_ring_keys, 1);
    struct sl_buf text;

    keys->n = 1;
    keys->list[0] = (struct sl_key){ .id = "k1-20261124-ab12", .created_ms = 1795512852000 };
    text = sl_ring_print(arena, SL_RING_MAIN, keys);
    write_picked("keyring", 0, text.data, text.len);
    write_text("keyring", sl_arena_printf(arena,
                                          "\2shulelabs-keyring 1 main\n"
                                          "seal k1-20261124-ab12 active 2026-11-24T05:30:00Z %s\n"
                                          "seal k0-20251124-ab12 retired 2025-11-24T05:30:00Z %s\n"
                                          "end",
                                          zeros, zeros));
    write_text("keyring", sl_arena_printf(arena,
                                          "\3shulelabs-keyring 1 webhook\n"
                                          "webhook w1 active 2026-11-24T05:30:00Z %s\n"
                                          "index i1 active 2026-11-24T05:30:00Z %s\nend",
                                          zeros, zeros));
}

int main(int argc, char **argv)
{
    must(argc == 2);
    folder = argv[1];
    (void)mkdir(folder, 0777);
    sl_crypto_init();
    each_case(write_wire);
    write_lines("phone", DATA "phones.jsonl", "input", 0);
    write_lines("template", DATA "sms-segments.jsonl", "text", -1);
    for (size_t i = 0; i < SL_COUNT(files); i++)
        write_file(files[i].target, files[i].path, files[i].picked);
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        write_text(texts[i].target, texts[i].text);
    write_seed("report", report, sizeof report);
    write_rings();
    return 0;
}
