# Shared by the measurements: a folder of their own, programs started by pid and stopped by pid.
# shellcheck shell=bash
# A result is a ratio between rows of one run; numbers of different runs or machines say nothing
# about each other.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
work=$(mktemp -d "${BENCH_FOLDER:-$here/build}/bench.XXXXXX")
pids=
finish() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
PATH=$build:$PATH
export SL_CONFIG=$work/shulelabs.yaml SL_DATABASE=$work/shulelabs.db SL_KEYRING=$work/keyring

# await FILE: the address of its "listening on …" line
await() {
    for _ in $(seq 200); do
        address=$(sed -n 's/^.*listening on //p' "$1" 2>/dev/null | head -n 1)
        [ -z "$address" ] || { echo "$address"; return; }
        sleep 0.02
    done
    echo "bench: nothing listens: $(cat "$1")" >&2
    exit 1
}

install_school() {
    sl-config init --yes >/dev/null 2>&1
    sl-config school add greenhill --name 'Greenhill School' >/dev/null
}

# measured FILE COMMAND…: runs it; FILE gets "seconds peak-KiB"
measured() {
    file=$1
    shift
    /usr/bin/time -o "$file" -f '%e %M' "$@"
}
