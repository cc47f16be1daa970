#!/bin/bash
# Twilio's SDK against the sandbox (it sends, reads and lists there) and against the daemon (which
# must believe what the SDK signs, and the SDK what the sandbox signs).
set -euo pipefail
command -v npm > /dev/null || { echo "this needs node and npm: apt-get install nodejs npm" >&2; exit 1; }
npm install --silent --no-audit --no-fund twilio@6.2.0

export SL_CONFIG=$PWD/etc/shulelabs.yaml SL_DATABASE=$PWD/var/shulelabs.db SL_KEYRING=$PWD/etc/keyring
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait' EXIT

# start LOG COMMAND...: its address in $address.
start() {
    local log=$1
    shift
    "$@" 2> "$log" &
    pids+=($!)
    until grep -q '^listening on ' "$log"; do
        kill -0 $! || { cat "$log" >&2; exit 1; }
        read -rt 0.02 <> <(:) || true
    done
    address=$(sed -n 's/^listening on //p' "$log")
}

sl-config init --quiet > /dev/null
start sandbox.log sl-sandbox serve --listen 127.0.0.1:0
export SANDBOX=http://$address
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
echo "public_url: http://127.0.0.1:$port" >> "$SL_CONFIG"
start daemon.log sl-webhook serve --listen "127.0.0.1:$port"
sl-sandbox setup -s greenhill --url "$SANDBOX" > /dev/null
STATUS_URL=$(sl-config show -s greenhill -p twilio -f json | grep -o 'http[^"]*/status')
# a message whose answer is lost, and whose report the SDK will sign
export STATUS_URL
curl -sS "$SANDBOX/_sandbox/scenario" -d '{"name":"no-dlr"}' > /dev/null
MESSAGE=$(sl-sms send -s greenhill -p twilio -m 'Fees are due' 0711000001 -f json | jq -r '.[0].id')
SID=$(sl-sms status "$MESSAGE" -f json | jq -r '.[0].external_reference')
export SID
curl -sS "$SANDBOX/_sandbox/scenario" -d '{"name":"ok"}' > /dev/null

NODE_PATH=$PWD/node_modules node "$TREE/tests/real/twilio.js"

status=
for _ in $(seq 250); do
    status=$(sl-sms status "$MESSAGE" -f json | jq -r '.[0].status')
    [ "$status" = delivered ] && break
    read -rt 0.02 <> <(:) || true
done
[ "$status" = delivered ] || { echo "the report that the SDK signed left the message $status" >&2; exit 1; }
echo "the SDK sends, reads and lists in the sandbox; each believes what the other signs"
