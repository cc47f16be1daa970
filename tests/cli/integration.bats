#!/usr/bin/env bats
# The scripts of docs/integration.md, as they stand there, against the sandbox.
load helpers
load running

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fresh
    start_all
    scripts="$BATS_TEST_TMPDIR/scripts"
    mkdir -p "$scripts" "$BATS_TEST_TMPDIR/school"
    # each block "```sh NAME" is a file; its folder of a real machine becomes one of ours
    awk -v folder="$scripts" '
        /^```sh / { file = folder "/" $2; next }
        /^```/ { file = "" }
        file { print > file }' "$BATS_TEST_DIRNAME/../../docs/integration.md"
    sed -i "s|/var/lib/school|$BATS_TEST_TMPDIR/school|" "$scripts"/*
    chmod +x "$scripts"/*
}

teardown() {
    stop_all
}

# works COMMAND…: the queue, and whether the command is true then.
works() { work && "$@" > /dev/null 2>&1; }

@test "finance: a fee is asked for once, and its invoice is noted as paid once" {
    sl-config hook add --event payment.succeeded --exec "$scripts/invoice-paid" > /dev/null
    id=$("$scripts/ask-for-fee" INV-7 0711000001 1500 ADM1024)
    [ "$("$scripts/ask-for-fee" INV-7 0711000001 1500 ADM1024)" = "$id" ]
    until_true works test -s "$BATS_TEST_TMPDIR/school/paid.tsv"
    [ "$(counted pushes)" -eq 1 ]
    [ "$(cut -f 2-4 "$BATS_TEST_TMPDIR/school/paid.tsv")" = "$(printf 'INV-7\t1500.00\tKES')" ]
    # told once more, it is not noted once more
    sl-config hook add --event payment.succeeded --exec "$scripts/invoice-paid" > /dev/null
    event=$(sql "SELECT payload FROM hook_events LIMIT 1")
    "$scripts/invoice-paid" <<< "$event"
    [ "$(wc -l < "$BATS_TEST_TMPDIR/school/paid.tsv")" -eq 1 ]
}

@test "wallets: a top-up that is paid is credited, one that is refused is not" {
    (while kill -0 "$sandbox" 2> /dev/null; do sl-queue-run --quiet --for 1; done) 3>&- &
    run -0 --separate-stderr "$scripts/top-up" W1 0711000001 200 visit-1
    [ "$output" = 'credit W1 with KES 200.00' ]
    sl-sandbox scenario cancelled > /dev/null 2>&1
    run --separate-stderr "$scripts/top-up" W1 0711000001 200 visit-2
    [ "$status" -ne 0 ]
    [[ "$output" == 'not paid: '* ]]
    [ "$(counted pushes)" -eq 2 ]
}

@test "threads: the same message of a thread goes out once" {
    id=$("$scripts/tell-parent" 17 sms +254711000001 'See you on Monday')
    [ "$("$scripts/tell-parent" 17 sms +254711000001 'See you on Monday')" = "$id" ]
    [ "$(counted messages)" -eq 1 ]
}

@test "reports: a list goes out once, however often the job is started" {
    printf 'phone,parent,pupil,balance\n+254711000001,Jane,Amina,500\n+254711000002,Otieno,Baraka,0\n' > list.csv
    "$scripts/friday-balances" < list.csv
    "$scripts/friday-balances" < list.csv
    [ "$(counted messages)" -eq 2 ]
    [ "$(wc -l < "$BATS_TEST_TMPDIR/school/balances.csv")" -eq 3 ]
}

@test "scheduler: the status says whether somebody must look" {
    run -0 "$scripts/every-minute"
    [[ "$output" == 'OK - '* ]]
    sql "UPDATE accounts SET blocked = 'credentials were refused'"
    run -77 sl-sms send -m hello 0711000001 # queued all the same
    run -2 "$scripts/every-minute"
    [[ "$output" == 'CRITICAL - '* ]]
}

@test "foundation: the trail is taken away piece by piece, and one that was edited ends the script" {
    audit="$BATS_TEST_TMPDIR/audit"
    mkdir "$audit"
    "$scripts/audit-export" "$audit"
    [ -s "$audit/trail.ndjson" ]
    sl-sms send -m hello 0711000001 > /dev/null
    n=$(sql 'SELECT count(*) FROM integration_logs') # the daemon may still write some
    "$scripts/audit-export" "$audit"
    jq -se --argjson n "$n" 'map(.id) | . == [range(1; length + 1)] and length >= $n' "$audit/trail.ndjson"
    sql "UPDATE integration_logs SET status = 'failed' WHERE id = (SELECT max(id) FROM integration_logs)"
    run ! "$scripts/audit-export" "$audit"
}
