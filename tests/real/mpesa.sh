#!/bin/bash
# Safaricom's mpesa-node against the sandbox: token, prompt, query, C2B, reversal, and their callbacks.
set -euo pipefail
command -v npm > /dev/null || { echo "this needs node and npm: apt-get install nodejs npm" >&2; exit 1; }
npm install --silent --no-audit --no-fund mpesa-node@0.1.3

sl-sandbox serve --listen 127.0.0.1:0 2> sandbox.log &
pid=$!
trap 'kill $pid 2> /dev/null; wait' EXIT
until grep -q '^listening on ' sandbox.log; do
    kill -0 $pid || { cat sandbox.log >&2; exit 1; }
    read -rt 0.02 <> <(:) || true
done
SANDBOX=http://$(sed -n 's/^listening on //p' sandbox.log)
export SANDBOX
NODE_PATH=$PWD/node_modules node "$TREE/tests/real/mpesa.js"
echo "the SDK prompts, asks, registers, simulates and reverses in the sandbox, and hears of it"
