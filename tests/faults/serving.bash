# sl-webhook serve while callbacks come, for the suites of faults: five payments at the till, and the reports of
# five texts. A provider that got no 200 calls again, with the same.

# shellcheck disable=SC2046 # each of the references is an argument
serve_set_up() {
    sl-sms send -m 'Dear parent' 07110000{01,02,03,04,05} > /dev/null
    curl -sS -o /dev/null "$SL_SANDBOX_URL/_sandbox/settings" -d '{"callback_ms":3600000}'
    { calls "$(endpoint mpesa confirm)" json '{"TransID":"RKL%s","TransAmount":"5.00","BusinessShortCode":"174379","BillRefNumber":"ADM%s","MSISDN":"254711000001"}\n' $(seq 5)
      calls "$(endpoint africastalking dlr)" x-www-form-urlencoded 'phoneNumber=%%2B254711000001&retryCount=0&id=%s&status=Success\n' \
        $(sql 'SELECT external_reference FROM messages')
    } > calls.curl
}
endpoint() { # PROVIDER WORD: the path of a new one
    sl-config webhook add -p "$1" -f json 2> /dev/null | grep -Eo "/hooks/[a-z]+/[0-9a-f]{32}/$2" | head -n 1
}
calls() { # PATH TYPE BODY ID...
    local id body
    for id in "${@:4}"; do
        # shellcheck disable=SC2059
        body=$(printf "${3//%s/$id}" | sed 's/"/\\"/g')
        printf '%s\n' "url = http://localhost$1" "header = \"Content-Type: application/$2\"" "data = \"$body\"" \
            "unix-socket = \"$PWD/socket\"" 'output = /dev/null' 'write-out = "%{http_code}\n"' next
    done
}
serve_before() { :; }

# Starts it, calls it, and ends it as systemd would.
serve_act() {
    local served status=0
    rm -f serve.log
    "${under[@]}" sl-webhook serve --listen "unix:$PWD/socket" 2> serve.log 3>&- &
    served=$!
    until_true listens_or_ended
    curl -sS -K calls.curl > taken 2> /dev/null || true
    kill "$(innermost "$served")" 2> /dev/null || true
    wait "$served" || status=$?
    grep -v '^listening' serve.log | sort -u >&2 # it may say the same of each call
    return "$status"
}
listens_or_ended() { grep -q '^listening' serve.log || ! kill -0 "$served"; }
innermost() { # PID: the last of what it started
    local pid=$1 child
    while child=$(pgrep -P "$pid"); do pid=$child; done
    echo "$pid"
}
serve_done() { :; } # see below
# What was taken the first time must be there already.
serve_again() {
    local stored
    stored=$(sql 'SELECT count(*) FROM webhook_events')
    [ "$stored" -ge "$(grep -c '^200' taken)" ] || wrong lost "$(grep -c '^200' taken) were taken, $stored are stored"
    serve_act "$1"
    sl-queue-run -q
}
serve_settled() {
    [ "$(grep -c '^200' taken)" -eq 10 ] && [ "$(sql "SELECT count(*) FROM webhook_events WHERE state = 'new'")" -eq 0 ]
}
serve_told() {
    printf '%s\n' "$1 "{RKL{1..5},+25471100000{1..5}} >> wanted
    sql "SELECT '$1 ' || receipt || char(9) || 'done' FROM payments;
        SELECT '$1 ' || address || char(9) || CASE status WHEN 'delivered' THEN 'done' ELSE status END FROM messages" |
        tee -a states | cut -f 1 >> stored
}
serve_effects() { cat stored; }
