#!/bin/bash
# What a program finds full, closed or scarce: what it prints to, its descriptors, how long a file may be, its disk.
# What cannot be recorded is not sent, and what was sent is said when it is asked for again.
. "$TREE/tests/faults/faulting.bash"

# Of the small disk, a page more with each point is free.
leave_free() { # PAGES
    local free
    free=$(df --output=avail -B 4096 points | tail -n 1)
    [ "$free" -lt "$1" ] || head -c $(((free - $1) * 4096)) /dev/zero > points/filler
}

# short_of N: how it ended is in $status, what it said in `complained`.
short_of() {
    local act="${program}_act" n=$1
    status=0
    case $what in
    full) "$act" "$n" > /dev/full 2> complained || status=$? ;;
    closed) "$act" "$n" >&- 2> complained || status=$? ;;
    head) "$act" "$n" 2> complained | head -n 1 > /dev/null || status=${PIPESTATUS[0]} ;;
    descriptors | length | disk)
        under=()
        [ "$what" != descriptors ] || under=(prlimit "--nofile=$((n + 3))")
        [ "$what" != length ] || under=(prlimit "--fsize=$((n * 4096))")
        [ "$what" != disk ] || leave_free "$n"
        "$act" "$n" > /dev/null 2> complained || status=$?
        rm -f points/filler
        ;;
    esac
    [ "$what" != full ] || [ "$status" -eq 74 ] || wrong exit "$status, though nothing could be printed"
}

# Three that had enough are the end; what stdout is has one point.
all_scarce() { # PROGRAM WHAT
    local what=$2 unharmed=0 status under=()
    begin "$1" "$3"
    [ "$what" != disk ] || mount -t tmpfs -o size=8m tmpfs points
    for ((n = 1; unharmed < 3; n++)); do
        point "$n"
        short_of "$n"
        if [ "$status" -eq 0 ]; then unharmed=$((unharmed + 1)); else unharmed=0; fi
        ended_well "$status"
        points=$((points + 1))
        recovered
        case $what in full | closed | head) break ;; esac
    done
    compare
    row
}

# Alone in a name space of its own, as root of it, anybody may mount.
case ${2:-} in
'') ;;
disk) [ -n "${MOUNTS:-}" ] || MOUNTS=1 exec unshare -rm "$0" "$@" ;;&
*)
    all_scarce "$1" "$2" "${*:3}"
    exit
    ;;
esac
for program in ${PROGRAMS:-send bulk request put queue_run rotate migrate prune backup}; do
    printf "$program %s\n" 'descriptors few descriptors' 'length short files' 'disk full disk'
    # a list says nothing there
    case $program in send | request) printf "$program %s\n" 'full stdout on a full disk' 'closed closed stdout' 'head stdout read for a line' ;; esac
done | ROWS=12 each_of "$0" 2
