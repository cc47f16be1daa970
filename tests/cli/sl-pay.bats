load helpers
# What a person or a script sees of sl-pay where no provider answers: what is refused, what is queued,
# what is shown. What needs an answer is in the scenarios.

setup() {
    fresh
    school
    mpesa greenhill base_url=http://127.0.0.1:9 callback_base_url=http://127.0.0.1:8480
}

# request [OPTION...]: a good request, but for what the options say.
request() {
    sl-pay request -s greenhill --phone 0708374149 --amount 1500 --reference ADM1024 "$@"
}

payments() { sql "SELECT count(*) FROM payments"; }

# paid: a payment that has succeeded; prints its id.
paid() {
    request -f json > "$BATS_TEST_TMPDIR/paid" 2> "$BATS_TEST_TMPDIR/said" || [ $? -eq 75 ]
    sql "UPDATE payments SET status = 'succeeded', receipt = 'NLJ7RT61SV'"
    field id < "$BATS_TEST_TMPDIR/paid"
}

# ---- What is refused

@test "an amount that is none is refused with its reason, and nothing is recorded" {
    for amount in 0 -5 1e3 1,500 12.345 99999999999 abc "" 12.50; do
        run --separate-stderr sl-pay request -s greenhill --phone 0708374149 --amount="$amount" \
            --reference ADM1024
        [ "$status" -eq 65 ]
        [ -z "$output" ]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
    [ "$(payments)" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 0 ]
}

@test "a reference that the payer would not see as it is is refused" {
    for reference in ADM1024567890 'ADM@1' 'ADM#1' 'ADM&1' ''; do
        run --separate-stderr request --reference "$reference"
        [ "$status" -eq 65 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
    [ "$(payments)" -eq 0 ]
}

@test "a phone that cannot be asked is refused" {
    for phone in 12 abc 0202222222 +447700900123; do
        run --separate-stderr request --phone "$phone"
        [ "$status" -eq 65 ]
    done
    [ "$(payments)" -eq 0 ]
}

@test "a line that lacks something names what it lacks" {
    run --separate-stderr sl-pay request --phone 0708374149 --amount 1500 --reference ADM1024
    [ "$status" -eq 64 ]
    [[ "$stderr" == *school* ]]
    run --separate-stderr sl-pay request -s greenhill --phone 0708374149 --reference ADM1024
    [ "$status" -eq 64 ]
    [[ "$stderr" == *amount* ]]
    run --separate-stderr sl-pay request -s greenhil --phone 0708374149 --amount 1 --reference A
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"did you mean 'greenhill'"* ]]
    run --separate-stderr sl-pay
    [ "$status" -eq 64 ]
    run --separate-stderr sl-pay refnud X
    [ "$status" -eq 64 ]
    [[ "$stderr" == *refund* ]]
}

@test "a missing database or key ring is one line that names its cure" {
    SL_DATABASE=$BATS_TEST_TMPDIR/none run --separate-stderr sl-pay list
    [ "$status" -eq 78 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"sl-config init"* ]]
    rm "$SL_KEYRING"
    run --separate-stderr request
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"sl-config init"* ]]
    [ "$(payments)" -eq 0 ]
}

@test "a school without a provider for payments is told how to set one up" {
    school hillside
    run --separate-stderr request -s hillside
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"sl-config set"* ]]
    run --separate-stderr request -p africastalking
    [ "$status" -eq 78 ]
}

@test "without a public address nothing is asked for" {
    sl-config unset -s greenhill -p mpesa callback_base_url > /dev/null
    run --separate-stderr request
    [ "$status" -eq 78 ]
    [[ "$stderr" == *public_url* ]]
    [ "$(payments)" -eq 0 ]
}

@test "meta is NAME=VALUE, once each" {
    run --separate-stderr request --meta invoice
    [ "$status" -eq 65 ]
    run --separate-stderr request --meta =7
    [ "$status" -eq 65 ]
    run --separate-stderr request --meta a=1 --meta a=2
    [ "$status" -eq 65 ]
    [ "$(payments)" -eq 0 ]
}

# ---- What is queued

@test "when the provider cannot be reached the request is queued and shown" {
    run --separate-stderr request --meta invoice=7 --meta by=bursar -f json
    [ "$status" -eq 75 ]
    [[ "$stderr" == *queued* ]]
    [ "$(jq -c 'keys_unsorted[0:14]' <<< "$output")" = '["id","provider","status","amount","currency","phone","reference","description","external_reference","receipt","checkout_url","error","created_at","updated_at"]' ]
    [ "$(field status <<< "$output")" = initiated ]
    [ "$(field amount <<< "$output")" = 1500.00 ]
    [ "$(field phone <<< "$output")" = +254708374149 ]
    [ "$(jq -c .meta <<< "$output")" = '{"invoice":"7","by":"bursar"}' ]
    [ "$(sql "SELECT status FROM integration_queue WHERE operation = 'payment.request'")" = pending ]
}

@test "neither the token of its callback nor a secret stands in the database or the output" {
    run request -vv -f json
    [[ "$output" != *key-of-the-app* ]]
    [[ "$output" != *secret-of-the-app* ]]
    [ "$(sql "SELECT length(callback_token) FROM integration_queue")" -eq 64 ]
    [[ "$(sql "SELECT memory FROM integration_queue")" == sl1:* ]]
}

@test "a wait that runs out says so" {
    run --separate-stderr request --wait 1 -f json
    [ "$status" -eq 75 ]
    [[ "$stderr" == *"waiting up to 1 s"* ]]
    [ "$(field status <<< "$output")" = initiated ]
}

@test "a dry run shows the request, masked, and records nothing" {
    run --separate-stderr request -n -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r .request.body.Amount <<< "$output")" = 1500 ]
    [ "$(jq -r .request.body.PartyA <<< "$output")" = "2547••••4149" ]
    [[ "$output" != *key-of-the-app* ]]
    [ "$(payments)" -eq 0 ]
    run --separate-stderr request -n --amount 1e3
    [ "$status" -eq 65 ]
}

@test "with an output that is not open nothing is asked for, and one that fails later names what was" {
    run --separate-stderr bash -c 'sl-pay request -s greenhill --phone 0708374149 --amount 1 --reference A >&-'
    [ "$status" -eq 74 ]
    [[ "$stderr" == *"standard output"* ]]
    [ "$(payments)" -eq 0 ]
    run --separate-stderr bash -c 'sl-pay request -s greenhill --phone 0708374149 --amount 1 --reference A > /dev/full'
    [ "$status" -eq 74 ]
    [[ "$stderr" == *"payment $(sql "SELECT public_id FROM payments") is recorded"* ]]
    [[ "$stderr" == *"\`sl-pay status $(sql "SELECT public_id FROM payments")\`"* ]]
    run --separate-stderr bash -c 'sl-pay c2b simulate -s greenhill --phone 0708374149 --amount 1 --reference A > /dev/full'
    [ "$status" -eq 74 ]
    [[ "$stderr" == *"\`sl-queue show "*"\`"* ]]
}

@test "a refund whose output fails is named" {
    id=$(paid)
    printf 'initiator_name=testapi\nsecurity_credential=c2VhbGVk\n' |
        sl-config set -s greenhill -p mpesa --from - > /dev/null
    run --separate-stderr bash -c "sl-pay refund $id > /dev/full"
    [ "$status" -eq 74 ]
    [[ "$stderr" == *"\`sl-pay status $(sql "SELECT public_id FROM refunds")\`"* ]]
}

@test "a key stands for one payment" {
    run --separate-stderr request --key invoice-7 -f json
    first=$(field id <<< "$output")
    run --separate-stderr request --key invoice-7 -f json
    [ "$status" -eq 75 ]
    [ "$(field id <<< "$output")" = "$first" ]
    run --separate-stderr request --key invoice-7 --amount 1501 -f json
    [ "$status" -eq 65 ]
    [ "$(jq -r .error.code <<< "$stderr")" = data ]
    [ "$(payments)" -eq 1 ]
}

@test "of twenty requests with one key one wins" {
    for _ in $(seq 20); do request --key invoice-8 > /dev/null 2>&1 & done
    wait
    [ "$(payments)" -eq 1 ]
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 1 ]
}

# ---- What is shown

@test "status prints an array of one, and an unknown id is refused" {
    id=$(paid)
    run --separate-stderr sl-pay status "$id" -f json
    [ "$status" -eq 0 ]
    [ "$(jq -r '.[0].receipt' <<< "$output")" = NLJ7RT61SV ]
    run --separate-stderr sl-pay status 01NOTTHERE
    [ "$status" -eq 65 ]
    school hillside
    run --separate-stderr sl-pay status -s hillside "$id"
    [ "$status" -eq 65 ]
}

@test "list shows the newest first, and can be narrowed" {
    request --reference A1 > /dev/null 2>&1 || true
    request --reference A2 > /dev/null 2>&1 || true
    sql "UPDATE payments SET status = 'failed' WHERE reference = 'A1'"
    run --separate-stderr sl-pay list -f json
    [ "$(jq -c 'map(.reference)' <<< "$output")" = '["A2","A1"]' ]
    [ "$(sl-pay list --status failed -f json | jq -c 'map(.reference)')" = '["A1"]' ]
    [ "$(sl-pay list -s greenhill --reference A2 -f json | jq length)" -eq 1 ]
    [ "$(sl-pay list --since 1h -f json | jq length)" -eq 2 ]
    [ "$(sl-pay list -s greenhill --since 2030-01-01 -f json)" = '[]' ]
    run --separate-stderr sl-pay list --status paid
    [ "$status" -eq 65 ]
    run --separate-stderr sl-pay list --since yesterdayish
    [ "$status" -eq 65 ]
}

@test "a receipt is the school's text, and only of what was paid" {
    id=$(paid)
    run --separate-stderr sl-pay receipt "$id"
    [ "$status" -eq 0 ]
    [[ "$output" == *"KES 1500.00"*NLJ7RT61SV* ]]
    sql "UPDATE schools SET receipt_template = 'Asante, {reference}: {receipt} {currency} {amount} {{}} {school}'"
    [ "$(sl-pay receipt "$id")" = "Asante, ADM1024: NLJ7RT61SV KES 1500.00 {} Greenhill School" ]
    sql "UPDATE payments SET receipt = NULL"
    run --separate-stderr sl-pay receipt "$id"
    [ "$status" -eq 65 ]
    sql "UPDATE payments SET status = 'pending'"
    run --separate-stderr sl-pay receipt "$id"
    [ "$status" -eq 65 ]
    [[ "$stderr" == *pending* ]]
}

# ---- Asking and giving back

@test "what has no id cannot be asked about" {
    run --separate-stderr request -f json
    run --separate-stderr sl-pay verify "$(field id <<< "$output")" -f json
    [ "$status" -eq 1 ]
    [ "$(field status <<< "$output")" = initiated ]
}

@test "reconcile asks about what is old enough, and prints one record for each" {
    request > /dev/null 2>&1 || true
    run --separate-stderr sl-pay reconcile -f json
    [ "$output" = '[]' ]
    [[ "$stderr" == *"1 left alone, asked for less than 3m ago"* ]]
    sql "UPDATE payments SET status = 'pending', external_reference = 'ws_CO_1', created_at = created_at - 200000"
    run --separate-stderr sl-pay reconcile -f json
    [ "$status" -eq 75 ]
    [ "$(jq length <<< "$output")" -eq 1 ]
    [[ "$stderr" != *left* ]]
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE operation = 'payment.verify'")" -eq 1 ]
    run --separate-stderr sl-pay reconcile --older-than soon
    [ "$status" -eq 65 ]
}

@test "a payment that nobody heard of for a day is unknown" {
    request > /dev/null 2>&1 || true
    sql "UPDATE payments SET status = 'pending', created_at = created_at - 90000000"
    run --separate-stderr sl-pay reconcile -f json
    [ "$status" -eq 0 ]
    [ "$(field status <<< "$output")" = unknown ]
}

@test "only what was paid is given back, all of it, once" {
    id=$(paid)
    printf 'initiator_name=testapi\nsecurity_credential=c2VhbGVk\n' |
        sl-config set -s greenhill -p mpesa --from - > /dev/null
    run --separate-stderr sl-pay refund "$id" --amount 500
    [ "$status" -eq 65 ]
    [[ "$stderr" == *--force* ]]
    run --separate-stderr sl-pay refund "$id" --amount 1501
    [ "$status" -eq 65 ]
    run --separate-stderr sl-pay refund "$id" --reason "Paid twice" --key r1 -f json
    [ "$status" -eq 75 ]
    [ "$(field payment <<< "$output")" = "$id" ]
    refund=$(field id <<< "$output")
    [ "$(sl-pay refund "$id" --reason "Paid twice" --key r1 -f json 2> /dev/null | field id)" = "$refund" ]
    run --separate-stderr sl-pay refund "$id"
    [ "$status" -eq 65 ]
    [ "$(sl-pay status "$refund" -f json | field status)" = initiated ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'payment.refund' AND actor IS NOT NULL")" -eq 1 ]
    sql "UPDATE payments SET status = 'failed'"
    run --separate-stderr sl-pay refund "$id"
    [ "$status" -eq 65 ]
}

# ---- Known references

@test "references are trimmed, in upper case, and bad rows are named" {
    run --separate-stderr sl-pay c2b accounts import -s greenhill -f json \
        < <(printf 'name,reference\nA,adm1\nB, Adm2 \nC,\nD,ADM1\n')
    [ "$status" -eq 1 ]
    [ "$output" = '{"total":4,"added":2,"known":1,"failed":1}' ]
    [[ "$stderr" == *"line 4"* ]]
    [ "$(sl-pay c2b accounts list -s greenhill -f json | jq -c 'map(.reference)')" = '["ADM1","ADM2"]' ]
    run --separate-stderr sl-pay c2b accounts clear -s greenhill
    [ "$status" -eq 0 ]
    [ "$(sl-pay c2b accounts list -s greenhill -f json)" = '[]' ]
}

@test "a list without the column, or without a row, is refused" {
    run --separate-stderr sl-pay c2b accounts import -s greenhill <<< $'refrence\nADM1'
    [ "$status" -eq 65 ]
    [[ "$stderr" == *"did you mean"* || "$stderr" == *refrence* ]]
    run --separate-stderr sl-pay c2b accounts import -s greenhill <<< reference
    [ "$status" -eq 65 ]
    run --separate-stderr sl-pay c2b accounts import -s greenhill --file /nowhere.csv
    [ "$status" -eq 65 ]
}

@test "a pretended payment is checked like a real one, and never made in production" {
    run --separate-stderr sl-pay c2b simulate -s greenhill --phone 0708374149 --amount 0 --reference A
    [ "$status" -eq 65 ]
    sl-config set -s greenhill -p mpesa --environment production > /dev/null
    run --separate-stderr sl-pay c2b simulate -s greenhill --phone 0708374149 --amount 5 --reference A
    [ "$status" -eq 78 ]
    [ "$(sql "SELECT count(*) FROM integration_queue")" -eq 0 ]
}
