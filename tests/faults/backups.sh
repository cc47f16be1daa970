#!/bin/bash
# Backups that are taken while two runners, lists, reports and payments at the till write. Each is whole, and has
# all that was acknowledged before it was begun; one of them is put back as the manual says, and work goes on.
. "$TREE/tests/faults/counting.bash"
backups=${BACKUPS:-10} texts=${TEXTS:-3000}

# known DATABASE: what can never be taken back, a line for each.
known() {
    sqlite3 -cmd '.timeout 10000' "$1" "SELECT 'sent ' || batch_id || ' ' || address FROM messages WHERE status IN ('sent', 'delivered');
        SELECT 'paid ' || receipt FROM payments WHERE receipt IS NOT NULL;
        SELECT 'batch ' || public_id FROM message_batches" | sort
}

# whole DATABASE WHEN
whole() {
    local found
    found=$(sqlite3 "$1" 'PRAGMA integrity_check; PRAGMA foreign_key_check')
    [ "$found" = ok ] || wrong state "$2: $found"
    found=$(sl-logs verify -q --database "$1" 2>&1) || wrong state "$2: $found"
}

# pays: one payment at the till after another, until the file `enough` is there.
pays() {
    local i
    for ((i = 0; ; i++)); do
        [ ! -e enough ] || break
        curl -sS -o /dev/null "http://$hooks$money" -H 'Content-Type: application/json' \
            -d "{\"TransID\":\"RKL$i\",\"TransAmount\":\"5.00\",\"BusinessShortCode\":\"174379\",\"BillRefNumber\":\"ADM1\",\"MSISDN\":\"254711000001\"}"
    done
}

# behind COMMAND...: it runs beside us; its pid in $!.
behind() {
    "$@" > /dev/null 2>> said.behind 3>&- &
    echo $! >> pids
}
sent() { [ "$(sql "SELECT count(*) FROM messages WHERE status IN ('sent', 'delivered')")" -ge "$1" ]; }

# as_the_manual_says COPY: the lines of its section RESTORING, with our paths; nothing of ours is a unit.
as_the_manual_says() {
    local line
    sed -n '/^# RESTORING/,/^# FAILOVER/s/^    //p' "$TREE/man/sl-config.txt" |
        sed "s|/var/backups/shulelabs.db|$1|; s|/var/lib/shulelabs|$(dirname "$SL_DATABASE")|g; s| -o shulelabs -g shulelabs||" > lines
    [ "$(wc -l < lines)" -eq 7 ] || wrong state 'the manual does not say how'
    while read -r line; do
        case $line in
        systemctl*) stop_all ;;
        *) eval "$line" > said 2>&1 || wrong exit "$line: $? $(grep -w bad said)" ;;
        esac
    done < lines
}

about 'backups beside two runners, lists and callbacks'
in_folder work
start_all
money=$(sl-config webhook add -p mpesa -f json 2> /dev/null | jq -r '.[] | select(.hook == "confirm").url' | sed 's|^[a-z]*://[^/]*||')
sl-config set -p africastalking batch_size=10 -q > /dev/null
curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"latency_ms":100}' # a list takes three seconds
seq -f '+2547110%05g' "$texts" | sed '1i phone' > list.csv
behind sl-queue-run --watch -q
behind sl-queue-run --watch -q
behind pays
for ((n = 1; n <= backups; n++)); do
    behind sl-sms bulk -m "School opens on Monday $n" --file list.csv --connections 10 --yes -q
    list=$!
    until_true sent $(((n - 1) * texts + texts / 10))
    known "$SL_DATABASE" > before
    sl-config backup "$PWD/copy-$n.db" -q > /dev/null || wrong exit "backup $n: $?"
    kill -0 "$list" || wrong state "backup $n: nothing was sent beside it"
    known "$SL_DATABASE" > after
    known "$PWD/copy-$n.db" > copied
    points=$((points + 1))
    whole "$PWD/copy-$n.db" "backup $n"
    [ -z "$(comm -23 before copied)" ] || wrong lost "backup $n: $(comm -23 before copied | head -n 1)"
    [ -z "$(comm -13 after copied)" ] || wrong state "backup $n: $(comm -13 after copied | head -n 1) came later"
    [ -z "$(uniq -d copied)" ] || wrong doubled "backup $n: $(uniq -d copied | head -n 1)"
    wait "$list" || wrong exit "list $n: $?"
done
touch enough
row

about 'one of them put back'
points=1
known copy-3.db > copied
as_the_manual_says "$PWD/copy-3.db"
[ "$(known "$SL_DATABASE")" = "$(cat copied)" ] || wrong lost 'it is not what was copied'
sl-sms cancel "$(sql 'SELECT max(public_id) FROM message_batches')" -q > /dev/null || wrong exit "cancel: $?"
start sandbox sl-sandbox serve --listen "${SL_SANDBOX_URL#http://}"
sl-sms send -m 'School closes on Friday' 0722000001 -q > /dev/null || wrong exit "send: $?"
work
[ "$(sl-sandbox seen africastalking | grep -c 'Friday')" -eq 1 ] || wrong lost 'a new text did not leave'
[ "$(sl-sandbox seen africastalking | grep -c 'Monday')" -eq 0 ] || wrong doubled 'what was cancelled left again'
whole "$SL_DATABASE" restored
row
