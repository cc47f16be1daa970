#!/bin/bash
# Every program is killed before its first, second, third … call of each kind that writes, sends or hears.
. "$TREE/tests/faults/faulting.bash"
export most_unknown=10 # of a list: as many as have a connection

# killed N: whether it met its end; if not, whether it ended well.
killed() {
    local status=0
    point "$1"
    faulty "$call:signal=SIGKILL" $((first + $1))
    "${program}_act" "$1" > said 2>&1 || status=$?
    case $status in
    137) points=$((points + 1)) ;;
    0) unharmed=$((unharmed + 1)) ;;
    *) wrong exit "unharmed: $status, $(head -n 2 said)" && unharmed=$((unharmed + 1)) ;;
    esac
}

# How many calls there are may differ by a few with the time that answers take: the third run that met no kill
# is the end.
all_kills() { # PROGRAM CALL
    local call=${calls[$2]} first unharmed=0
    begin "$1" "killed at $2"
    first=$(loaded "$call")
    for ((n = 1; unharmed < 3; n++)); do
        killed "$n"
        recovered
    done
    compare
    row
}

[ $# -eq 0 ] || { all_kills "$@"; exit; }
for program in ${PROGRAMS:-prune bulk send request queue_run rotate migrate backup put serve}; do
    for call in ${CALLS:-${!calls[@]}}; do echo "$program $call"; done
done | each_of "$0" 2
