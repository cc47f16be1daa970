#!/bin/bash
# A library of the Cloud API against the sandbox: it sends and uploads there, and believes what the
# sandbox signs.
set -euo pipefail
command -v npm > /dev/null || { echo "this needs node and npm: apt-get install nodejs npm" >&2; exit 1; }
npm install --silent --no-audit --no-fund whatsapp-api-js@6.3.0

sl-sandbox serve --listen 127.0.0.1:0 2> sandbox.log &
pid=$!
trap 'kill "$pid" 2> /dev/null; wait' EXIT
until grep -q '^listening on ' sandbox.log; do
    kill -0 "$pid" || { cat sandbox.log >&2; exit 1; }
    read -rt 0.02 <> <(:) || true
done
SANDBOX=http://$(sed -n 's/^listening on //p' sandbox.log)
export SANDBOX
cp "$TREE/tests/real/whatsapp.mjs" .
node whatsapp.mjs

[ "$(sl-sandbox seen whatsapp --url "$SANDBOX" | jq -r 'select(.operation == "send") | .type' | xargs)" = \
    'text template document location' ]
echo "the library sends and uploads in the sandbox, and believes what it signs"
