#!/bin/bash
# The audit trail, tampered with by somebody who may write the database but has no key: of ROWS rows a hundred are
# edited, deleted, inserted, swapped, or the tail behind them is cut. Each must be found, and named. Verifying all of
# it as it was takes five seconds of the processor at most.
. "$TREE/tests/attacks/attacking.bash"

rows=${ROWS:-1000000} tries=100
fast='PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON;'

# verified [OPTION...]: what it says of each break, in `said`; its status.
verified() {
    local status=0
    sl-logs verify "$@" > report 2> said || status=$?
    [ $status -le 1 ] # 0: whole, 1: broken
    return $status
}

# missed: how many of the ids on standard input are not named.
missed() {
    grep -o 'rows\? [0-9]*' said | grep -o '[0-9]*' | sort -u > named
    sort -u | comm -23 - named | wc -l
}

# tampered NAME: a copy of the trail, on which the SQL of standard input is run; the rows are those of `places`.
tampered() {
    cp "$SL_DATABASE" copy.db
    { echo "$fast"; cat; } | sqlite3 copy.db > /dev/null
    if SL_DATABASE=copy.db verified; then
        row "$1" "$tries" "$tries"
    else
        row "$1" "$tries" "$(missed < places)"
    fi
    rm -f copy.db*
}

# Nobody's neighbours, so that what is said of one is not said of another.
choose() {
    shuf -i "2-$((rows / 10 - 1))" -n "$tries" | sort -n | sed 's/$/0/' > places
}

edits() {
    local columns=(status error_message reference_id external_reference actor request_data response_data created_at)
    local i=0 id
    while read -r id; do
        case ${columns[i++ % ${#columns[@]}]} in
            status) echo "UPDATE integration_logs SET status = 'failed' WHERE id = $id;" ;;
            created_at) echo "UPDATE integration_logs SET created_at = created_at + 1 WHERE id = $id;" ;;
            request_data) echo "UPDATE integration_logs SET request_data = NULL, response_data = NULL WHERE id = $id;" ;;
            response_data) echo "DELETE FROM log_phones WHERE log_id = $id;" ;;
            *) echo "UPDATE integration_logs SET ${columns[(i - 1) % ${#columns[@]}]} = 'x' WHERE id = $id;" ;;
        esac
    done < places
}

deletions() {
    sed 's/.*/DELETE FROM integration_logs WHERE id = &; DELETE FROM log_phones WHERE log_id = &;/' places
}

# Phones go with their rows, and what follows moves up: an attacker leaves no gap.
insertions() {
    sed 's/.*/INSERT INTO temp.places VALUES (&);/; 1i CREATE TEMP TABLE places (id INTEGER PRIMARY KEY);' places
    cat <<- 'END'
	DROP INDEX integration_logs_operation; DROP INDEX integration_logs_external;
	DROP INDEX integration_logs_created; DROP INDEX integration_logs_reference;
	UPDATE integration_logs SET id = -id - (SELECT count(*) FROM temp.places p WHERE p.id <= integration_logs.id)
	    WHERE id >= (SELECT min(id) FROM temp.places);
	UPDATE integration_logs SET id = -id WHERE id < 0;
	UPDATE log_phones SET log_id = -log_id - (SELECT count(*) FROM temp.places p WHERE p.id <= log_phones.log_id)
	    WHERE log_id >= (SELECT min(id) FROM temp.places);
	UPDATE log_phones SET log_id = -log_id WHERE log_id < 0;
	CREATE TEMP TABLE forged AS SELECT * FROM integration_logs WHERE id = 1;
	INSERT INTO integration_logs SELECT p.id + (SELECT count(*) FROM temp.places q WHERE q.id < p.id), school_id,
	    provider_id, direction, operation, reference_type, reference_id, request_data, response_data, status,
	    status_code, error_message, duration_ms, external_reference, ip_address, created_at, attempt, actor, salt,
	    body_digest, previous_hash, hash FROM temp.places p, temp.forged;
	END
}

# Half of them with their neighbour, half with a row far away.
swaps() {
    local i=0 id other
    while read -r id; do
        other=$((i++ % 2 ? id + 1 : rows - id + 5))
        echo "UPDATE integration_logs SET id = -1 WHERE id = $id; UPDATE integration_logs SET id = $id WHERE id = $other;
            UPDATE integration_logs SET id = $other WHERE id = -1;"
        echo "UPDATE log_phones SET log_id = -1 WHERE log_id = $id; UPDATE log_phones SET log_id = $id WHERE log_id = $other;
            UPDATE log_phones SET log_id = $other WHERE log_id = -1;"
    done < places
}

# The longest trail first; what was noted elsewhere tells.
tails() {
    local id missed=0
    cp "$SL_DATABASE" copy.db
    while read -r id; do
        sqlite3 copy.db "$fast DELETE FROM integration_logs WHERE id >= $id; DELETE FROM log_phones WHERE log_id >= $id;" > /dev/null
        if SL_DATABASE=copy.db verified --expect "$anchor" ||
            ! grep -qx "rows $id to ${anchor%:*} were removed from the end" said; then
            missed=$((missed + 1))
        fi
    done < <(sort -rn places)
    row 'log: tail cut' "$tries" $missed
    rm -f copy.db*
}

fresh
school greenhill
attacker fill_log greenhill "$((rows - 1))" # one is there: the school was added
sqlite3 "$SL_DATABASE" 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
TIMEFORMAT='%U %S'
taken=$({ time verified; } 2>&1 | awk '{ printf "%.1f", $1 + $2 }')
anchor=$(awk '$1 == "last_id" { id = $2 } $1 == "head" { print id ":" $2 }' report)
[ "${anchor%:*}" = "$rows" ]
row 'log: whole, verified' 1 "$(awk -v s="$taken" 'BEGIN { print (s > 5) }')" 0 "$taken s"

choose
tampered 'log: row edited' < <(edits)
tampered 'log: row deleted' < <(deletions)
tampered 'log: rows swapped' < <(swaps)
tails
insertions > sql # where they stand then, behind those that were inserted before them
awk '{ print $1 + NR - 1 }' places > moved && mv moved places
tampered 'log: row inserted' < sql
none_got_in
