load helpers
load running
# Twilio: one request a number, reports that are signed, answers that are lost.

setup() { start_all; }
teardown() { stop_all; }

# send TEXT NUMBER: the message's id, whatever became of it.
send() { sl-sms send -p twilio -m "$1" "$2" -f json 2> /dev/null | field id; }

message() { sl-sms status "$1" -f json | field "$2"; }
message_is() { [ "$(message "$1" status)" = "$2" ]; }

# due: the time of the next question has come.
due() { sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE waits_for IS NOT NULL"; }

# asked N: asks until the provider was asked for its list so often.
asked() { [ "$(sl-sandbox seen twilio | grep -c '"list"')" -eq "$1" ]; }
ask() {
    due
    until_true worked_until_asked "$1"
    work
}
worked_until_asked() { work; asked "$1"; }

reset() { curl -sS -X POST "$SL_SANDBOX_URL/_sandbox/reset" > /dev/null; }

@test "a text is delivered, and its report is believed because it is signed" {
    id=$(send 'School opens on Monday' 0711000001)
    until_true message_is "$id" delivered
    [[ "$(message "$id" external_reference)" == SM* ]]
    [ "$(counted messages)" -eq 1 ]
    [ "$(sql "SELECT reference_id FROM integration_logs WHERE operation = 'sms.send'")" = "$id" ]
    sl-sandbox seen twilio | grep -q "?id=$id#rc=5&rp=all"
    sl-logs verify > /dev/null
}

@test "a personalised list is one request a number" {
    printf 'phone,name\n0711000001,Asha\n0711000002,Baraka\n0711000003,Chebet\n' > "$BATS_TEST_TMPDIR/list.csv"
    run -0 --separate-stderr sl-sms bulk -p twilio -m 'Dear {name}' --file "$BATS_TEST_TMPDIR/list.csv" --yes -f json
    [ "$(field sent <<< "$output")" -eq 3 ]
    batch=$(field batch <<< "$output")
    until_true sh -c "[ \$(sl-sms status $batch -f ndjson | grep -c '\"delivered\"') -eq 3 ]"
    sl-sandbox seen twilio | jq -r .text | sort | paste -sd, | grep -q 'Dear Asha,Dear Baraka,Dear Chebet'
}

@test "a lost answer is settled by the report, which carries our id" {
    id=$(send 'Fees are due' 0799900015)
    until_true message_is "$id" delivered
    [[ "$(message "$id" external_reference)" == SM* ]]
    [ "$(message "$id" error)" = null ]
    [ "$(sql "SELECT status FROM integration_queue WHERE operation = 'sms.send'")" = completed ]
    [ "$(counted messages)" -eq 1 ]
}

@test "without reports a lost answer is settled by the list" {
    sl-config unset -p twilio status_callback > /dev/null
    id=$(send 'Fees are due' 0799900015)
    message_is "$id" unknown
    ask 1
    message_is "$id" delivered
    [[ "$(message "$id" external_reference)" == SM* ]]
    [ "$(sql "SELECT status FROM integration_queue WHERE operation = 'sms.send'")" = completed ]
    [ "$(counted messages)" -eq 1 ]
}

# overdue: the questions have been asked, and patience is over.
overdue() {
    sql "UPDATE integration_queue SET last_attempt_at = last_attempt_at - 3600000 WHERE waits_for IS NOT NULL"
    due
}
taken_again() { work; [ "$(counted messages)" -eq 1 ]; }

@test "what Twilio never had is sent again once, after the third question" {
    sl-config unset -p twilio status_callback > /dev/null
    id=$(send 'Fees are due' 0799900015)
    reset # it forgets what it took
    for n in 1 2 3; do
        ask "$n"
        message_is "$id" unknown
        [ "$(counted messages)" -eq 0 ]
    done
    overdue
    until_true taken_again
    message_is "$id" unknown # its answer was lost once more
    ask 4
    message_is "$id" delivered
    [ "$(counted messages)" -eq 1 ]
}

@test "a report with a wrong token or signature is refused, and the genuine one taken" {
    id=$(send 'Fees are due' 0799900009)
    until_true message_is "$id" delivered
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'webhook.status' AND status_code = 403
        AND error_message LIKE 'X-Twilio-Signature%'")" -eq 1 ]
    [ "$(sql 'SELECT count(*) FROM webhook_events')" -eq 1 ]
    url=$(sql "SELECT request_data FROM integration_logs WHERE operation = 'config.set'" | grep -o 'http[^"]*/status' | tail -n 1)
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$url?id=$id" -d "MessageSid=SM1&MessageStatus=failed")" = 403 ]
    message_is "$id" delivered
}

@test "a report of undelivered says why" {
    id=$(send 'Fees are due' 0799900030)
    until_true message_is "$id" undelivered
    [ "$(message "$id" error)" = 'the phone is off or has no signal' ]
}

@test "who answered STOP to Twilio is an opt-out of ours" {
    id=$(send 'Fees are due' 0799900018)
    message_is "$id" failed
    sl-sms optout list -f json | grep -q +254799900018
    id=$(send 'Fees are due again' 0799900018)
    message_is "$id" skipped
}

# says TEXT [TYPE]: a parent writes to the school's number.
says() {
    curl -sS "$SL_SANDBOX_URL/_sandbox/fire/twilio" -H 'Content-Type: application/json' \
        -d "$(jq -nc --arg t "$1" --arg o "${2-}" '{event: "in", phone: "+254711000001", text: $t} + if $o == "" then {} else {optout_type: $o} end')" > /dev/null
}
opted_out() { sl-sms optout list -f json | grep -q +254711000001; }
opted_in() { ! opted_out; }

@test "a parent opts out by STOP and in by START" {
    says 'Stop it, please'
    until_true opted_out
    says START START
    until_true opted_in
}

@test "a sender that is refused stops the list, and each request is not made" {
    printf 'phone\n0711000001\n0711000002\n0711000003\n0711000004\n' > "$BATS_TEST_TMPDIR/list.csv"
    sl-sandbox scenario invalid-sender > /dev/null
    run -1 --separate-stderr sl-sms bulk -p twilio -m Habari --connections 1 --file "$BATS_TEST_TMPDIR/list.csv" --yes -f json
    [ "$(field failed <<< "$output")" -eq 4 ]
    [ "$(counted refused)" -eq 1 ]
}

@test "settings are tested, also deep, and a wrong token is told" {
    run -0 --separate-stderr sl-config test -p twilio --deep -f json
    [ "$(field status <<< "$output")" = ok ]
    [ "$(sl-sms balance -p twilio -f json | field balance)" = 238.7470 ]
    echo auth_token=wrong-token | sl-config set -p twilio --from - > /dev/null
    run -77 --separate-stderr sl-config test -p twilio -f json
    [ "$(field status <<< "$output")" = refused ]
}

@test "test credentials take a text and nothing else" {
    printf '%s\n' account_sid=ACeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee | sl-config set -p twilio --from - > /dev/null
    run -0 --separate-stderr sl-config test -p twilio -f json
    [ "$(field status <<< "$output")" = ok ]
    [ "$(counted messages)" -eq 1 ]
    run sl-sms balance -p twilio
    [ "$status" -ne 0 ]
    [[ "$output" == *"test credentials"* ]]
}

# twilio TO [NAME=VALUE...]: what the simulated Twilio says to a text.
twilio() {
    curl -sS -u AC00000000000000000000000000000001:sandbox-token \
        "$SL_SANDBOX_URL/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json" \
        --data-urlencode "To=$1" "${@:2}" | jq -r '.code // .status'
}

@test "the sandbox refuses what Twilio refuses" {
    good=(--data-urlencode From=+15005550006 -d Body=Hi)
    [ "$(twilio +254711000001 "${good[@]}")" = queued ]
    [ "$(twilio +15005550001 "${good[@]}")" = 21211 ]
    [ "$(twilio +15005550002 "${good[@]}")" = 21612 ]
    [ "$(twilio +15005550003 "${good[@]}")" = 21408 ]
    [ "$(twilio +15005550004 "${good[@]}")" = 21610 ]
    [ "$(twilio +15005550009 "${good[@]}")" = 21614 ]
    [ "$(twilio +254711000001 --data-urlencode From=+15005550001 -d Body=Hi)" = 21212 ]
    [ "$(twilio +254711000001 --data-urlencode From=+15005550007 -d Body=Hi)" = 21606 ]
    [ "$(twilio +254711000001 --data-urlencode From=+15005550008 -d Body=Hi)" = 21611 ]
    [ "$(twilio +254711000001 -d From=+15005550006 -d Body=Hi)" = 21212 ] # an unencoded plus is a space
    [ "$(twilio +254711000001 -d Body=Hi)" = 21603 ]
    [ "$(twilio +254711000001 --data-urlencode From=+15005550006)" = 21602 ]
    [ "$(twilio +254711000001 "${good[@]}" -d StatusCallback=http://my_school.test/)" = 21609 ]
    [ "$(twilio +254711000001 --data-urlencode From=+15005550006 -d "Body=$(printf 'a%.0s' {1..1601})")" = 21617 ]
    [ "$(curl -sS -u AC00000000000000000000000000000001:wrong "$SL_SANDBOX_URL/2010-04-01/Accounts/AC00000000000000000000000000000001.json" | jq .code)" = 20003 ]
}

@test "asking about one message brings what no report told" {
    id=$(send 'Fees are due' 0799900006) # no report comes
    message_is "$id" sent
    [ "$(message "$id" cost)" = null ]
    run -0 --separate-stderr sl-sms status "$id" --ask -f json
    [ "$(field status <<< "$output")" = delivered ]
    [ "$(field cost <<< "$output") $(field currency <<< "$output")" = '0.00750 USD' ]
    [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation = 'sms.status' AND reference_id = '$id'")" -eq 1 ]
    reset # Twilio does not know it any more
    run -65 sl-sms status "$id" --ask
    run -64 sl-sms status "${id%-1}" --ask
    [[ "$output" == *"one message"* ]]
    id=$(sl-sms send -p africastalking -m Habari 0711000001 -f json | field id)
    run -78 sl-sms status "$id" --ask
    [[ "$output" == *"does no sms.status"* ]]
}
