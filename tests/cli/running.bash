# A school against a running sandbox and daemon: for the tests that need real processes. Every
# wait is for a condition; what is started is stopped by pid.

# start_all: a new installation, sandbox, daemon and school. sandbox, daemon: their pids.
start_all() {
    fresh
    echo 'lease_seconds: 1' >> "$SL_CONFIG"
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    export SL_SANDBOX_URL=http://$address
    start_daemon 127.0.0.1:0 # for an address; it reads its own from the file when it starts
    echo "public_url: http://$hooks" >> "$SL_CONFIG"
    kill "$daemon" && wait "$daemon"
    start_daemon "$hooks"
    sl-sandbox setup -s greenhill --url "$SL_SANDBOX_URL" > /dev/null 2>&1
    export SL_SCHOOL=greenhill
}

# start NAME COMMAND...: its pid in $NAME, its address in $address.
start() {
    local name=$1 log=${BATS_TEST_TMPDIR:?is the folder of the test}/$1.log pid
    shift
    "$@" 2> "$log" 3>&- &
    pid=$!
    printf -v "$name" %s "$pid"
    echo "$pid" >> "$BATS_TEST_TMPDIR/pids"
    until_true grep -q '^listening on ' "$log"
    address=$(sed -n 's/^listening on //p' "$log")
}

# start_daemon ADDRESS: again at the same one after a kill.
start_daemon() {
    start daemon sl-webhook serve --listen "$1"
    hooks=$address
}

stop_all() {
    [ -f "$BATS_TEST_TMPDIR/pids" ] || return 0
    while read -r pid; do kill "$pid" 2> /dev/null || true; done < "$BATS_TEST_TMPDIR/pids"
    wait 2> /dev/null || true
}

# until_true COMMAND...: tries it until it succeeds, for up to fifteen seconds.
until_true() {
    for _ in $(seq 750); do
        "$@" > /dev/null 2>&1 && return 0
        read -rt 0.02 <> <(:) || true
    done
    echo "never came true: $*" >&2
    return 1
}

# A part of a second, by chance.
moment() {
    read -rt "0.$(printf %03d $((RANDOM % ${1:-300})))" <> <(:) || true
}

# counted NAME: what the sandbox counted.
counted() {
    curl -sS "$SL_SANDBOX_URL/_sandbox/counts" | jq -r ".$1"
}

# payment ID FIELD
payment() {
    sl-pay status "$1" -f json | field "$2"
}

payment_is() { [ "$(payment "$1" status)" = "$2" ]; }

# request PHONE [OPTION...]: the id of a payment of KES 100.
request() {
    local phone=$1
    shift
    sl-pay request --phone "$phone" --amount 100 --reference ADM1024 -f json "$@" 2> /dev/null | field id
}

# work: the queue, as the timer would.
work() { sl-queue-run --quiet; }

# settled ID STATUS: works and reconciles until the payment has it.
settled() {
    until_true settle_once "$1" "$2"
}
settle_once() {
    work
    payment_is "$1" "$2" && return
    sl-pay reconcile -s greenhill --older-than 0s > /dev/null
    payment_is "$1" "$2"
}

# list N TAG: a CSV of personal texts.
list() {
    awk -v n="$1" -v tag="$2" 'BEGIN { print "phone,name"; for (i = 0; i < n; i++) printf "+2547%08d,%s %d\n", 20000000 + i, tag, i }'
}

# is WANTED COMMAND...: whether it prints that. For until_true, which runs it anew each time.
is() { [ "$("${@:2}")" = "$1" ]; }
