load helpers
# A newer version has used the database, and an older one comes upon it.

setup() {
    fresh
    school
    export SL_SCHOOL=greenhill
    echo phone > "$BATS_TEST_TMPDIR/list.csv"
}

# newer [STATEMENT]: a program of version 99 has written, and was killed; the statement comes in between.
newer() {
    local folder left=$BATS_TEST_TMPDIR/left
    folder=$(dirname "$SL_DATABASE")
    mkdir "$left"
    sqlite3 "$SL_DATABASE" 'PRAGMA wal_autocheckpoint = 0' 'PRAGMA user_version = 99' "${1:-}" \
        'CREATE TABLE later (what TEXT) STRICT' ".shell cp $folder/* $left" > /dev/null
    rm "$folder"/*
    cp "$left"/* "$folder"
}

# sums: of the files of the database, but $except.
sums() { find "$(dirname "$SL_DATABASE")" -type f ! -name "${except:-}" -exec sha256sum {} + | sort; }

# leave COMMAND...: it is refused, and those files stay what they are to the byte.
leave() {
    local before
    before=$(sums)
    run -78 "$@"
    [[ "$output" == *'of version 99, these programs know '* ]]
    [ "$(sums)" = "$before" ] || { echo "$*" && ls -l "$(dirname "$SL_DATABASE")" && return 1; }
}

every_program_leaves() {
    leave sl-config school list
    leave sl-config init
    leave sl-config migrate
    leave sl-config migrate --dry-run
    leave sl-config key rotate
    leave sl-config backup "$BATS_TEST_TMPDIR/copy.db"
    leave sl-sms send -m hello 0711000001
    leave sl-sms bulk -m hello --file "$BATS_TEST_TMPDIR/list.csv" --yes
    leave sl-pay request --phone 0711000001 --amount 1 --reference A
    leave sl-email send --subject Fees --text hello parent@school.example
    leave sl-push topic --topic parents --title Fees --body hello
    leave sl-whatsapp send -m hello 0711000001
    leave sl-storage ls
    leave sl-lms users
    leave sl-queue list
    leave sl-queue-run
    leave sl-oauth-refresh
    leave sl-logs verify
    leave sl-logs prune
    leave sl-webhook serve --listen 127.0.0.1:0
    leave sl-sandbox setup -s greenhill --url http://127.0.0.1:9
}

@test "every program leaves a newer database as it is, to the byte" {
    sql 'PRAGMA user_version = 99'
    every_program_leaves
}

@test "so it does where a killed program left something beside it" {
    newer 'PRAGMA wal_checkpoint(TRUNCATE)'
    [ "$(ls "$(dirname "$SL_DATABASE")" | wc -l)" -eq 3 ]
    every_program_leaves
}

# That it is newer only SQLite can find there. It makes the -shm, its index of the -wal, anew.
@test "so it does where the version itself is in what was left, and its index alone is made anew" {
    newer
    except=*-shm every_program_leaves
}
