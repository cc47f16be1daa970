#!/bin/bash
# Requests whose frame is a trick, bodies that are bombs, and addresses that a header only claims.
. "$TREE/tests/attacks/attacking.bash"

# from CLAIM...: the status of a genuine report of which X-Forwarded-For says that it came from there.
from() {
    local claims=() claim
    for claim; do claims+=(-H "X-Forwarded-For: $claim"); done
    curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' "${claims[@]}" "http://$hooks$reports" \
        -d "phoneNumber=%2B254711000001&id=ATXid_$RANDOM$RANDOM&status=Success"
}

# claims WANTED CLAIM...: counts one try.
claims() {
    local got
    got=$(from "${@:2}")
    tries=$((tries + 1))
    [ "$got" = "$1" ] || { wrong=$((wrong + 1)) && echo "from ${*:2}: answered $got, not $1" >&2; }
}

start_all
reports=$(path greenhill africastalking dlr)
money=$(path greenhill mpesa confirm)
attacker framing "$hooks" "$reports" "$money" > counts
read -r tries wrong < counts
stored=$(sql "SELECT (SELECT count(*) FROM webhook_events WHERE kind <> 'unreadable') + (SELECT count(*) FROM payments)")
row 'frames and bombs' "$tries" $((wrong + stored)) "$(alive)" - "$(peak "$daemon")"

# A school that hears its provider's addresses alone; a proxy is believed only if it is trusted.
tries=0 wrong=0
echo callback_cidrs=196.201.212.0/24 | sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
claims 403
claims 403 196.201.212.9
claims 403 127.0.0.1
kill "$daemon" && wait "$daemon"
start daemon sl-webhook serve --listen "$hooks" --trust-proxy 127.0.0.1/32
claims 200 196.201.212.9
claims 200 10.0.0.9,196.201.212.9
claims 200 10.0.0.9 196.201.212.9
claims 403
claims 403 10.0.0.9
claims 403 196.201.212.9,10.0.0.9
claims 403 196.201.212.9 10.0.0.9
claims 403 196.201.212.9,nonsense
claims 403 196.201.212.9,127.0.0.1,10.0.0.9
claims 403 '196.201.212.9:80,::ffff:10.0.0.9'
claims 403 "196.201.212.9, 10.0.0.9' OR '1'='1"
row 'addresses that are claimed' "$tries" "$wrong" "$(alive)"
none_got_in
