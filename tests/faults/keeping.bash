# The programs that keep what there is, for the suites of faults. Nothing of it is seen outside: what is wanted
# is that the copy is whole in the end, and says so itself.

# whole N COMMAND...: the copy's own record, by whether that succeeds.
whole() {
    local what='done'
    "${@:2}" > /dev/null 2>&1 || what=damaged
    echo "$1" >> wanted
    printf '%s\t%s\n' "$1" "$what" >> states
}
own_effects() { cat wanted; }

# healthy: as the doctor sees it; how small a disk a suite took is not the installation's fault.
healthy() {
    { sl-config doctor -f json || true; } | jq -e 'all(.[]; .status == "ok" or .check == "disk")'
}

# same QUERY [DATABASE]: whether it answers as the installation did before the copies were made.
same() { [ "$(sqlite3 "${2:-$SL_DATABASE}" "$1")" = "$(sqlite3 made/var/shulelabs.db "$1")" ]; }

# ---- sl-config key rotate: settings, a token, what payments remember, secrets of callbacks

rotate_set_up() {
    queue_run_set_up
    sl-config hook add --event payment.refunded --url http://127.0.0.1:9/ -q > /dev/null
    settings > settings
}
rotate_before() { queue_run_before "$1"; }
rotate_act() { "${under[@]}" sl-config key rotate -q > /dev/null; }
rotate_done() { sealed_anew; } # healthy it is not: something waits
rotate_again() {
    rotate_act "$1"
    sl-queue-run -q
}
rotate_settled() { queue_run_settled; }
rotate_told() {
    queue_run_told "$1"
    whole "$1 key" rotated
}
rotate_effects() { queue_run_effects && sed -n '/ key$/p' wanted; }

settings() {
    for provider in $(sql 'SELECT code FROM integration_providers'); do
        sl-config show -p "$provider" -f json
    done
}
# Every setting opens to what it was, and all that is sealed is sealed by the newest keys.
rotated() { sealed_anew && healthy; }
sealed_anew() {
    [ "$(settings)" = "$(cat settings)" ] &&
        sl-config key list -f json | jq -e 'map(select(.state != "active" and .sealed > 0)) == []'
}

# ---- sl-config migrate: a database of the first version

migrate_set_up() {
    rm -f "$SL_DATABASE"*
    { cat "$TREE/tests/data/schema-1.sql"
      cat <<'SQL'
INSERT INTO schools (code, name, country, timezone, currency, created_at, updated_at)
    VALUES ('greenhill', 'Greenhill School', 'KE', 'Africa/Nairobi', 'KES', 1, 1);
INSERT INTO integration_providers (category, name, code, adapter_class, created_at)
    VALUES ('sms', 'A', 'africastalking', 'A', 1);
INSERT INTO accounts (account, provider_id, blocked) VALUES ('a', 1, 'refused');
INSERT INTO message_batches (public_id, school_id, provider_id, kind, created_at, updated_at)
    VALUES ('B', 1, 1, 'sms.bulk', 1, 1);
INSERT INTO messages (batch_id, line, address_given, address, status, created_at, updated_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    SELECT 1, i, '0711000001', '+254711000001', 'sent', 1, 1 FROM n;
PRAGMA user_version = 1;
SQL
    } | sqlite3 "$SL_DATABASE"
    chmod 600 "$SL_DATABASE"
}
migrate_before() { :; }
migrate_act() { "${under[@]}" sl-config migrate > /dev/null; }
migrate_done() { migrated; }
migrate_again() { migrate_act "$1"; }
migrate_settled() { sl-config school list; }
migrate_told() { whole "$1" migrated; }
migrate_effects() { own_effects; }
migrated() {
    same 'SELECT count(*), count(DISTINCT line), min(address) FROM messages' &&
        same 'SELECT account, blocked FROM accounts' &&
        same "SELECT code, name FROM schools WHERE code = 'greenhill'" &&
        healthy
}

# ---- sl-logs prune: old rows, messages that are kept for a day, and a file of the spool that nobody needs beside
# one that is still to be sent

prune_set_up() {
    local what
    pruned_rows=${ROWS:-1050}
    awk -v n="$pruned_rows" 'BEGIN { print "phone"; for (i = 0; i < n; i++) printf "+25471%07d\n", 2000000 + i }' > list.csv
    sl-config set -p africastalking batch_size=1 -q > /dev/null
    sl-sms bulk -m 'Dear parent' --file list.csv --connections 50 --yes -q
    for what in needed idle; do
        seq 9999 > "$what"
        echo "$what" >> "$what"
        sl-email bulk --subject Fees --text-file "$what" --attach "$what" --yes --detach -q \
            --file <(printf 'email\nparent@school.example\n') || [ $? -eq 75 ]
    done
    sql "UPDATE integration_queue SET status = 'cancelled', next_attempt_at = NULL WHERE id = (SELECT max(id) FROM integration_queue);
        UPDATE spool SET used_at = 1;
        UPDATE message_batches SET finished_at = 1 WHERE state = 'done';
        UPDATE schools SET keep_days = 'messages=1'"
    kept="var/shulelabs.db-spool/$(sha256sum needed | cut -d' ' -f1)"
}
prune_before() { :; }
prune_act() { "${under[@]}" sl-logs prune --older-than 0s -q; }
prune_done() { pruned; }
prune_again() { prune_act "$1"; }
prune_settled() { :; }
prune_told() { whole "$1" pruned; }
prune_effects() { own_effects; }
pruned() {
    [ -f "$home/$kept" ] && [ "$(sql "SELECT count(*) FROM integration_logs WHERE operation NOT IN ('logs.prune', 'logs.keep')")" -eq 0 ] &&
        [ "$(sql "SELECT count(*), sum(m.address IS NULL AND q.payload = '{\"erased\":true}') FROM messages m
            JOIN integration_queue q ON q.id = m.queue_id WHERE m.batch_id = 1")" = "$pruned_rows|$pruned_rows" ]
}

# ---- sl-config backup: a name that stands for a whole copy or for none

backup_set_up() {
    queue_run_set_up
    kept=copy.db
}
backup_before() { :; }
backup_act() { "${under[@]}" sl-config backup "$home/copy.db" -q > /dev/null; }
backup_done() { backed_up; }
backup_again() {
    [ -e "$home/copy.db" ] || backup_act "$1"
}
backup_settled() { [ -e "$home/copy.db" ]; }
backup_told() { whole "$1" backed_up; }
backup_effects() { own_effects; }
backed_up() {
    [ "$(sqlite3 "$home/copy.db" 'PRAGMA integrity_check')" = ok ] &&
        same 'SELECT count(*), max(id) FROM integration_logs' "$home/copy.db" &&
        same 'SELECT count(*), max(id) FROM messages' "$home/copy.db"
}

# ---- sl-storage put: what comes through a pipe, in place of what was there

put_set_up() {
    seq 60000 > old.txt
    seq 70000 > new.txt
    kept='files/term/list.txt'
}
put_before() {
    sl-config set -p local --primary "root=$home/files" min_free_bytes=0 -q > /dev/null
    sl-storage put old.txt term/list.txt -q > /dev/null
}
put_act() { "${under[@]}" sl-storage put - term/list.txt -q < new.txt > /dev/null; }
put_done() { cmp "$home/files/term/list.txt" new.txt; }
# What was accepted is done by the timer; the copies in the spool grow old, and the nightly run clears them.
put_again() {
    cmp -s "$home/files/term/list.txt" old.txt || cmp "$home/files/term/list.txt" new.txt || wrong state "half a file"
    sl-queue retry --failed -q > /dev/null 2>&1 || true
    sl-queue-run -q
    put_act "$1"
    find "$home" \( -name '.sl-*' -o -path '*-spool/*' \) -exec touch -d '3 days ago' {} +
    sql 'UPDATE spool SET used_at = 1'
    sl-logs prune -q
    sl-storage put new.txt term/list.txt -q > /dev/null
}
put_settled() { [ "$(open_rows)" -eq 0 ]; }
put_told() { whole "$1" cmp "$home/files/term/list.txt" new.txt; }
put_effects() { own_effects; }
