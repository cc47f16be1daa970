# The programs that send texts, for the suites of faults. The last word of a text is its point, so a text is
# known by that and its number.

# open_rows: how many rows of the queue somebody has to do something about yet.
open_rows() {
    sql "SELECT count(*) FROM integration_queue WHERE status = 'pending' OR runner IS NOT NULL"
}

text_effects() {
    sl-sandbox seen africastalking |
        sed -nE 's/.*"to":"([^"]*)","text":"([^"]* )?([^" ]*)".*/\3 \1/p'
}
text_told() { # N
    sql "SELECT '$1 ' || address || char(9) || status FROM messages" >> states
}

# ---- sl-sms send: one text

send_set_up() { :; }
send_before() { :; }
send_act() {
    "${under[@]}" sl-sms send -m "Dear parent $1" --key "$1" 0711000001
}
send_done() { [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq 1 ]; }
send_again() {
    local status=0
    send_act "$1" || status=$?
    sl-queue-run -q
    return "$status"
}
send_settled() { [ "$(open_rows)" -eq 0 ]; }
send_told() {
    echo "$1 +254711000001" >> wanted
    text_told "$1"
}
send_effects() { text_effects; }

# ---- sl-sms bulk: two hundred texts (ROWS), ten at a time

bulk_set_up() {
    awk -v n="${ROWS:-200}" 'BEGIN { print "phone,name"; for (i = 0; i < n; i++) printf "+25471%07d,Parent %d\n", 2000000 + i, i }' > list.csv
}
bulk_before() { :; }
bulk_act() {
    "${under[@]}" sl-sms bulk -m "Dear {name} $1" --key "$1" --file list.csv --connections 10 --yes -q
}
bulk_done() { [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq "${ROWS:-200}" ]; }
bulk_again() {
    bulk_act "$1"
}
bulk_settled() { [ "$(open_rows)" -eq 0 ]; }
bulk_told() {
    sed -n "s/^\(+[0-9]*\),.*/$1 \1/p" list.csv >> wanted
    text_told "$1"
    unknown=$(sql "SELECT count(*) FROM messages WHERE status = 'unknown'")
    [ "$unknown" -le "${most_unknown:-$unknown}" ] || wrong state "more are unknown than left at once: $unknown"
}
bulk_effects() { text_effects; }

# ---- sl-queue-run: thirty texts and three payments that others have queued

queue_run_set_up() {
    request_set_up
    awk 'BEGIN { print "phone"; for (i = 0; i < 30; i++) printf "+25471%07d\n", 2000000 + i }' > list.csv
    sl-config set -p africastalking batch_size=5 -q > /dev/null
    sl-sms bulk -m "Dear parent POINT" --file list.csv --detach --yes -q || [ $? -eq 75 ]
    sl-sandbox scenario busy -q
    for i in 1 2 3; do
        sl-pay request --phone 0711000001 --amount 100 --reference "POINT-$i" > /dev/null 2>&1 || [ $? -eq 75 ]
    done
    sl-sandbox scenario ok -q
}
queue_run_before() {
    sql "UPDATE integration_queue SET payload = replace(payload, 'POINT', '$1');
        UPDATE payments SET reference = replace(reference, 'POINT', '$1')"
    time_passes
}
queue_run_act() { "${under[@]}" sl-queue-run -q; }
queue_run_done() { :; } # 0 is also: what failed is noted, and will be tried again
queue_run_again() { queue_run_act "$1"; }
queue_run_settled() { [ "$(open_rows)" -eq 0 ] && request_settled; }
queue_run_told() {
    sed -n "s/^\(+[0-9]*\)\$/$1 \1/p" list.csv >> wanted
    printf '%s\n' "$1-1" "$1-2" "$1-3" >> wanted
    text_told "$1"
    payments_told
}
queue_run_effects() { text_effects && push_effects; }
