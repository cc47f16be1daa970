#!/bin/bash
# Every call that can fail fails, once or from then on, in every program: it ends with a status that is documented
# and at most two lines that say what happened, and what it did is what it said.
. "$TREE/tests/faults/faulting.bash"

# What fails, how, and whether once or on. An EINTR or EAGAIN for ever is no fault that there is.
faults=(
    'malloc ENOMEM once'
    'malloc ENOMEM on'
    'fcntl EAGAIN once'
    'fcntl EIO once'
    'pwrite64 EIO once'
    'pwrite64 ENOSPC on'
    'pwrite64 EINTR once'
    'sync EIO once'
    'sync EIO on'
    'write EIO once'
    'write ENOSPC on'
    'openat EMFILE once'
    'openat ENOMEM once'
    'openat EACCES once'
    'openat EIO once'
    'openat EMFILE on'
    'openat EROFS on'
    'rename EACCES once'
    'rename EROFS on'
    'rename ENOSPC once'
    'ftruncate EIO once'
    'pread64 EIO once'
    'read EIO once'
    'read EINTR once'
    'mmap ENOMEM once'
    'mmap ENOMEM on'
)
wire=(
    'socket EMFILE on'
    'socket ENOMEM once'
    'connect EACCES once'
    'connect ETIMEDOUT on'
    'connect EINTR once'
    'sendto EPIPE once'
    'sendto ECONNRESET on'
    'sendto EAGAIN once'
    'sendto EINTR once'
    'recvfrom ECONNRESET once'
    'recvfrom ETIMEDOUT on'
    'recvfrom EINTR once'
    'recvfrom EAGAIN once'
    'epoll_ctl ENOMEM once'
    'epoll_wait EINTR once'
)

# failing N: $under, with the N-th call of the fault failing.
failing() {
    local when=$1
    [ "$mode" = once ] || when+=+
    rm -f fired
    if [ "$call" = malloc ]; then
        under=(timeout -k 1 60 env "LD_PRELOAD=$BUILD/faults/failing_malloc.so" "FAIL_AT=$1" FIRED="$PWD/fired")
        [ "$mode" = once ] || under+=(FAIL_ON=1)
    else
        faulty "$call:error=$errno" "$when" --seccomp-bpf
    fi
}
fired() {
    if [ "$call" = malloc ]; then [ -e fired ]; else grep -q INJECTED fired; fi
}

# met N: whether it failed, how it ended, and what it said.
met() {
    local status=0
    point "$1"
    failing $((first + $1))
    "${program}_act" "$1" > said 2> complained || status=$?
    [ "$status" -ne 0 ] || "${program}_done" > /dev/null 2>&1 || wrong state 'ended with 0, and it is not done'
    if fired; then
        points=$((points + 1)) unharmed=0
    else
        unharmed=$((unharmed + 1))
    fi
    # where nothing can be written nothing is said
    [ "$call $mode" != "${calls[write]} on" ] || [ -s complained ] || echo 'sl-?' > complained
    # to give a lock back never fails: what SQLite makes of it takes ten seconds each time
    grep -qs 'F_UNLCK.*INJECTED' fired || ended_well "$status"
}

all_errors() { # PROGRAM CALL ERRNO once|on [PART OF]: all of them, or each OF-th from the PART-th on
    local call=${calls[$2]:-$2} errno=$3 mode=$4 first=0 unharmed=0 step=${6:-1}
    begin "$1" "$3 of $2 $4${5:+, part $5 of $6}"
    if [ "$call" = malloc ]; then step=${ALLOCATIONS:-97}; else first=$(loaded "$call"); fi
    for ((n = ${5:-1}; unharmed < 3; n += step)); do
        met "$n"
        recovered
    done
    compare
    row
}

# all_runs: what makes a program wait is first, so that the others run beside it. Without a lock SQLite waits for
# ten seconds, and the daemon makes its callers wait.
all_runs() {
    for part in {1..8}; do printf 'serve fcntl %s once %s 8\n' EAGAIN "$part" EIO "$part"; done
    for fault in "${faults[@]}"; do printf "%s $fault\n" bulk prune queue_run rotate request backup put migrate send serve; done |
        grep -v '^serve fcntl'
    for fault in "${wire[@]}"; do printf "%s $fault\n" bulk queue_run request send; done
}

[ $# -eq 0 ] || { all_errors "$@"; exit; }
only=${PROGRAMS:-.*}
all_runs | grep -E "^(${only// /|}) .*(${ONLY_FAULTS:-})" | ROWS=${ROWS:-12} each_of "$0" 16
