#!/bin/bash
# A real HTTP/2 front with TLS before the sandbox: FCM and APNs over it, many requests over few
# connections; APNs by certificate; and a front that speaks HTTP/1.1 alone, which APNs refuses.
# usage: tests/real/http2.sh, in a folder of its own, with the programs on PATH and the tree in $TREE
set -euo pipefail
# shellcheck source=tests/real/front.bash
. "$TREE/tests/real/front.bash"
keys=$TREE/tests/data/keys

# told FILE JQ: of the records in it.
told() { jq -r "$2" "$1" | sort | uniq -c | xargs; }

# has_lines LOG: one for each of a thousand, and one for a token or a test.
has_lines() { [ "$(wc -l < "$1")" -eq 1001 ]; }

connections() { awk '{ print $2 }' "$1" | sort -u | wc -l; }

set_up() { # PROVIDER NAME=VALUE...
    local provider=$1
    shift
    printf '%s\n' "$@" | sl-config set -p "$provider" --from - > /dev/null
}

start_sandbox

# ---- FCM: a list of a thousand over HTTP/2
front fcm
set_up fcm "base_url=https://127.0.0.1:$port" "token_url=https://127.0.0.1:$port/token" "ca_file=$PWD/front.pem"
{ echo token; for i in $(seq 1000); do echo "device:$i"; done; } > list.csv
sl-push bulk -p fcm -t Closed --file list.csv --yes --connections 100 -f json > fcm.json 2> fcm.said
[ "$(jq .sent fcm.json)" -eq 1000 ] || fail "FCM: $(cat fcm.json fcm.said)"
until_true has_lines fcm.log
[ "$(awk '{ print $1, $3 }' fcm.log | sort -u)" = 'h2 200' ] || fail "FCM: $(sort fcm.log | uniq -c | head)"
n=$(connections fcm.log)
[ "$n" -le 4 ] || fail "FCM: 1000 notifications took $n connections"
fcm_seconds=$(jq -r .seconds fcm.json)

# ---- APNs: the same, and every kind of answer
front apns
set_up apns "base_url=https://127.0.0.1:$port" "ca_file=$PWD/front.pem"
sl-config test -p apns > /dev/null
{ echo token; for i in $(seq 1000); do printf 'aa%06x\n' "$i"; done; } > list.csv
sl-push bulk -p apns -t Closed --file list.csv --yes --connections 500 -f json > apns.json 2> apns.said
[ "$(jq .sent apns.json)" -eq 1000 ] || fail "APNs: $(cat apns.json apns.said)"
until_true has_lines apns.log
[ "$(awk '{ print $1 }' apns.log | sort -u)" = h2 ] || fail "APNs: $(sort apns.log | uniq -c | head)"
m=$(connections apns.log)
[ "$m" -le 5 ] || fail "APNs: 1000 notifications took $m connections"
apns_seconds=$(jq -r .seconds apns.json)
sl-push send -p apns -t A -f json aa01 dead02 bad003 1d1e04 > kinds.json || true
[ "$(told kinds.json '.[].status')" = '2 failed 2 sent' ] || fail "APNs: $(cat kinds.json)"

# ---- APNs by certificate: the front asks for it, and takes no other
front cert --verify-client --verify-client-cacert="$keys/apns-cert.pem" --add-request-header='X-Client-Cert: seen'
set_up apns "base_url=https://127.0.0.1:$port"
sl-push send -p apns -t A aa05 > none.txt 2>&1 && fail "APNs: taken without a certificate: $(cat none.txt)"
cat "$keys/apns-cert.pem" "$keys/apns-cert-key.pem" > both.pem
base64 "$keys/apns-cert.p12" > both.p12
set_up apns auth=certificate "certificate=$PWD/both.pem"
sl-push send -p apns -t A aa06 > /dev/null || fail "APNs: the certificate in PEM is not taken"
set_up apns "certificate=$PWD/both.p12" certificate_password=test
sl-push send -p apns -t A aa07 > /dev/null || fail "APNs: the certificate in .p12 is not taken"
curl -sS "http://$sandbox/_sandbox/seen?provider=apns" | grep -q aa05 && fail "APNs: aa05 was notified"

# ---- APNs speaks HTTP/2 alone: an answer in HTTP/1.1 is none
front old --npn-list=http/1.1
set_up apns auth=token "base_url=https://127.0.0.1:$port"
sl-push send -p apns -t A aa08 > old.txt 2>&1 && fail "APNs: HTTP/1.1 was taken: $(cat old.txt)"
sl-logs list -p apns --limit 1 -f json | grep -q 'HTTP/1.1' || fail "APNs: $(sl-logs list -p apns --limit 1 -f json)"

echo "1000 to FCM over $n connection(s) in $fcm_seconds s, 1000 to APNs over $m (one of them the test's) in $apns_seconds s; certificates; HTTP/1.1 refused"
