#!/bin/bash
# The network fails in every way that we know of. What the server got is held against what our records say.
. "$TREE/tests/faults/counting.bash"

# ---- Of texts that left, or began to ----------------------------------------------------------

# bad FAULT [TEXT]: a server whose texts meet it; what it got is in `got`.
bad() {
    start server badserver "$@" > got
    texts_to "http://$address"
}

# texts N: a list of as many, one request each.
texts() {
    awk -v n="$1" 'BEGIN { print "phone,n"; for (i = 0; i < n; i++) printf "+2547%08d,%05d\n", i, i }' > list
}

# bulk CONNECTIONS: sends the list. What is unknown in the end makes it 1.
bulk() {
    local status=0
    sl-sms bulk -m 'Point {n}' --file list --yes -q --connections "$1" > said 2>&1 || status=$?
    [ "$status" -eq "$(sql "SELECT count(*) > 0 FROM messages WHERE status <> 'sent'")" ] ||
        wrong exit "$status: $(head -n 2 said)"
}

records() {
    sql "SELECT substr(address, 2), status, coalesce(external_reference, ''), replace(coalesce(error, ''), char(10), '<LF>')
        FROM messages" | tr '|' '\t'
}

# compare: what was answered well is sent, by its own answer; what met the fault, or was not read whole, is
# unknown, with one line that says why. Each came once.
compare() {
    local what text
    records > states
    awk -F '\t' -v OFS='\t' '
        FILENAME == "got" { requests++; if ($3 == "whole") times[$1]++; if ($2 == "good") good[$1] = 1; next }
        { rows++; status = $1 in good ? "sent" : "unknown" }
        times[$1] > 1 { print "doubled", $1 " came " times[$1] " times" }
        $2 == "sent" && !times[$1] { print "lost", $1 " is sent, and never came" }
        $2 != status { print "state", $1 " is " $2 ", not " status ": " $4; next }
        status == "sent" && $3 != "ATX" $1 { print "state", $1 " has the answer " $3 }
        status == "unknown" && ($4 == "" || $4 ~ /<LF>/ || length($4) > 200) { print "state", $1 " has no honest line: " $4 }
        END { if (requests > rows) print "doubled", requests " requests for " rows }
    ' got states > differences
    while IFS=$'\t' read -r what text; do wrong "$what" "$text"; done < differences
}

# cut FAULT ROWS: every second text of so many meets it at its next byte, until none is left.
cut() {
    bad "$1"
    texts "$2"
    bulk 1
    compare
    points=$(grep -c faulty got)
    [ "$(tail -n 3 got | grep -c good)" -eq 3 ] || wrong state "the list ended before the fault"
}

# An idle connection ends between two requests.
idle() {
    bad idle
    texts 200
    bulk 1
    compare
    points=$(($(wc -l < got) / 2))
}

# hung FAULT CONNECTIONS ROWS: memory stays bounded, and so does the time.
hung() {
    bad "$1"
    texts "$3"
    (ulimit -v 1000000 && bulk "$2")
    compare
    points=$(grep -c faulty got)
}

# A gigabyte of zeros in a megabyte.
bomb() {
    printf 'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n' > answer
    head -c 1000000000 /dev/zero | gzip -1 >> answer
    bad file answer
    texts 3
    (ulimit -v 1000000 && bulk 1)
    compare
    points=1
}

# Each kind of redirect, to a server that would answer well.
redirects() {
    local code elsewhere
    start other badserver head > elsewhere.got
    elsewhere=$address
    for code in 301 302 303 307 308; do
        bad head "HTTP/1.1 $code Elsewhere"$'\r\n'"Location: http://$elsewhere/version1/messaging"
        texts 2
        bulk 1
        compare
        records | grep -q "not followed" || wrong state "$code: $(records)"
        [ ! -s elsewhere.got ] || wrong doubled "$code was followed"
        points=$((points + 1))
    done
}

# ---- Of texts that reach nobody ----------------------------------------------------------------

# unreached URL WORDS [NAME=VALUE...]: nothing leaves, the text waits, one or two lines say why; once the address is
# right it arrives. The address may be in the network $private.
unreached() {
    local status=0
    texts_to "$1" "${@:3}"
    [ -z "${private:-}" ] || echo "private_networks: $private" >> "$SL_CONFIG"
    sl-sms send -m hello 0711000001 > said 2> said.err || status=$?
    [ "$status" -eq 75 ] || wrong exit "$status: $(cat said.err)"
    if ! grep -qiE "$2" said.err || [ "$(wc -l < said.err)" -gt 2 ]; then wrong state "said $(cat said.err)"; fi
    [ "$(sql 'SELECT status || attempts || in_flight FROM integration_queue')" = pending00 ] ||
        wrong state "$(sql 'SELECT status, attempts, in_flight FROM integration_queue')"
    sql 'SELECT error_log FROM integration_queue' | grep -qiE "$2" || wrong state "the log does not say why"
    points=$((points + 1))
    start server badserver head > got
    echo "base_url=http://$address" | sl-config set -s greenhill -p africastalking --from - -q > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1; UPDATE accounts SET open_boot_ms = 0"
    sl-queue-run -q || wrong exit "queue: $?"
    [ "$(sql 'SELECT status FROM messages')" = sent ] || wrong lost "$(records)"
    [ "$(wc -l < got)" -eq 1 ] || wrong doubled "$(cat got)"
}

# No answer to the first packet, because the queue of those who wait to be accepted is full.
deaf() {
    start deaf badserver deaf > got
    unreached "http://$address" 'time'
}

nobody() {
    unreached https://nowhere.invalid 'resolve host'
    unreached http://127.0.0.1:9 'connect'
    private=255.255.255.255/32 unreached https://255.255.255.255 'unreachable|connect'
}

# certificate NAME ISSUER DAYS HOST: NAME.pem and NAME.key.
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$4" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" -out "$1.pem" \
        -extfile <(echo "subjectAltName=DNS:$4")
}

# secure NAME: a server with that certificate; what it was told is in NAME.got.
secure() {
    local pid
    [ -p silent ] || mkfifo silent
    openssl s_server -accept 0 -cert "$1.pem" -key "$1.key" -quiet > "$1.got" 2> "$1.err" 0<> silent &
    pid=$!
    echo "$pid" >> "$BATS_TEST_TMPDIR/pids"
    until_true listens "$pid"
}

# listens PID: its port is in $port.
listens() {
    local inode
    for inode in $(find /proc/"$1"/fd -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'); do
        port=$(awk -v inode="$inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6)
        [ -n "$port" ] && port=$((16#$port)) && return
    done
    return 1
}

# A certificate that is good for nothing: whatever is wrong with it, nothing of ours is said.
tls() {
    local name
    for name in ours theirs; do
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$name.key" -subj "/CN=$name" -out "$name.pem" -days 9
    done 2> /dev/null
    {
        certificate good ours 9 localhost
        certificate expired ours -1 localhost
        certificate other ours 9 elsewhere.example
        certificate unknown theirs 9 localhost
    } 2> openssl.log
    for name in expired:expired other:'subject name|no alternative' unknown:'issuer|self.signed'; do
        secure "${name%%:*}"
        unreached "https://localhost:$port" "${name#*:}" "ca_file=$PWD/ours.pem"
        [ ! -s "${name%%:*}.got" ] || wrong state "${name%%:*}: was told $(head -c 100 "${name%%:*}.got")"
    done
    secure good # or the others were refused for another reason
    texts_to "https://localhost:$port" "ca_file=$PWD/ours.pem"
    sl-sms send -m hello 0711000001 > /dev/null 2>&1 &
    until_true grep -q atsk_0123456789 good.got || wrong state "the good certificate was refused too"
    kill $! 2> /dev/null || true
}

# ---- Of those that are told to wait -------------------------------------------------------------

boot_ms() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

# limited LEAST MOST [HEADER]: a 429 holds the whole account for so many seconds, and costs no attempt.
limited() {
    local header=${3-} before left
    bad head "HTTP/1.1 429 Too Many Requests${header:+$'\r\n'$header}"
    texts 3
    before=$(boot_ms)
    sl-sms bulk -m 'Point {n}' --file list --yes -q --detach > said 2>&1 || [ $? -eq 75 ] || wrong exit "$header: $(cat said)"
    sl-queue-run -q --connections 1 > said 2>&1 || wrong exit "$header: $(cat said)"
    left=$(sql "SELECT hold_boot_ms - $before FROM accounts")
    if [ "$left" -lt $(($1 * 1000)) ] || [ "$left" -gt $(($2 * 1000 + 2000)) ]; then wrong state "$header holds for $left ms"; fi
    [ "$(sql "SELECT count(*) FROM integration_queue WHERE status = 'pending' AND attempts = 0")" -eq 3 ] ||
        wrong state "$header: $(sql 'SELECT status, attempts FROM integration_queue')"
    sl-queue-run -q --connections 1 || wrong exit "$header: again: $?"
    [ "$(wc -l < got)" -eq 1 ] || wrong state "$header: somebody did not wait"
    sql 'UPDATE integration_queue SET next_attempt_at = 1; UPDATE accounts SET hold_boot_ms = 1'
    sl-queue-run -q --connections 1 || wrong exit "$header: queue: $?"
    [ "$(sql "SELECT count(*) FROM messages WHERE status = 'sent'")" -eq 3 ] || wrong lost "$header: $(records)"
    [ "$(wc -l < got)" -eq 4 ] || wrong doubled "$header: $(cat got)"
    points=$((points + 1))
    kill "${server:?}"
}

too_many() {
    limited 30 30 'Retry-After: 30'
    limited 20 30 "Retry-After: $(date -u -d '+30 sec' '+%a, %d %b %Y %T GMT')"
    limited 1 60 'Retry-After: soon'
    limited 1 60
    limited 1 60 'Retry-After: -30'
    limited 1 60 "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"
    limited 3600 3600 'Retry-After: 999999999'
    limited 3600 3600 'Retry-After: 9223372036854775807'
    limited 3600 3600 'Retry-After: Fri, 31 Dec 2099 23:59:59 GMT'
}

# A limit on one recipient holds that one alone.
one_recipient() {
    local status=0
    to_sandbox
    sl-whatsapp template --name closed_today --language en 0799801056 0711000001 0711000002 > said 2>&1 || status=$?
    [ "$status" -eq 75 ] || wrong exit "$status: $(cat said)"
    [ "$(sql "SELECT group_concat(status) FROM (SELECT status FROM messages ORDER BY line)")" = queued,sent,sent ] ||
        wrong state "$(sql 'SELECT line, status, error FROM messages')"
    [ "$(sql "SELECT count(*) FROM accounts WHERE hold_boot_ms > 0")" -eq 0 ] || wrong state "the account is held"
    points=1
}

# Ten minutes, twenty times as fast: the breaker opens, and after that nothing but its probes leaves. A person
# is told once, and once that it is over.
down() {
    local calls probes=0 pause=10 at=0 told
    to_sandbox
    sl-config alert add --to "$SL_SANDBOX_URL/hook/200" > /dev/null 2>&1
    sl-sandbox scenario server-error > /dev/null
    texts 100
    sl-sms bulk -m 'Point {n}' --file list --yes -q --detach > said 2>&1 || [ $? -eq 75 ] || wrong exit "$(cat said)"
    faketime -f '+0 x20' sl-queue-run -q --watch --for 600 --connections 1 > said 2>&1 || wrong exit "$? $(cat said)"
    calls=$(counted refused)
    while [ $((at += pause)) -lt 600 ]; do probes=$((probes + 1)) pause=$((pause * 2 < 600 ? pause * 2 : 600)); done
    [ "$calls" -le $((5 + probes)) ] || wrong state "$calls calls, with $probes probes"
    [ "$calls" -gt 5 ] || wrong state "$calls calls, and no probe"
    told=$(sl-sandbox seen hook | jq -r '.body | fromjson? // . | .type' | sort | uniq -c | xargs)
    [ "$told" = '1 provider.down' ] || wrong state "told: $told"
    points=$calls
    sl-sandbox scenario ok > /dev/null
    sql "UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending'; UPDATE accounts SET open_boot_ms = 0; UPDATE runners SET lease_boot_ms = 0"
    until_true all_sent
    [ "$(counted messages)" -eq $((100 - calls)) ] || wrong lost "$(counted messages) of $((100 - calls)) arrived"
    [ "$(counted duplicated)" -eq 0 ] || wrong doubled "$(counted duplicated)"
}
all_sent() {
    sl-queue-run -q
    sql "UPDATE accounts SET open_boot_ms = 0, probe_boot_ms = 0"
    [ "$(sql "SELECT count(*) FROM messages WHERE status NOT IN ('sent', 'unknown')")" -eq 0 ]
}

# ---- All of them ----------------------------------------------------------------------------------

# One run: NAME, the words of its row, and what is done.
one() {
    in_folder "$1"
    about "$2"
    "${@:3}"
    row
}

[ $# -eq 0 ] || { one "$@"; exit; }
all() { xargs -P "$1" -L 1 "$0"; }
all 8 << EOF1 &
late 'answered after the time-out' hung late 4 5
deaf 'nobody accepts' deaf
drip 'an answer that drips' hung drip 1 3
interim 'only interim answers' hung interim 1 3
silence 'no answer' hung silence 1 3
EOF1
all 2 << EOF2
reset 'reset within the request' cut request-reset 1200
closed 'closed within the request' cut request-closed 1200
answer 'reset within the answer' cut answer-reset 1200
half 'closed within the answer' cut answer-closed 1200
chunks 'closed within chunks' cut chunks-closed 1200
unframed 'closed within an answer without length' cut unframed-closed 1200
idle 'closed while idle' idle
body 'an endless body' hung endless-body 1 10
headers 'endless headers' hung endless-headers 1 10
bomb 'a compressed bomb' bomb
redirects 'redirected' redirects
nobody 'nobody there' nobody
tls 'a certificate that is no good' tls
limited 'too many (429)' too_many
pair 'too many to one recipient' one_recipient
down 'ten minutes of 5xx' down
EOF2
wait $!
