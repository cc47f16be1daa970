# What the suites of attacks share: an installation of two schools, and the rows of the table.
bats_require_minimum_version() { :; } # bats gives it; helpers.bash asks for it
export BATS_TEST_TMPDIR=$PWD
. "$TREE/tests/cli/helpers.bash"
. "$TREE/tests/cli/running.bash"
set -euo pipefail
trap stop_all EXIT

# attacker NAME ARGUMENT...: the program of tests/attacks/NAME.c.
attacker() {
    "$(dirname "$(command -v sl-webhook)")/attacks/$1" "${@:2}"
}

# row NAME TRIES ACCEPTED [CRASHED [P99 [RSS]]]. What was said of it is shown only if a suite fails, so it ends with
# none_got_in.
got_in=0
row() {
    got_in=$((got_in + $3 + ${4:-0}))
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-0}" "${5:--}" "${6:--}"
}

none_got_in() { [ "$got_in" -eq 0 ]; }

# alive: 0 if the daemon still answers, 1 if not: what stands in the column `crashed`.
alive() {
    kill -0 "$daemon" && [ "$(curl -sS -m 5 "http://$hooks/healthz")" = ok ] && echo 0 || echo 1
}

# peak PID: the most memory that it had, with its unit.
peak() {
    awk '/^VmHWM/ { printf "%.1f MiB", $2 / 1024 }' "/proc/$1/status"
}

# path SCHOOL PROVIDER HOOK: of a new endpoint there.
path() {
    sl-config webhook add -s "$1" -p "$2" -f json 2> /dev/null | jq -r --arg hook "$3" '.[] | select(.hook == $hook).url' | sed 's|^[a-z]*://[^/]*||'
}
