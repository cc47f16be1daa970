#!/bin/bash
# The power fails: a file system of its own on a loop device is copied IMAGES=500 times, as the disk is at that moment,
# while texts are accepted and sent. In each copy is every text that was accepted before. What was written and not
# synced is in no copy: it waits in the page cache, before the loop device.
# Only root can; for anybody else, or without loop devices, nothing is counted and the reason is told.
. "$TREE/tests/faults/counting.bash"
images=${IMAGES:-500}

# disk IMAGE FOLDER: mounts it there.
disk() { mkdir -p "$2" && mount -o loop,data=ordered "$1" "$2"; }

undo() {
    kill -KILL -- "-$runner" "-$accepting" || true
    stop_all
    umount disk copy > /dev/null 2>&1 || true
}

# One text after the other; what sl-sms has accepted is a line of `accepted`.
accept_all() {
    local n
    for ((n = 0; ; n++)); do
        id=$(sl-sms bulk -m "text $n" --file list --yes -q --detach -f json | field batch) || true
        [ -z "$id" ] || echo "$id" >> accepted
    done
}

# The kernel may go on writing while the programs stand still: two copies that agree are of one moment.
copied() { cp disk.image copy.image && cmp -s disk.image copy.image; }

# looked_at N: a copy of the disk, as it is found after the power is back.
looked_at() {
    local found
    moment 100
    kill -STOP -- "-$runner" "-$accepting"
    cp accepted before
    until_true copied
    kill -CONT -- "-$runner" "-$accepting"
    disk copy.image copy
    found=$(sqlite3 copy/var/shulelabs.db 'PRAGMA integrity_check; PRAGMA foreign_key_check')
    [ "$found" = ok ] || wrong state "image $1: $found"
    sqlite3 copy/var/shulelabs.db 'SELECT public_id FROM message_batches' | sort > there
    sort before | comm -23 - there > missing
    while read -r id; do wrong lost "image $1: $id"; done < missing
    SL_DATABASE=$PWD/copy/var/shulelabs.db sl-logs verify > said 2>&1 || wrong state "image $1: $(cat said)"
    umount copy
    rm copy.image
    points=$((points + 1))
}

in_folder here
about 'power fails, ext4'
truncate -s 32M disk.image
mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 disk.image
if ! disk disk.image disk 2> why; then
    echo "power: no crash images: $(cat why)" >&2
    row
    exit
fi
trap undo EXIT
to_sandbox
mkdir disk/var
mv var/shulelabs.db* disk/var
sync -f disk # the installation is there before the load begins
export SL_DATABASE=$PWD/disk/var/shulelabs.db
printf 'phone\n0711000001\n' > list
touch accepted
set -m # a group for each
sl-queue-run --watch -q &
runner=$!
accept_all 2> accept.err &
accepting=$!
set +m
until_true test -s accepted
for ((n = 0; n < images; n++)); do looked_at "$n"; done
[ "$(counted duplicated)" -eq 0 ] || wrong doubled "$(counted duplicated)"
row
