#!/bin/bash
# The SDKs of FCM and APNs against the sandbox, over a real TLS front: it must take what they send, and
# they must read its answers as they read the real ones.
# usage: tests/real/push.sh, in a folder of its own, with the programs on PATH and the tree in $TREE
set -euo pipefail
command -v npm > /dev/null || { echo 'this needs node and npm: apt-get install nodejs npm' >&2; exit 1; }
# shellcheck source=tests/real/front.bash
. "$TREE/tests/real/front.bash"
npm install --silent --no-audit --no-fund firebase-admin@13.10.0 @parse/node-apn@8.1.0

start_sandbox
front sdk
NODE_PATH=$PWD/node_modules PORT=$port KEYS=$TREE/tests/data/keys CA=$PWD/front.pem \
    node "$TREE/tests/real/push.js"
echo 'firebase-admin and node-apn send to the sandbox, and understand what it refuses'
