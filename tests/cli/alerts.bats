load helpers
load running
# What goes wrong if nobody looks is told once, and its end once: each as it comes about, told to an address.
# hooks.bats has a provider that is down, credentials that are refused and a balance that runs low.

setup() {
    start_all
    sl-config alert add --to "$SL_SANDBOX_URL/hook" > /dev/null 2>&1
}
teardown() { stop_all; }

# looks: the queue is worked, a minute after it was last looked at.
looks() {
    sql "UPDATE watches SET since = 1 WHERE watch = 'looked'"
    work
}
told() { sl-sandbox seen hook | jq -r '.body | fromjson | [.type, .data.watch, .data.about] | join(" ")'; }
told_n() { looks && [ "$(told | wc -l)" -ge "$1" ]; }

# needed WATCH ABOUT: that it is, is told once, however often somebody looks.
needed() {
    until_true told_n 1
    looks
    [ "$(told)" = "attention.needed $1 $2" ]
}
# over WATCH ABOUT: the same of its end, behind that.
over() {
    until_true told_n 2
    looks
    [ "$(told)" = "attention.needed $1 $2"$'\n'"attention.over $1 $2" ]
}
days_ago() { date -u -d "$1 days ago" +"${2:-%s}"; }

@test "a queue that is late while its runner works for another school" {
    school lakeside
    echo phone > "$BATS_TEST_TMPDIR/list.csv"
    echo 0711000001 >> "$BATS_TEST_TMPDIR/list.csv"
    run -75 sl-sms bulk -m hello --file "$BATS_TEST_TMPDIR/list.csv" --detach --yes
    sql 'UPDATE integration_queue SET next_attempt_at = next_attempt_at - 3600000'
    for _ in 1 2; do
        sql "UPDATE watches SET since = 1 WHERE watch = 'looked'"
        sl-queue-run -s lakeside -q
        [ "$(sql 'SELECT group_concat(event) FROM hook_events')" = attention.needed ]
    done
    over queue 'the queue'
}

@test "an operator's password that the provider soon ends, and another" {
    sql "UPDATE integration_logs SET created_at = $(days_ago 85)000 WHERE operation = 'config.set'"
    needed password 'mpesa for greenhill: security_credential'
    echo "security_credential=$(openssl rand -base64 256 | tr -d '\n')" | sl-config set -p mpesa --from - -q > /dev/null
    over password 'mpesa for greenhill: security_credential'
}

# new_certificate DAYS: `cert` and `key`, which end then.
new_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days "$1" -subj /CN=school -out "$BATS_TEST_TMPDIR/cert" \
        -keyout "$BATS_TEST_TMPDIR/key" 2> /dev/null
}
# certificate DAYS: APNs gets one that ends then.
certificate() {
    new_certificate "$1"
    cat "$BATS_TEST_TMPDIR/cert" "$BATS_TEST_TMPDIR/key" > "$BATS_TEST_TMPDIR/both.pem"
    jq -n --rawfile pem "$BATS_TEST_TMPDIR/both.pem" '{auth: "certificate", certificate: $pem}' |
        sl-config set -p apns --from - -q > /dev/null
}
@test "a certificate that soon ends, and a new one" {
    certificate 20
    needed certificate 'apns for greenhill: certificate'
    certificate 400
    over certificate 'apns for greenhill: certificate'
}

# showing [OPTION...]: the daemon is started anew.
showing() {
    kill "$daemon" && wait "$daemon"
    start daemon sl-webhook serve --listen 127.0.0.1:0 "$@"
}
@test "a certificate of the daemon that soon ends, and a new one" {
    new_certificate 20
    showing --tls-cert "$BATS_TEST_TMPDIR/cert" --tls-key "$BATS_TEST_TMPDIR/key"
    needed certificate 'certificate of sl-webhook'
    new_certificate 400
    showing --tls-cert "$BATS_TEST_TMPDIR/cert" --tls-key "$BATS_TEST_TMPDIR/key"
    over certificate 'certificate of sl-webhook'
}

# aged DAYS: the keys that seal were made so long ago. Behind each line stands the sum of all up to there.
aged() {
    local text='' line
    while read -r line; do
        text+=$(sed -E "s/ [0-9]{4}-[0-9]{2}-[0-9]{2}T/ $(days_ago "$1" %F)T/; s/[^ ]*$//" <<< "$line")
        text+=$(printf '%s' "$text" | sha256sum | cut -c 1-8)$'\n'
    done < "$SL_KEYRING"
    printf '%s' "$text" > "$SL_KEYRING"
}
@test "a key that has sealed for more than a year, and its successor" {
    aged 400
    needed key "key $(sl-config key list -f json | jq -r '.[] | select(.state == "active" and .purpose == "seal").id')"
    sl-config key rotate -q > /dev/null
    over key "key $(sl-config key list -f json | jq -r '.[] | select(.state != "active" and .purpose == "seal").id')"
}

@test "a token that cannot be renewed, and the secret that is right" {
    sl-config test -p mpesa > /dev/null 2>&1
    sl-config set -p mpesa --from - -q <<< 'consumer_secret=revoked' > /dev/null
    sql "UPDATE oauth_tokens SET account = (SELECT c.account FROM integration_configs c
        WHERE c.school_id = oauth_tokens.school_id AND c.provider_id = oauth_tokens.provider_id)"
    for _ in 1 2; do sl-oauth-refresh --within 7200 -q 2> /dev/null; done
    until_true told_n 1
    looks
    [ "$(told | cut -d ' ' -f 1)" = token.trouble ]
    sl-config set -p mpesa --from - -q <<< 'consumer_secret=sandbox-secret' > /dev/null
    looks
    [ "$(told | wc -l)" -eq 1 ] # not yet: nobody has tried it
    sl-config test -p mpesa > /dev/null 2>&1
    until_true told_n 2
    looks
    [ "$(told | cut -d ' ' -f 1 | paste -sd ' ')" = 'token.trouble provider.up' ]
}
