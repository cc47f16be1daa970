load helpers
load running
# A school that has ranked two providers of texts: what the first cannot send, the second does.

setup() {
    start_all
    cd "$BATS_TEST_TMPDIR"
    sl-config rank sms africastalking twilio > /dev/null
    echo phone > list.csv
    seq -f '+2547110%05.0f' 1 40 >> list.csv
}
teardown() { stop_all; }

done_with() { sl-queue-run --quiet; sl-sms status "$1" -f json | jq -e 'all(.status == "sent" or .status == "delivered")'; }

@test "without money at the first, the texts that have not left go by the second, one each" {
    sl-config rank sms africastalking > /dev/null
    sl-sandbox scenario insufficient-balance > /dev/null 2>&1
    run -75 sl-sms send -m 'the first to learn of it' 0711000099
    sl-sandbox scenario ok > /dev/null 2>&1
    sl-config rank sms africastalking twilio > /dev/null
    run -0 --separate-stderr sl-sms bulk -m 'School opens on Monday' --file list.csv --yes -f json
    batch=$(field batch <<< "$output")
    [ "$(field sent <<< "$output")" -eq 40 ]
    until_true done_with "$batch"
    [ "$(counted distinct)" -eq 41 ] # the first, which waited, went with them
    [ "$(counted duplicated)" -eq 0 ]
    [ "$(sql "SELECT DISTINCT p.code FROM message_batches b JOIN integration_providers p ON p.id = b.provider_id")" = twilio ]
    # a report of the second provider finds its message
    until_true sh -c "sl-sms status $batch -f json | jq -e 'any(.status == \"delivered\")'"
    sl-logs verify > /dev/null
}

@test "a breaker that is open sends what comes next by the second, and nothing twice" {
    sl-config set -p africastalking base_url=http://127.0.0.1:9 --quiet > /dev/null
    run -75 sl-sms send -m 'text 1' 0711000001
    for i in 2 3 4 5 6; do
        run sl-sms send -m "text $i" "071100000$i"
        [ "$status" -eq 75 ] || [ "$status" -eq 0 ] # by the second, once the breaker has opened
    done
    until_true sh -c "sl-queue-run -q; sl-sandbox counts -f json | jq -e '.distinct == 6'"
    [ "$(counted duplicated)" -eq 0 ]
    run -0 sl-sms send -m 'and another' 0711000009
}

@test "who ranks nobody waits for the first, and a payment goes nowhere else" {
    sl-config rank sms africastalking > /dev/null
    sl-config set -p africastalking base_url=http://127.0.0.1:9 --quiet > /dev/null
    for i in 1 2 3 4 5 6; do run -75 sl-sms send -m "text $i" "071100000$i"; done
    work
    [ "$(counted messages)" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'queued'")" -eq 6 ]
}
