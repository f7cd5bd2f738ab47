# shellcheck shell=bash
# Where everything that we start keeps its data, logs and records.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PLIMSOLL_HOME=${PLIMSOLL_HOME:-$REPOSITORY/.plimsoll}
[[ $PLIMSOLL_HOME == /* ]] || PLIMSOLL_HOME=$PWD/$PLIMSOLL_HOME
PLIMSOLL_LOGS=${PLIMSOLL_LOGS:-$PLIMSOLL_HOME/logs}
export PLIMSOLL_HOME PLIMSOLL_LOGS

# Makes the folder with its parts; private to the user who runs it, but passable for the servers' accounts.
make_home() {
  mkdir -p "$PLIMSOLL_HOME"/{run,servers} "$PLIMSOLL_LOGS"
  chmod 711 "$PLIMSOLL_HOME" "$PLIMSOLL_HOME/servers"
  chmod 700 "$PLIMSOLL_HOME/run" "$PLIMSOLL_LOGS"
}

# A name that differs between checkouts on one machine and stays the same for one.
home_name() { printf 'plimsoll-%s' "$(sha256sum <<<"$PLIMSOLL_HOME" | cut -c1-8)"; }

# password_of NAME: made at the first call and kept, readable by the owner alone. 32 hexadecimal characters: safe in
# addresses, SQL and configuration files as they are.
password_of() {
  local file=$PLIMSOLL_HOME/servers/$1.password
  [[ -s $file ]] || (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$file")
  cat "$file"
}
