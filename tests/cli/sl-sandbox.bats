load helpers
# What a person sees of sl-sandbox, and what it leaves in an installation.

setup() {
    fresh
    printf 'public_url: http://127.0.0.1:9\n' >> "$SL_CONFIG"
    sandbox=
}

teardown() { stop; }

# serve [OPTION...]: starts a sandbox, which SL_SANDBOX_URL names from now on.
serve() {
    sl-sandbox serve --listen 127.0.0.1:0 "$@" 2> "$BATS_TEST_TMPDIR/said" 3>&- &
    sandbox=$!
    for _ in $(seq 400); do
        grep -q '^listening on ' "$BATS_TEST_TMPDIR/said" && break
        kill -0 "$sandbox"
        read -rt 0.02 <> <(:) || true
    done
    SL_SANDBOX_URL=http://$(sed -n 's/^listening on //p' "$BATS_TEST_TMPDIR/said")
    export SL_SANDBOX_URL
}

# stop: the sandbox's exit status is this one's.
stop() {
    local pid=$sandbox
    sandbox=
    [ -n "$pid" ] || return 0
    kill "$pid"
    wait "$pid"
}

# sms NUMBER...: texts them past our own programs.
sms() {
    for number; do
        curl -sS -o "$BATS_TEST_TMPDIR/answer" -H 'apiKey: sandbox-key' -H 'Accept: application/json' \
            "$SL_SANDBOX_URL/version1/messaging" -d username=sandbox -d message=Hello \
            --data-urlencode "to=$number"
    done
}

# ---- serve

@test "it serves until SIGTERM, and that is no failure" {
    serve
    [ "$(curl -sS "$SL_SANDBOX_URL/_sandbox/health" | field status)" = ok ]
    stop
    [ "$(grep -c . "$BATS_TEST_TMPDIR/said")" -eq 1 ]
}

@test "it listens on loopback only" {
    run --separate-stderr timeout 5 sl-sandbox serve --listen 0.0.0.0:0
    [ "$status" -ne 0 ]
    [ "$status" -ne 124 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a rate that is none and a scenario that is none are refused" {
    for rate in 1.1 -0.1 x '' 1e-3; do
        run --separate-stderr timeout 5 sl-sandbox serve --listen 127.0.0.1:0 --fail="$rate"
        [ "$status" -eq 65 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
    run --separate-stderr timeout 5 sl-sandbox serve --listen 127.0.0.1:0 --scenario flakey
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"did you mean 'flaky'"* ]]
}

@test "with the rate 1 everything is refused, and nothing counted as taken" {
    serve --fail 1
    sms +254711000001 +254711000002
    run -0 sl-sandbox counts -f json
    [ "$(field refused <<< "$output")" -eq 2 ]
    [ "$(field messages <<< "$output")" -eq 0 ]
}

@test "the same seed gives the same ids" {
    serve --seed 7
    sms +254711000001
    first=$(sl-sandbox seen | field id)
    stop
    serve --seed 7
    sms +254711000001
    [ "$(sl-sandbox seen | field id)" = "$first" ]
}

# ---- scenario

@test "the list has every scenario with its number and meaning" {
    run -0 sl-sandbox scenario list -f json
    [ "$(jq -r '.[0].name' <<< "$output")" = ok ]
    [ "$(jq '[.[] | select(.meaning == "")] | length' <<< "$output")" -eq 0 ]
    jq -e '[.[].number] == [range(length)]' <<< "$output"
}

@test "a scenario is in force from when it is named" {
    serve
    run -0 --separate-stderr sl-sandbox scenario blacklisted -f json
    [ "$(field name <<< "$output")" = blacklisted ]
    [ -n "$(field meaning <<< "$output")" ]
    sms +254711000001
    [ "$(sl-sandbox seen | field code)" -eq 406 ]
    run --separate-stderr sl-sandbox scenario blacklistet
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"did you mean 'blacklisted'"* ]]
    [ "$(curl -sS "$SL_SANDBOX_URL/_sandbox/health" | field scenario)" = blacklisted ]
}

# ---- seen, counts, reset

@test "what was seen is printed in every format, in order" {
    serve
    sms +254711000001 +254711000002
    [ "$(sl-sandbox seen | jq -r .to | tr '\n' ' ')" = '+254711000001 +254711000002 ' ]
    [ "$(sl-sandbox seen -f json | jq length)" -eq 2 ]
    [ "$(sl-sandbox seen -f csv | wc -l)" -eq 3 ]
    [[ "$(sl-sandbox seen -f table)" == *AT*PROVIDER*+254711000001*+254711000002* ]]
    [ "$(sl-sandbox seen africastalking | wc -l)" -eq 2 ]
    [ -z "$(sl-sandbox seen mpesa)" ]
    [ "$(sl-sandbox seen mpesa -f json)" = '[]' ]
    run --separate-stderr sl-sandbox seen mpessa
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"did you mean 'mpesa'"* ]]
}

@test "a disk that is full is told" {
    serve
    sms +254711000001
    run --separate-stderr bash -c 'sl-sandbox seen > /dev/full'
    [ "$status" -eq 74 ]
}

@test "reset forgets" {
    serve
    sms +254711000001
    [ "$(sl-sandbox counts -f json | field messages)" -eq 1 ]
    run -0 sl-sandbox reset
    [ -z "$(sl-sandbox seen)" ]
    [ "$(sl-sandbox counts -f json | field messages)" -eq 0 ]
}

@test "a sandbox that does not answer, or is none, is told with what to do" {
    for verb in seen counts reset 'scenario ok' 'setup -s greenhill'; do
        # shellcheck disable=SC2086
        run --separate-stderr sl-sandbox $verb --url http://127.0.0.1:9
        [ "$status" -eq 69 ]
        [ -z "$output" ]
        [[ "$stderr" == *"sl-sandbox serve"* ]]
    done
}

@test "no other machine is asked, and no proxy" {
    serve
    run --separate-stderr sl-sandbox counts --url http://192.0.2.1:8490
    [ "$status" -eq 64 ]
    http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 run -0 sl-sandbox counts
}

# ---- setup

@test "setup makes the school and sets every provider that is simulated" {
    serve
    run -0 --separate-stderr sl-sandbox setup -s greenhill -f json
    for code in africastalking twilio mpesa flutterwave pesapal moodle local s3 gdrive fcm apns whatsapp; do jq -e --arg code "$code" 'any(.provider == $code)' <<< "$output"; done
    [ "$(jq -r '[.[].base_url // empty] | unique | join(" ")' <<< "$output")" = "$SL_SANDBOX_URL" ]
    [ "$(sl-config school show greenhill -f json | field name)" = Greenhill ]
    [ "$(sl-config list -s greenhill -f json | jq -r '[.[].environment] | unique | join(" ")')" = sandbox ]
    [ "$(sl-config webhook list -s greenhill -f json | jq length)" -eq "$(jq '[.[].webhook // empty] | length' <<< "$output")" ]
}

@test "what setup has set is what the sandbox takes, at full speed" {
    serve
    sl-sandbox setup -s greenhill --quiet
    for n in $(seq 10 59); do echo "+2547110000$n"; done > "$BATS_TEST_TMPDIR/numbers"
    mapfile -t numbers < "$BATS_TEST_TMPDIR/numbers"
    run -0 --separate-stderr sl-sms send -s greenhill -m Hello -f json "${numbers[@]}"
    [ "$(jq '[.[] | select(.status == "sent")] | length' <<< "$output")" -eq 50 ]
    run -0 --separate-stderr sl-pay request -s greenhill --phone 0708374149 --amount 10 --reference A1 -f json
    [ "$(field status <<< "$output")" = pending ]
}

@test "a second setup replaces, and makes no second endpoint" {
    serve
    sl-sandbox setup -s greenhill --quiet
    stop
    serve
    run -0 --separate-stderr sl-sandbox setup -s greenhill -f json
    [ "$(sl-config webhook list -s greenhill -f json | jq length)" -eq "$(jq '[.[].webhook // empty] | length' <<< "$output")" ]
    run -0 --separate-stderr sl-sms send -s greenhill -m Hello -f json +254711000001
    [ "$(field status <<< "$output")" = sent ]
}

@test "without a sandbox setup changes nothing" {
    run sl-sandbox setup -s greenhill --url http://127.0.0.1:9
    [ "$status" -eq 69 ]
    [ "$(sl-config school list -f json)" = '[]' ]
    run --separate-stderr sl-sandbox setup --url http://127.0.0.1:9
    [ "$status" -eq 64 ]
}

@test "a public address that the sandbox will not call is told, and set up all the same" {
    serve
    sed -i 's,^public_url: .*,public_url: https://school.example,' "$SL_CONFIG"
    run -0 --separate-stderr sl-sandbox setup -s greenhill -f json
    [[ "$stderr" == *https://school.example* ]]
    [ "$(field callbacks <<< "$output")" = false ]
}

@test "without a public address setup says how to have one, and makes samples without prompts" {
    serve
    sed -i '/^public_url/d' "$SL_CONFIG"
    run -0 --separate-stderr sl-sandbox setup -s greenhill --samples -f json
    [[ "$stderr" == *public_url* ]]
    [ "$(field webhook <<< "$output")" = null ]
    [ "$(sql "SELECT count(*) FROM payments")" -eq 0 ]
}

@test "samples leave queue items in every state, once, and a trail that verifies" {
    serve
    sl-sandbox setup -s greenhill --samples --quiet
    states=$(sql "SELECT group_concat(status, ' ') FROM (SELECT DISTINCT status FROM integration_queue ORDER BY 1)")
    [ "$states" = 'cancelled completed failed pending processing' ]
    [ "$(sql "SELECT count(*) FROM payments")" -eq 3 ]
    [ "$(sql "SELECT count(DISTINCT status) FROM integration_logs")" -eq 3 ]
    before=$(sql "SELECT count(*) FROM integration_queue")
    sl-sandbox setup -s greenhill --samples --quiet
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq "$before" ]
    run -0 sl-logs verify
}

@test "the list that ships has nine parents who can be texted" {
    serve
    sl-sandbox setup -s greenhill --quiet
    run --separate-stderr sl-sms bulk -s greenhill --dry-run --report - \
        -m 'Dear {parent}: {pupil} {balance}' --file "$BATS_TEST_DIRNAME/../../etc/samples/parents.csv"
    [ "$(grep -c ',ready,' <<< "$output")" -eq 9 ]
    [ "$(sl-sandbox counts -f json | field messages)" -eq 0 ]
}
