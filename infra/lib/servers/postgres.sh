# shellcheck shell=bash
# PostgreSQL: one that we may use as a superuser, or our own cluster.

POSTGRES_DATABASE=plimsoll

postgres_title() { printf 'PostgreSQL'; }
postgres_variables() { printf 'DATABASE_URL'; }

postgres_answers() { ! command -v psql >/dev/null || psql_at "$DATABASE_URL" 'SELECT 1'; }

# psql_at URL SQL: unadorned rows; never asks for a password.
psql_at() { PGCONNECT_TIMEOUT=5 psql -XAtqw -v ON_ERROR_STOP=1 -d "$1" -c "$2" </dev/null; }

# A server on the standard port that takes us for a superuser.
postgres_found() {
  local url
  port_answers 5432 || return 1
  packages_for psql=postgresql-client
  for url in postgres://{postgres,"$(id -un)",postgres:postgres}@127.0.0.1:5432; do
    ! takes_us "$url" || return 0
  done
  ! postgres_operator || ! takes_us "postgres://plimsoll_operator:$(password_of postgres-operator)@127.0.0.1:5432" || return 0
  note 'the server on 127.0.0.1:5432 is passed over: no superuser sign-in to a version from 15 on'
  return 1
}

# Whether the server at $1 makes us a superuser; sets its address with our database, which is made if it is absent.
takes_us() {
  local usable="SELECT rolsuper AND current_setting('server_version_num')::int >= 150000
    FROM pg_roles WHERE rolname = current_user"
  [[ $(psql_at "$1/postgres" "$usable") == t ]] && DATABASE_URL=$(with_database "$1")
}

# Debian's cluster lets only the system user `postgres` in, by its socket: root makes a superuser of ours there.
postgres_operator() {
  local socket=/var/run/postgresql
  ((EUID == 0)) && [[ -S $socket/.s.PGSQL.5432 ]] || return 1
  (cd / && as_server_user psql -XAtqw -h "$socket" -v ON_ERROR_STOP=1 -d postgres) <<SQL || return 1
SELECT 'CREATE ROLE plimsoll_operator' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plimsoll_operator') \\gexec
ALTER ROLE plimsoll_operator LOGIN SUPERUSER PASSWORD '$(password_of postgres-operator)';
SQL
  note 'uses the superuser plimsoll_operator, which it made through the server socket'
}

# The address $1 with our database, which is made if it is absent.
with_database() {
  [[ $(psql_at "$1/postgres" "SELECT 1 FROM pg_database WHERE datname = '$POSTGRES_DATABASE'") == 1 ]] ||
    psql_at "$1/postgres" "CREATE DATABASE $POSTGRES_DATABASE" || return 1
  printf '%s/%s' "$1" "$POSTGRES_DATABASE"
}

postgres_own() {
  local folder port bin
  packages_for '/usr/lib/postgresql/*/bin/postgres=postgresql' psql=postgresql-client setpriv=util-linux
  bin=$(newest_folder '/usr/lib/postgresql/*/bin')
  folder=$(postgres_folder)
  [[ -f $folder/data/PG_VERSION ]] || make_cluster "$bin" "$folder"
  port=$(own_port postgres)
  cure "see $PLIMSOLL_LOGS/postgres.log; infra/down --purge starts afresh"
  # shellcheck disable=SC2046 # lists of arguments
  launch postgres INT $(server_user_prefix) "$bin/postgres" -D "$folder/data" \
    -c listen_addresses=127.0.0.1 -c port="$port" -c unix_socket_directories= -c max_connections=300 $(postgres_haste)
  local url
  url="postgres://postgres:$(password_of postgres)@127.0.0.1:$port"
  wait_for postgres 60 psql_at "$url/postgres" 'SELECT 1'
  DATABASE_URL=$(with_database "$url")
}

# A test cluster need not outlive the machine's crash.
postgres_haste() {
  [[ -z ${FOR_TESTS:-} ]] || printf -- '-c %s ' fsync=off synchronous_commit=off full_page_writes=off
}

make_cluster() {
  local bin=$1 folder=$2
  (
    cd /
    rm -rf "$folder/data"
    (umask 077 && password_of postgres >"$folder/password")
    ((EUID != 0)) || chown "$(server_user):" "$folder/password"
    as_server_user "$bin/initdb" -D "$folder/data" --username=postgres --pwfile="$folder/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
    rm -f "$folder/password"
  )
}

# Where the cluster lies: with our other data, or below /var/tmp when its account cannot get there (a checkout under /root).
postgres_folder() {
  local record=$PLIMSOLL_HOME/servers/postgres.folder folder
  if [[ ! -s $record ]]; then
    folder=$PLIMSOLL_HOME/servers/postgres
    as_server_user test -x "$PLIMSOLL_HOME/servers" || folder=$(mktemp -d /var/tmp/plimsoll-postgres.XXXXXX)
    install -d -m 700 "$folder"
    ((EUID != 0)) || chown "$(server_user):" "$folder"
    printf '%s\n' "$folder" >"$record"
  fi
  cat "$record"
}

# PostgreSQL refuses to run as root.
server_user() { if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi; }
server_user_prefix() {
  ((EUID != 0)) || printf 'setpriv --reuid=%s --regid=%s --init-groups --' "$(server_user)" "$(id -gn "$(server_user)")"
}
as_server_user() { $(server_user_prefix) "$@"; }

postgres_stop() { end_process postgres; }
