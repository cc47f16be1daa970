# What the suites of faults share. A suite named without arguments runs itself once for each program and
# fault, two at a time; each such run has a folder, a sandbox and an installation of its own. There the program
# meets the fault at its first, second, third … call of a kind, each time on a copy of the installation, until it
# gets to its end without. Every copy is then recovered as its user would, and what the copies say is held
# against what the sandbox saw.
#
# A program is a set of functions: NAME_set_up prepares the installation that is copied; NAME_before N what only
# that copy has; NAME_act N is the command, behind "${under[@]}"; NAME_again N what its user does next, until
# NAME_settled N; NAME_told N adds to `wanted` and `states`, and NAME_effects prints `effects`, for compare().
# NAME_done says, right after a command that ended with 0, whether it did what it is for.
. "$TREE/tests/faults/counting.bash"
. "$TREE/tests/faults/sending.bash"
. "$TREE/tests/faults/paying.bash"
. "$TREE/tests/faults/keeping.bash"
. "$TREE/tests/faults/serving.bash"

# As strace names them: one call, or a pattern of several.
declare -A calls=([pwrite64]=pwrite64 [sync]='/^f(data)?sync$' [sendto]=sendto [recvfrom]=recvfrom
    [write]='/^write(v)?$' [rename]='/^(rename|link|unlink|mkdir)' [openat]=openat [ftruncate]=ftruncate [fcntl]=fcntl)

# each_of SUITE AT_ONCE: a line of standard input is the arguments of one run.
each_of() {
    # shellcheck disable=SC2016
    xargs -P "$2" -L 1 bash -c 'mkdir "${*:1}" && cd "$_" && exec "$0" "$@"' "$1"
}

# begin PROGRAM FAULT: a sandbox, and an installation in `made` that is set up against it.
begin() {
    program=$1 kept=
    about "$1: $2"
    export BATS_TEST_TMPDIR=$PWD/made
    mkdir made points
    trap stop_all EXIT
    fresh
    echo 'public_url: http://127.0.0.1:9' >> "$SL_CONFIG" # nobody hears there: what is not called back is asked
    start sandbox sl-sandbox serve --listen 127.0.0.1:0
    export SL_SANDBOX_URL=http://$address SL_SCHOOL=greenhill
    sl-sandbox setup -s greenhill > /dev/null 2>&1
    "${program}_set_up"
    sql 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
    touch wanted states
}

# point N: from now on the programs find the copy of that point, which is made if it is not there.
point() {
    n=$1 home=$PWD/points/$1
    SL_CONFIG=$home/etc/shulelabs.yaml SL_DATABASE=$home/var/shulelabs.db SL_KEYRING=$home/etc/keyring
    [ -d "$home" ] && return
    mkdir "$home"
    cp -r made/etc made/var "$home"
    "${program}_before" "$1"
}

# loaded CALL: how many of them the loader makes before the program reads its settings; those are not ours to
# survive. Of what is not one call but a pattern it makes none.
loaded() {
    point 0
    under=(strace -f -o trace -e "trace=$1,openat")
    "${program}_act" 0 > /dev/null 2>&1 || true
    rm -rf points/0
    sed '/shulelabs\.yaml/,$d' trace | grep -cF " $1(" || true
}

# faulty FAULT WHEN [OPTION...]: $under, the words before a command that is to meet it at that call.
faulty() {
    under=(timeout -k 1 60 strace -f -o fired -e "trace=${1%%:*}" -e "inject=$1:when=$2" "${@:3}")
}

# ended_well STATUS: it is a documented one, and what was `complained` is at most two lines, by the program if
# it says that something went wrong.
ended_well() {
    local lines
    lines=$(wc -l < complained)
    case $1 in
    0 | 1 | 75) [ "$lines" -le 2 ] && return ;;
    64 | 65 | 69 | 70 | 73 | 74 | 77 | 78)
        [ "$lines" -ge 1 ] && [ "$lines" -le 2 ] && grep -q '^sl-' complained && return
        ;;
    esac
    wrong exit "$1: $(cat complained)"
}

# What is wanted has a name in `wanted`; `effects` has it once for each time that it came about outside (a text
# that arrived), `states` has it with what our own record says. What is done must have come about, what is
# unknown may have; nothing twice.
compare() {
    local what text
    "${program}_effects" > effects
    awk -F '\t' -v OFS='\t' '
        FILENAME == "effects" { times[$1]++; next }
        FILENAME == "states" { state[$1] = $2; next }
        times[$1] > 1 { print $1, "doubled", "came about " times[$1] " times" }
        !($1 in state) { print $1, "lost", "has no record"; next }
        state[$1] == "unknown" { next }
        state[$1] !~ /^(sent|succeeded|done)$/ { print $1, "state", state[$1] }
        !times[$1] { print $1, "lost", state[$1] ", and never came about" }
    ' effects states wanted > differences
    while IFS=$'\t' read -r n what text; do wrong "$what" "$text"; done < differences
}

# sound: what holds of every installation that was recovered.
sound() {
    local found
    found=$(sql 'PRAGMA integrity_check; PRAGMA foreign_key_check')
    [ "$found" = ok ] || wrong state "$found"
    found=$(sl-logs verify 2>&1) || wrong state "$found"
    found=$(cd "$home" && find . -type f |
        grep -vxE "\./(etc/(shulelabs.yaml|keyring(.webhook)?)|var/shulelabs.db(-wal|-shm)?${kept:+|$kept})" || true)
    [ -z "$found" ] || wrong state "left over: $found"
}

# Nobody runs in this copy: every lease is over, and what waits for a time is due.
time_passes() {
    sql "UPDATE runners SET lease_boot_ms = 0;
        UPDATE integration_queue SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL;
        UPDATE accounts SET hold_boot_ms = 0, open_boot_ms = 0"
}

# recovered: what its user does next, until nothing is due any more; then the copy is looked at and removed.
# Every status on the way is one that says how far it is.
recovered() {
    until_true settles || wrong state "is never settled"
    sound
    "${program}_told" "$n"
    rm -rf "$home"
}
settles() {
    local status=0
    time_passes
    under=()
    "${program}_again" "$n" || status=$?
    case $status in 0 | 1 | 75) ;; *) wrong exit "done again: $status" ;; esac
    "${program}_settled" "$n"
}
