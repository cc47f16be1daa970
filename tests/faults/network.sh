#!/bin/bash
# The network fails in every way that we know of. What the server got is held against what our records say.
. "$TREE/tests/faults/counting.bash"

# bad FAULT [TEXT]: a server whose texts meet it; what it got is in `got`.
bad() {
    start server badserver "$@" > got
    texts_to "http://$address"
}

# texts N: a list of as many, one request each.
texts() {
    awk -v n="$1" 'BEGIN { print "phone,n"; for (i = 0; i < n; i++) printf "+2547%08d,%05d\n", i, i }' > list
}

# bulk CONNECTIONS STATUS: sends the list.
bulk() {
    local status=0
    sl-sms bulk -m 'Point {n}' --file list --yes -q --connections "$1" > said 2>&1 || status=$?
    [ "$status" -eq "$2" ] || wrong exit "$status: $(head -n 2 said)"
}

records() {
    sql "SELECT substr(address, 2), status, coalesce(external_reference, ''), replace(coalesce(error, ''), char(10), '<LF>')
        FROM messages" | tr '|' '\t'
}

# compare: what was answered well is sent, by its own answer; what met the fault, or was not read whole, is
# unknown, with one line that says why. Each came once.
compare() {
    local what text
    records > states
    awk -F '\t' -v OFS='\t' '
        FILENAME == "got" { requests++; if ($3 == "whole") times[$1]++; if ($2 == "good") good[$1] = 1; next }
        { rows++; status = $1 in good ? "sent" : "unknown" }
        times[$1] > 1 { print "doubled", $1 " came " times[$1] " times" }
        $2 == "sent" && !times[$1] { print "lost", $1 " is sent, and never came" }
        $2 != status { print "state", $1 " is " $2 ", not " status; next }
        status == "sent" && $3 != "ATX" $1 { print "state", $1 " has the answer " $3 }
        status == "unknown" && ($4 == "" || $4 ~ /<LF>/ || length($4) > 200) { print "state", $1 " has no honest line: " $4 }
        END { if (requests > rows) print "doubled", requests " requests for " rows
              if (requests < rows) print "lost", requests " requests for " rows }
    ' got states > differences
    while IFS=$'\t' read -r what text; do wrong "$what" "$text"; done < differences
    points=$(awk '$2 == "faulty"' got | wc -l)
    [ "$points" -gt 0 ] || wrong state "no point was met"
}

# cut FAULT ROWS WORDS: every second text of so many meets it at its next byte.
cut() (
    in_folder "$1"
    about "$3"
    bad "$1"
    texts "$2"
    bulk 1 1
    compare
    row
)

cut request-reset 1200 "reset within the request"
