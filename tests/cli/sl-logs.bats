# The audit trail, as a person and a script see it.
load helpers

setup() {
    fresh
    school greenhill
    sl-config school edit greenhill --name "Green Hill" > /dev/null
    mpesa greenhill
}

# Messages to two numbers, and a payment by one of them.
records() {
    sql "INSERT INTO message_batches (id, public_id, school_id, provider_id, kind, created_at, updated_at)
            SELECT 1, 'B1', id, 4, 'sms.bulk', 1, 1 FROM schools WHERE code = 'greenhill';
        INSERT INTO messages (batch_id, line, address_given, address, status, created_at, updated_at)
            VALUES (1, 2, '0712 345 678', '+254712345678', 'sent', 1, 1),
                   (1, 3, '0799 999 999', '+254799999999', 'sent', 1, 1);
        INSERT INTO payments (public_id, school_id, provider_id, source, status, amount_minor, currency,
            phone, reference, payer, created_at, updated_at)
            SELECT 'P1', id, 1, 'c2b', 'succeeded', 100, 'KES', '+254712345678', 'STU-1', 'Wanjiku', 1, 1
            FROM schools WHERE code = 'greenhill'"
}

@test "list shows the newest first, under the specification's names" {
    run --separate-stderr sl-logs list -f json
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == "[" && "${lines[-1]}" == "]" ]]
    first=$(field id <<< "${lines[1]%,}")
    last=$(field id <<< "${lines[-2]%,}")
    [ "$first" -gt "$last" ]
    for name in id school_id provider_id direction operation reference_type reference_id request_data \
        response_data status status_code error_message duration_ms external_reference ip_address created_at; do
        [[ "${lines[1]}" == *"\"$name\":"* ]]
    done
}

@test "list filters, and says what is wrong with a filter" {
    run sl-logs list -s greenhill --operation school.edit -f ndjson
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1 ]
    run sl-logs list --direction outbound -f ndjson
    [ -z "$output" ]
    run sl-logs list --limit 1 -f ndjson
    [ "${#lines[@]}" -eq 1 ]
    run sl-logs list --since 2h --until 1h -f ndjson
    [ -z "$output" ]
    run sl-logs list --reference greenhill -f ndjson
    [ "${#lines[@]}" -ge 2 ]
    for day in 2026-02-30 2026-04-31 2025-02-29T08:00:00Z; do
        run -65 sl-logs list --since "$day"
    done
    run -0 sl-logs list --since 2024-02-29
    run sl-logs list --since yesterday
    [ "$status" -eq 65 ]
    run sl-logs list --status perhaps
    [ "$status" -eq 65 ]
    run sl-logs list --phone 0712345678
    [ "$status" -eq 65 ]
    run sl-logs list -s nowhere
    [ "$status" -eq 78 ]
    run sl-logs list -p nobody
    [ "$status" -eq 78 ]
}

@test "the provider's reference finds the rows of a payment, though the log shows it without the number in it" {
    records
    sql "UPDATE payments SET external_reference = 'ws_CO_241120261905150001712345678';
        UPDATE integration_logs SET reference_type = 'payment', reference_id = 'P1',
            external_reference = 'ws_CO_2411202619051500017••••5678' WHERE id = 2"
    run -0 sl-logs list --reference ws_CO_241120261905150001712345678 -f ndjson
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == '{"id":2,'* ]]
    run -0 sl-logs list -s greenhill --reference ws_CO_241120261905150001712345678 --phone +254712345678 -f ndjson
    [ -z "$output" ] # both have to fit
}

@test "show prints one row whole; an unknown id is 65" {
    run --separate-stderr sl-logs show 1 -f json
    [ "$status" -eq 0 ]
    [[ "$output" == '{"id":1,'*'"hash":"'* ]]
    run --separate-stderr sl-logs show 99999
    [ "$status" -eq 65 ]
    [[ "$stderr" == "sl-logs: there is no log row 99999"* ]]
    run sl-logs show
    [ "$status" -eq 64 ]
}

@test "show --reveal names whom a payment is about, and that somebody looked is logged" {
    records
    sql "UPDATE integration_logs SET reference_type = 'payment', reference_id = 'P1' WHERE id = 1"
    run --separate-stderr sl-logs show 1 --reveal -f json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"people":[{"kind":"payment","id":"P1","address":"+254712345678","name":"Wanjiku"}]'* ]]
    run --separate-stderr sl-logs list --operation logs.reveal -f ndjson
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *'"reference_id":"1"'* && "$output" != *254712345678* ]]
    run --separate-stderr sl-logs show 1 -f json
    [[ "$output" != *people* ]]
}

@test "a secret that was set is in no row" {
    run sl-logs export
    [ "$status" -eq 0 ]
    [[ "$output" == *config.set* ]]
    [[ "$output" != *secret-of-the-app-5678* ]]
}

@test "tail shows the last rows, oldest first, and -F those that come" {
    run --separate-stderr sl-logs tail --lines 2 -f ndjson
    [ "${#lines[@]}" -eq 2 ]
    [ "$(field id <<< "${lines[0]}")" -lt "$(field id <<< "${lines[1]}")" ]
    sl-logs tail -F --lines 0 -f ndjson > "$BATS_TEST_TMPDIR/tail" 3>&- &
    follower=$!
    sleep 0.3
    sl-config school edit greenhill --name "Hill" > /dev/null
    for _ in $(seq 50); do
        [ -s "$BATS_TEST_TMPDIR/tail" ] && break
        sleep 0.1
    done
    kill -TERM "$follower"
    wait "$follower"
    [ "$(wc -l < "$BATS_TEST_TMPDIR/tail")" -eq 1 ]
    grep -q school.edit "$BATS_TEST_TMPDIR/tail"
}

@test "stats count by operation" {
    run --separate-stderr sl-logs stats -s greenhill -f ndjson
    [ "$status" -eq 0 ]
    [[ "$output" == *'"operation":"school.edit","direction":"inbound","calls":1,"success":1'* ]]
}

@test "export is NDJSON, oldest first, unless another format is asked for" {
    run --separate-stderr sl-logs export
    [ "$(field id <<< "${lines[0]}")" -eq 1 ]
    [[ "${lines[0]}" == *'"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000"'* ]]
    run --separate-stderr sl-logs export -f csv --since today
    [[ "${lines[0]}" == id,created_at,* ]]
}

@test "verify is quiet about a whole trail and names the row that was edited" {
    run --separate-stderr sl-logs verify -f json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ "$output" == '{"status":"ok",'* ]]
    sql "UPDATE integration_logs SET actor = 'nobody' WHERE id = 2"
    run --separate-stderr sl-logs verify -f json
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"row 2 was edited"* ]]
    [[ "$output" == *'"status":"broken"'*'"broken_id":2,"problem":"edited"'* ]]
}

@test "verify names rows that were removed" {
    sql "DELETE FROM integration_logs WHERE id = 2"
    run --separate-stderr sl-logs verify
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"row 2 was removed"* ]]
}

@test "a head that was noted shows that the tail was cut off" {
    noted=$(sl-logs verify -f json)
    head="$(field last_id <<< "$noted"):$(field head <<< "$noted")"
    sl-logs verify --expect "$head"
    sl-config school edit greenhill --name "Hill" > /dev/null
    sl-logs verify --expect "$head"
    sql "DELETE FROM integration_logs WHERE id >= $(field last_id <<< "$noted")"
    sl-logs verify
    run --separate-stderr sl-logs verify --expect "$head"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"removed from the end"* ]]
    run sl-logs verify --expect 12
    [ "$status" -eq 65 ]
}

@test "prune removes nothing while the clock is known to be far ahead" {
    sql "INSERT INTO accounts (account, provider_id) SELECT 'theirs', id FROM integration_providers WHERE code = 'mpesa';
        INSERT INTO facts (account, kind, key, value) VALUES ('theirs', 'clock', '', '315360000')"
    before=$(sql 'SELECT count(*) FROM integration_logs')
    run --separate-stderr sl-logs prune --older-than 0s
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"315360000 s ahead of mpesa"*"sl-config test -p mpesa"* ]]
    [ "$(sql 'SELECT count(*) FROM integration_logs')" -eq "$before" ]
}

@test "prune removes what is old, says so in the trail, and the rest verifies" {
    before=$(sl-logs export | wc -l)
    run --separate-stderr sl-logs prune --older-than 365d -f json
    [ "$status" -eq 0 ]
    [[ "$output" == '{"removed":0,'* ]]
    run --separate-stderr sl-logs prune --older-than 0s --dry-run -f json
    [[ "$output" == "{\"removed\":$before,"* ]]
    [ "$(sl-logs export | wc -l)" -eq "$before" ]
    run --separate-stderr sl-logs prune --older-than 0s -f json
    [[ "$output" == "{\"removed\":$before,"* ]]
    run --separate-stderr sl-logs export
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *logs.prune* ]]
    sl-logs verify
    run sl-logs prune --older-than soon
    [ "$status" -eq 65 ]
}

@test "prune erases what a school keeps for a time only, and a dry run counts it by kind" {
    records
    sql "UPDATE message_batches SET state = 'done', finished_at = 1"
    sl-config school edit greenhill --keep messages=365 --keep bodies=90 > /dev/null
    run --separate-stderr sl-logs prune --dry-run -f json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"bodies":0,"messages":2,"callbacks":0,"queue":0,"events":0'* && "$stderr" == *"nothing was removed or erased"* ]]
    [ "$(sql 'SELECT count(address) FROM messages')" -eq 2 ]
    run --separate-stderr sl-logs prune -f json
    [[ "$output" == *'"messages":2,'* ]]
    run --separate-stderr sl-logs prune -f json
    [[ "$output" == *'"messages":0,'* ]]
    [ "$(sql "SELECT count(*) FROM messages WHERE address IS NULL AND address_given = '' AND status = 'sent'")" -eq 2 ]
    [ "$(sql 'SELECT phone FROM payments')" = +254712345678 ]
    [ "$(sl-logs list --operation logs.keep -f ndjson | wc -l)" -eq 1 ]
    sl-logs verify
}

@test "the installation says how long what no school speaks of is kept" {
    records
    sql "UPDATE message_batches SET state = 'done', finished_at = 1"
    sl-config school edit greenhill --keep messages=36500 > /dev/null
    echo 'keep_days: messages=30' >> "$SL_CONFIG"
    run --separate-stderr sl-logs prune -f json
    [[ "$output" == *'"messages":0,'* ]]
    sl-config school edit greenhill --keep messages= > /dev/null
    run --separate-stderr sl-logs prune -f json
    [[ "$output" == *'"messages":2,'* ]]
    echo 'keep_days: people=30' > "$SL_CONFIG"
    run --separate-stderr sl-logs prune
    [ "$status" -eq 78 ]
    [[ "$stderr" == *"keep_days: 'people=30' does not say"* ]]
}

@test "what was erased is not sent or heard again" {
    sql "INSERT INTO integration_queue (id, school_id, provider_id, operation, payload, status, created_at, public_id, completed_at)
            SELECT 7, id, 4, 'sms.send', '{\"text\":\"Dear\"}', 'failed', 1, 'Q7', 1 FROM schools WHERE code = 'greenhill';
        INSERT INTO webhook_requests (id, school_id, provider_id, hook, method, query, content_type, body, received_at)
            SELECT 8, id, 4, 'dlr', 'POST', '', '', CAST('id=1' AS BLOB), 1 FROM schools WHERE code = 'greenhill';
        INSERT INTO webhook_events (id, request_id, scope, place, kind, state, created_at, updated_at)
            VALUES (9, 8, 'w1', 0, 'delivery', 'done', 1, 1)"
    sl-config school edit greenhill --keep queue=30 --keep callbacks=30 > /dev/null
    sl-logs prune > /dev/null
    run -65 --separate-stderr sl-queue retry 7
    [[ "$stderr" == *"item 7 was erased"* ]]
    run -65 --separate-stderr sl-webhook replay 9
    [[ "$stderr" == *"request 8 brought was erased"* ]]
    run -65 sl-webhook replay --request 8
    [ "$(sql 'SELECT status FROM integration_queue') $(sql 'SELECT state FROM webhook_events')" = "failed done" ]
}

@test "forget erases a person from the files; nobody is asked where nobody sits" {
    records
    run --separate-stderr sl-logs forget -s greenhill --phone 0712345678 < /dev/null
    [ "$status" -eq 64 ]
    [[ "$stderr" == *"--yes"* ]]
    run --separate-stderr sl-logs forget -s greenhill --phone 0712345678 --yes -f json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"messages":1,"payments":1,'* ]]
    run grep -c -a -e 712345678 -e "712 345" -e Wanjiku "$SL_DATABASE"
    [ "$output" -eq 0 ]
    grep -q -a 799999999 "$SL_DATABASE"
    [ ! -s "$SL_DATABASE-wal" ] || ! grep -q -a 712345678 "$SL_DATABASE-wal"
    sl-logs verify
    run --separate-stderr sl-logs list --operation logs.forget -f ndjson
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" != *712345678* ]]
}

@test "what is not over keeps its number, and forget says so" {
    records
    sql "UPDATE payments SET status = 'pending'"
    run --separate-stderr sl-logs forget -s greenhill --phone +254712345678 --yes
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"not over keep the number (1)"* ]]
    [ "$(sql "SELECT phone FROM payments")" = "+254712345678" ]
}

@test "without a school or a number, forget is refused" {
    run sl-logs forget --phone 0712345678 --yes
    [ "$status" -eq 64 ]
    run sl-logs forget -s greenhill --yes
    [ "$status" -eq 64 ]
    run sl-logs forget -s greenhill --phone 12 --yes
    [ "$status" -eq 65 ]
}
