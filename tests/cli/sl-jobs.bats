# The jobs that timers start: sl-queue-run and sl-oauth-refresh; and sl-config test.
load helpers

setup() {
    fresh
    sandbox=
    serve
    printf 'public_url: http://127.0.0.1:9\n' >> "$SL_CONFIG"
    sl-sandbox setup -s greenhill --quiet > /dev/null
}

teardown() {
    [ -z "$sandbox" ] || kill "$sandbox"
}

serve() {
    sl-sandbox serve --listen 127.0.0.1:0 2> "$BATS_TEST_TMPDIR/said" 3>&- &
    sandbox=$!
    for _ in $(seq 400); do
        grep -q '^listening on ' "$BATS_TEST_TMPDIR/said" && break
        read -rt 0.02 <> <(:) || true
    done
    SL_SANDBOX_URL=http://$(sed -n 's/^listening on //p' "$BATS_TEST_TMPDIR/said")
    export SL_SANDBOX_URL
}

# queue N [SCHOOL]: as many texts, queued and not sent.
queue() {
    { echo phone; for n in $(seq 10 $((9 + $1))); do echo "+2547110000$n"; done; } > "$BATS_TEST_TMPDIR/list"
    sl-sms bulk -s "${2:-greenhill}" -m "Hello $RANDOM" --detach --yes --file "$BATS_TEST_TMPDIR/list" > /dev/null 2>&1 || [ $? -eq 75 ]
}

# settled QUERY ANSWER: waits for it, at most ten seconds.
settled() {
    for _ in $(seq 500); do
        [ "$(sql "$1")" = "$2" ] && return
        read -rt 0.02 <> <(:) || true
    done
    echo "$(sql "$1"), not $2"
    return 1
}

token() { sql 'SELECT version FROM oauth_tokens'; }

# renamed: as if the tokens were of the settings that the schools have now.
renamed() {
    sql "UPDATE oauth_tokens SET account = (SELECT c.account FROM integration_configs c
        WHERE c.school_id = oauth_tokens.school_id AND c.provider_id = oauth_tokens.provider_id)"
}

# ---- sl-queue-run

@test "it sends what is due, finishes the batch and counts" {
    queue 3
    run -0 --separate-stderr sl-queue-run -f json
    [ "$(jq -r 'keys_unsorted | join(" ")' <<< "$output")" = 'claimed completed retried failed unknown seconds' ]
    [ "$(jq -r '.seconds | type' <<< "$output")" = number ]
    [ "$(field completed <<< "$output")" -ge 1 ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq 3 ]
    [ "$(sql 'SELECT state FROM message_batches')" = done ]
}

@test "it says one line, or nothing with -q, and is content with an empty queue" {
    run -0 --separate-stderr sl-queue-run
    [ "${#lines[@]}" -eq 1 ]
    [ -z "$stderr" ]
    run -0 sl-queue-run -q
    [ -z "$output" ]
    run -0 sl-queue-run -q -f json
    [ -z "$output" ]
}

@test "what providers say does not change its status" {
    sl-sandbox scenario blacklisted --quiet
    queue 2
    run -0 --separate-stderr sl-queue-run -f json
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'failed'")" -eq 2 ]
}

@test "with a school it works only that school's rows" {
    sl-sandbox setup -s lakeside --quiet > /dev/null
    queue 1 greenhill
    queue 1 lakeside
    run -0 sl-queue-run -s lakeside -q
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq 1 ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -eq 1 ]
    run sl-queue-run -s nowhere
    [ "$status" -eq 78 ]
}

@test "with --max it claims no more" {
    for _ in 1 2 3; do queue 1; done
    run -0 --separate-stderr sl-queue-run --max 2 -f json
    [ "$(field claimed <<< "$output")" -eq 2 ]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'pending'")" -eq 1 ]
}

@test "--watch stays, takes what comes, and SIGTERM ends it with status 0 and a summary" {
    sl-queue-run --watch -f json > "$BATS_TEST_TMPDIR/out" 3>&- &
    job=$!
    queue 1
    settled "SELECT status FROM messages" sent
    settled "SELECT state FROM message_batches" done
    kill "$job"
    wait "$job"
    [ "$(field completed < "$BATS_TEST_TMPDIR/out")" -ge 1 ]
}

@test "--watch ends by itself after --for" {
    run -0 timeout 20 sl-queue-run --watch --for 1 -q
}

@test "ten at once send each text once" {
    for _ in 1 2 3 4 5 6; do queue 20; done
    jobs=
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sl-queue-run -q 3>&- &
        jobs="$jobs $!"
    done
    for job in $jobs; do wait "$job"; done
    settled "SELECT count(*) FROM messages WHERE status = 'sent'" 120
    [ "$(sl-sandbox counts -f json | field messages)" -eq 120 ]
    [ "$(sl-sandbox counts -f json | field duplicated)" -eq 0 ]
}

@test "one that is killed costs its lease, and nothing goes twice" {
    printf 'lease_seconds: 1\n' >> "$SL_CONFIG"
    curl -sS "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":1500}' > /dev/null
    queue 5
    sl-queue-run -q 3>&- &
    job=$!
    settled "SELECT max(in_flight) FROM integration_queue" 1
    kill -KILL "$job"
    wait "$job" || true
    curl -sS "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":0}' > /dev/null
    sleep 1.5
    run -0 sl-queue-run -q
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE runner IS NOT NULL")" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -eq 0 ]
    [ "$(sl-sandbox counts -f json | field duplicated)" -eq 0 ]
}

# ---- -v and -vv

# watched COMMAND...: -v tells the steps and no request.
watched() {
    run --separate-stderr "$@" -v
    for step in claimed 'sending to http://127.0.0.1:' 'answered: ' 'settled as '; do
        [[ "$stderr" == *"$step"* ]] || { echo "no '$step' of $*: $stderr"; return 1; }
    done
    [[ "$stderr" != *→* && "$stderr" != *←* ]]
}

# wired COMMAND...: -vv tells each request and its answer too.
wired() {
    run --separate-stderr "$@" -vv
    [[ "$stderr" == *"sending to "*"→ {"*"answered: "*"← "*"settled as "* ]]
}

@test "whatever leaves can be watched: its steps, and each request and answer with their secrets masked" {
    export SL_SCHOOL=greenhill
    for how in watched wired; do
        $how sl-sms send -m hello 0711000001
        $how sl-sms balance
        $how sl-config test -p mpesa
        [[ "$stderr" == *" token sending to "*" token answered: 200 "* ]]
        queue 1
        $how sl-queue-run
        sl-pay request --phone 0711000001 --amount 1 --reference A > /dev/null 2>&1
        $how sl-pay reconcile --older-than 0s
        run -0 --separate-stderr sl-oauth-refresh --within 7200 -vv
        [[ "$stderr" == *" token → {"*" token ← 200 "*'"access_token":"••••"'* ]]
    done
    run -0 --separate-stderr sl-sms balance
    [ -z "$stderr" ]
}

# ---- sl-oauth-refresh

@test "a token that ends soon is renewed, one that does not is left" {
    sl-config test -s greenhill -p mpesa > /dev/null
    version=$(token)
    run -0 --separate-stderr sl-oauth-refresh -f json
    [ "$(jq -c . <<< "$output")" = '{"refreshed":0,"failed":0,"fresh":1}' ]
    [ "$(token)" = "$version" ]
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(jq -c . <<< "$output")" = '{"refreshed":1,"failed":0,"fresh":0}' ]
    [ "$(token)" -gt "$version" ]
}

@test "a token that a clock has dated which was set back since serves nobody, and is renewed once" {
    sl-config test -s greenhill -p mpesa > /dev/null
    ahead='UPDATE oauth_tokens SET renewed_at = renewed_at + 315360000000, expires_at = expires_at + 315360000000'
    sql "$ahead"
    version=$(token)
    for reference in A B; do
        sl-pay request -s greenhill --phone 0711000001 --amount 1 --reference $reference > /dev/null 2>&1
        [ "$(token)" -eq $((version + 1)) ]
    done
    sql "$ahead"
    for n in 1 0; do
        run -0 --separate-stderr sl-oauth-refresh -f json
        [ "$(field refreshed <<< "$output")" -eq "$n" ]
    done
    [ "$(token)" -eq $((version + 2)) ]
}

@test "the token of a closed school is left to end" {
    sl-config test -s greenhill -p mpesa > /dev/null
    version=$(token)
    sl-config school edit greenhill --status closed > /dev/null
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(jq -c .failed <<< "$output")" -eq 0 ]
    [ -z "$stderr" ]
    [ "$(token)" = "$version" ]
}

@test "without a token there is nothing to do" {
    run -0 --separate-stderr sl-oauth-refresh -f json
    [ "$(jq -c . <<< "$output")" = '{"refreshed":0,"failed":0,"fresh":0}' ]
    run -0 sl-oauth-refresh -q
    [ -z "$output" ]
}

@test "four at once renew once" {
    sl-config test -s greenhill -p mpesa > /dev/null
    version=$(token)
    sql 'UPDATE oauth_tokens SET expires_at = expires_at - 3500000'
    jobs=
    for _ in 1 2 3 4; do
        sl-oauth-refresh -q 3>&- &
        jobs="$jobs $!"
    done
    for job in $jobs; do wait "$job"; done
    [ "$(token)" -eq $((version + 1)) ]
}

@test "credentials that are refused are told with the cure, and the account is blocked" {
    sl-config test -s greenhill -p mpesa > /dev/null
    sl-config set -s greenhill -p mpesa --from - -q <<< 'consumer_secret=revoked' > /dev/null
    renamed
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(jq -c . <<< "$output")" = '{"refreshed":0,"failed":1,"fresh":0}' ]
    [[ "$stderr" == *"sl-config test -s greenhill -p mpesa"* ]]
    [ "$(sql "SELECT count(*) FROM accounts WHERE blocked IS NOT NULL")" -eq 1 ]
}

@test "a provider that is down: the old token stays, and it says so" {
    sl-config test -s greenhill -p mpesa > /dev/null
    kill "$sandbox"; wait "$sandbox" || true; sandbox=
    run -0 --separate-stderr timeout 60 sl-oauth-refresh --within 7200 -f json
    [ "$(field failed <<< "$output")" -eq 1 ]
    [ "$(sql "SELECT count(*) FROM accounts WHERE blocked IS NOT NULL")" -eq 0 ]
}

@test "each account is told with its own reason" {
    sl-sandbox setup -s lakeside --quiet > /dev/null
    sl-config set -s lakeside -p mpesa --from - -q <<< 'consumer_secret=sandbox-secret-2' > /dev/null
    sl-config test -s greenhill -p mpesa > /dev/null
    sl-config test -s lakeside -p mpesa > /dev/null
    sl-config set -s lakeside -p mpesa --from - -q <<< 'base_url=http://127.0.0.1:9' > /dev/null
    sl-config set -s greenhill -p mpesa --from - -q <<< 'consumer_secret=revoked' > /dev/null
    renamed
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(field failed <<< "$output")" -eq 2 ]
    [ "$(grep -c 'sl-config test' <<< "$stderr")" -eq 1 ]
    [[ "$stderr" == *"mpesa of greenhill could not be renewed: "*Authentication* ]]
    [[ "$stderr" == *"mpesa of lakeside gave no token; it is asked again next time"* ]]
}

@test "a token that no school uses any more is left, one that another still uses is renewed" {
    sl-config test -s greenhill -p mpesa > /dev/null
    sl-sandbox setup -s lakeside --quiet > /dev/null
    version=$(token)
    sl-config disable -s greenhill -p mpesa > /dev/null
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(field refreshed <<< "$output")" -eq 1 ]
    [ "$(token)" -gt "$version" ]
    sl-config disable -s lakeside -p mpesa > /dev/null
    run -0 --separate-stderr sl-oauth-refresh --within 7200 -f json
    [ "$(jq -c . <<< "$output")" = '{"refreshed":0,"failed":0,"fresh":0}' ]
    [ -z "$stderr" ]
}

# ---- sl-config test

@test "test: ok, failed, refused, and their statuses" {
    run -0 --separate-stderr sl-config test -s greenhill -f json
    [ "$(jq -r '[.[].status] | unique | join(" ")' <<< "$output")" = ok ]
    [ "$(jq -r '.[0] | keys_unsorted | join(" ")' <<< "$output")" = 'school provider status error duration_ms' ]
    sl-config set -s greenhill -p africastalking --from - -q <<< 'api_key=wrong' > /dev/null
    run -77 --separate-stderr sl-config test -s greenhill -f json
    [ "$(jq -r '[.[] | select(.status != "ok")] | map(.provider + " " + .status) | join(" ")' <<< "$output")" = 'africastalking refused' ]
    sl-config set -s greenhill -p africastalking --from - -q <<< 'base_url=http://127.0.0.1:9' > /dev/null
    run -1 --separate-stderr sl-config test -s greenhill -p africastalking -f json
    [ "$(field status <<< "$output")" = failed ]
    [ -n "$(field error <<< "$output")" ]
}

@test "a clock that is not the provider's is told by doctor, until an answer agrees" {
    sl-config test -s greenhill -p mpesa > /dev/null
    clock() { sl-config doctor -f json | jq -r '.[] | select(.check == "clock") | "\(.status) \(.found) \(.cure)"'; }
    [[ "$(clock)" == "ok "* ]]
    sql "INSERT INTO facts (account, kind, key, value) SELECT account, 'clock', '', '-3600' FROM integration_configs c
        JOIN integration_providers p ON p.id = c.provider_id WHERE p.code = 'mpesa'"
    [[ "$(clock)" == "bad "*"3600 s behind mpesa"*"sl-config test -p mpesa"* ]]
    sl-config test -s greenhill -p mpesa > /dev/null
    [[ "$(clock)" == "ok "* ]]
}

@test "a test that passes lifts the block" {
    sl-config test -s greenhill -p africastalking > /dev/null
    sql "UPDATE accounts SET blocked = 'once'"
    run -0 sl-config test -s greenhill -p africastalking
    [ "$(sql "SELECT count(*) FROM accounts a JOIN integration_configs c ON c.account = a.account JOIN integration_providers p ON p.id = c.provider_id WHERE p.code = 'africastalking' AND blocked IS NOT NULL")" -eq 0 ]
}
