#!/bin/bash
# `sl-config migrate` is killed before its first, second, third … call of each kind, each time on a copy of a used
# database of version 2. What is left has every row, is of one version, and the same command finishes the work.
. "$TREE/tests/faults/counting.bash"

# rows DATABASE: every row, by the columns that the old one has. What an adapter can do is told anew by each version.
rows() { sqlite3 "$1" < readers; }

# holds N WHEN: that database has the rows of the old one, and nothing wrong.
holds() {
    rows "$SL_DATABASE" > now
    diff old now > differences || true
    ! grep -q '^<' differences || wrong lost "point $1, $2: $(grep -m 1 '^<' differences)"
    ! grep -q '^>' differences || wrong doubled "point $1, $2: $(grep -m 1 '^>' differences)"
    found=$(sql 'PRAGMA integrity_check; PRAGMA foreign_key_check')
    [ "$found" = ok ] || wrong state "point $1, $2: $found"
}

copy() {
    rm -f "$SL_DATABASE"*
    cp old.db "$SL_DATABASE"
}

# killed N CALL: 0 if it was; then the database is looked at, migrated and looked at again.
killed() {
    local status=0
    copy
    strace -f -o /dev/null -e "trace=$2" -e "inject=$2:signal=SIGKILL:when=$1" sl-config migrate > said 2>&1 || status=$?
    [ "$status" -eq 137 ] || { [ "$status" -eq 0 ] || wrong exit "$2 $1: $status"; return 1; }
    points=$((points + 1))
    holds "$2 $1" 'killed'
    [[ "$(sql 'PRAGMA user_version')" == [23] ]] || wrong state "$2 $1: of no version"
    sl-config migrate > said 2>&1 || wrong exit "$2 $1, again: $?"
    holds "$2 $1" 'again'
    [ "$(shape)" = "$new" ] || wrong state "$2 $1: not the new schema"
}

# shape: the tables, columns and indexes.
shape() {
    sql "SELECT m.type, m.name, c.name, c.type FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ORDER BY 2, 3; PRAGMA user_version"
}

in_folder made
fresh
new=$(shape)
rm "$SL_DATABASE"
{ cat "$TREE/tests/data/populated-2.sql" && echo 'PRAGMA user_version = 2; PRAGMA journal_mode = WAL;'; } | sqlite3 old.db > /dev/null
sqlite3 old.db "SELECT 'SELECT ''' || m.name || ' '' || ' || group_concat('quote(' || c.name || ')', ' || '','' || ') || ' FROM ' || m.name || ' ORDER BY 1;'
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
    AND (m.name <> 'integration_providers' OR c.name NOT IN ('config_schema', 'is_active')) GROUP BY m.name" > readers
rows old.db > old
for call in pwrite64 fdatasync openat fcntl ftruncate unlink write; do
    about "migration of version 2 killed at $call"
    for ((n = 1; ; n++)); do killed "$n" "$call" || break; done
    row
done
