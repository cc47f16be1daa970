#!/bin/bash
# Flutterwave's own Node library against the sandbox: what it sends there is taken, what it reads there
# is what it expects. In a temporary folder, with the programs on PATH and the tree in $TREE.
set -euo pipefail
command -v npm > /dev/null || { echo "this needs node and npm: apt-get install nodejs npm" >&2; exit 1; }
npm install --silent --no-audit --no-fund flutterwave-node-v3@1.4.1

sl-sandbox serve --listen 127.0.0.1:0 2> sandbox.log > /dev/null &
sandbox=$!
trap 'kill "$sandbox" 2> /dev/null; wait' EXIT
until grep -q '^listening on ' sandbox.log; do
    kill -0 "$sandbox" || { cat sandbox.log >&2; exit 1; }
    read -rt 0.02 <> <(:) || true
done
SANDBOX=http://$(sed -n 's/^listening on //p' sandbox.log)
export SANDBOX FLW_SDK_STATE_PATH=$PWD/state.json
NODE_PATH=$PWD/node_modules node "$TREE/tests/real/flutterwave.js"
echo "the library charges, verifies by id and by reference, and gives back in the sandbox"
