#!/bin/bash
# Two clients of Pesapal (it has none of its own) against the sandbox: what they send there is taken,
# what they read there is what they expect. In a temporary folder, with the programs on PATH and the
# tree in $TREE.
set -euo pipefail
command -v npm > /dev/null || { echo "this needs node and npm: apt-get install nodejs npm" >&2; exit 1; }
npm install --silent --no-audit --no-fund pesapaljs-v3@1.0.13 pesapal3-sdk@0.0.11 tslib@2 axios@1

sl-sandbox serve --listen 127.0.0.1:0 2> sandbox.log > /dev/null &
sandbox=$!
trap 'kill "$sandbox" 2> /dev/null; wait' EXIT
until grep -q '^listening on ' sandbox.log; do
    kill -0 "$sandbox" || { cat sandbox.log >&2; exit 1; }
    read -rt 0.02 <> <(:) || true
done
SANDBOX=http://$(sed -n 's/^listening on //p' sandbox.log)
export SANDBOX
NODE_PATH=$PWD/node_modules node "$TREE/tests/real/pesapal.js"
echo "the clients get tokens, register addresses, submit orders and ask in the sandbox"
