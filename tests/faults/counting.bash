# What every suite of faults counts, and the installations that some share.
bats_require_minimum_version() { :; } # bats gives it; helpers.bash asks for it
. "$TREE/tests/cli/helpers.bash"
. "$TREE/tests/cli/running.bash"
set -euo pipefail

# about TEXT: the row that is counted from now on.
about() { about=$1 points=0 lost=0 doubled=0 state=0 exit=0; }

# wrong COUNT TEXT: counts it in $lost, $doubled, $state or $exit, and says what it is (where there are points, at
# which).
wrong() {
    printf -v "$1" %d $((${!1} + 1))
    echo "$about${n:+, point $n}: $2" >> "$BATS_TEST_TMPDIR/said.wrong"
}

# row: what was counted, as the frame wants it; it fails where anything was wrong.
row() {
    printf '%s\t%d\t%d\t%d\t%d\t%d\n' "$about" "$points" "$lost" "$doubled" "$state" "$exit"
    [ ! -s "$BATS_TEST_TMPDIR/said.wrong" ] || { cat "$BATS_TEST_TMPDIR/said.wrong" >&2 && return 1; }
}

# in_folder NAME: what comes next has a folder and processes of its own.
in_folder() {
    export BATS_TEST_TMPDIR=$PWD/$1
    mkdir "$1"
    cd "$1"
    trap stop_all EXIT
}

# to_sandbox [OPTION...]: a sandbox, and a new installation that is set up against it.
to_sandbox() {
    start sandbox sl-sandbox serve --listen 127.0.0.1:0 "$@"
    fresh
    echo 'public_url: http://127.0.0.1:9' >> "$SL_CONFIG" # nobody hears there
    export SL_SANDBOX_URL=http://$address SL_SCHOOL=greenhill
    sl-sandbox setup -s greenhill > /dev/null 2>&1
}

# texts_to URL [NAME=VALUE...]: a new installation that sends its texts there, at any speed.
texts_to() {
    rm -rf "${BATS_TEST_TMPDIR:?}/etc" "${BATS_TEST_TMPDIR:?}/var"
    fresh
    school greenhill
    export SL_SCHOOL=greenhill
    printf '%s\n' username=sandbox api_key=atsk_0123456789 rate_per_second=0 max_in_flight=0 "base_url=$1" "${@:2}" |
        sl-config set -s greenhill -p africastalking --from - --quiet > /dev/null
}
