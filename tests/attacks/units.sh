#!/bin/bash
# The units: how exposed each is, by systemd's own measure; that the programs are built hardened; and that they do
# their work in a booted Debian under those limits, where what has taken one over gets nowhere. The Debian is this
# machine's own, beneath what is written there (root is needed for that).
. "$TREE/tests/attacks/attacking.bash"
[ "$(id -u)" -eq 0 ] || { echo 'units: only root can boot a container: run this as root' >&2 && exit 1; }
[ -n "${SET_APART:-}" ] || SET_APART=1 exec unshare --mount "$0"
"$TREE/scripts/deps" systemd systemd-container binutils > /dev/null

built=$(dirname "$(command -v sl-webhook)")

# exposed MOST UNIT...: systemd's figure, in tenths to be compared.
exposed() {
    local unit figure
    for unit in "${@:2}"; do
        figure=$(systemd-analyze security --offline=yes --no-pager "$units/$unit" 2> /dev/null |
            sed -n 's/^→ Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
        row "$unit: exposed $figure of at most $1" 1 $((${figure/./} > ${1/./}))
    done
}

# hardened PROGRAM: what it lacks, a word for each: it is placed anywhere, its tables are read-only once it is
# loaded, its stack is not executable, and the stack and copies are guarded.
hardened() {
    readelf --wide --file-header --program-headers --dynamic "$1" > elf
    readelf --wide --dyn-syms "$1" > symbols
    grep -q 'Type: *DYN' elf && grep -q 'FLAGS_1.*PIE' elf || echo placed
    grep -q GNU_RELRO elf && grep -q 'FLAGS.*BIND_NOW\|FLAGS_1.*NOW' elf || echo relro
    grep -q 'GNU_STACK.* RW ' elf || echo stack
    ! grep -q 'LOAD.* RWE ' elf || echo written-and-run
    grep -q __stack_chk_fail symbols || echo canary
    grep -q '__[a-z]*_chk@' symbols || echo fortify
}

# unguarded OBJECT...: how many of them were compiled without guarded jumps and returns. The programs cannot say
# it: Debian's own start of a program has no such note.
unguarded() {
    local guarded
    guarded=$(readelf --wide --notes "$@" | grep -c 'IBT, SHSTK' || true)
    [ "$(uname -m)" != x86_64 ] && echo 0 || echo $(($# - guarded))
}

tries=0 wrong=0
for program in "$built"/sl-*; do
    lacks=$(hardened "$program")
    tries=$((tries + 6))
    [ -z "$lacks" ] || { echo "$program lacks $lacks" >&2 && wrong=$((wrong + $(wc -w <<< "$lacks"))); }
done
row 'programs built without a guard' "$tries" "$wrong"
mapfile -t objects < <(find "$built"/{cmd,lib,adapters} -name '*.o')
row 'objects whose jumps are not guarded' ${#objects[@]} "$(unguarded "${objects[@]}")"

# A layer over this machine, without the units that it has itself.
mkdir layer root
mount -t tmpfs tmpfs layer
mkdir layer/upper layer/work
mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/layer/upper,workdir=$PWD/layer/work" root
rm -rf root/etc/systemd/system root/etc/fstab root/etc/shulelabs root/var/lib/shulelabs
make -s -C "$TREE" BUILD="$(realpath --relative-to="$TREE" "$built")" DESTDIR="$PWD/root" PREFIX=/usr install > /dev/null
units=$PWD/root/usr/lib/systemd/system
exposed 1.2 sl-queue-run.service sl-queue-run-watch.service sl-oauth-refresh.service
exposed 0.7 sl-webhook.service
exposed 0.5 sl-logs-prune.service sl-keyring.service

mkdir -p root/etc/systemd/system
cat > root/etc/systemd/system/attack.service << 'UNIT'
[Unit]
SuccessAction=exit-force
FailureAction=exit-force

[Service]
Type=oneshot
Environment=TREE=/mnt
WorkingDirectory=/root
ExecStart=/mnt/tests/attacks/booted.bash
StandardOutput=file:/rows
StandardError=file:/said
UNIT

# Where no systemd runs outside, nobody could give it a scope. What has not that power may not lock memory in a
# container, which outside of one everybody may.
outside=(--register=no --capability=CAP_IPC_LOCK)
[ -d /run/systemd/system ] || outside+=(--keep-unit)
timeout -k 5 300 systemd-nspawn --quiet "${outside[@]}" --private-network --link-journal=no --directory=root \
    --bind-ro="$TREE:/mnt" --boot systemd.unit=attack.service > boot.log 2>&1 < /dev/null || status=$?
cat root/rows
[ "${status:-0}" -eq 0 ] || { tail -n 20 boot.log root/said >&2 && exit 1; }
none_got_in
