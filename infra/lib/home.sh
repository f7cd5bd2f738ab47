# shellcheck shell=bash
# Where everything that we start keeps its data, logs and records.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PLIMSOLL_HOME=${PLIMSOLL_HOME:-$REPOSITORY/.plimsoll}
export PLIMSOLL_HOME

# Makes the folder with its parts; private to the user who runs it, but passable for the server accounts under it.
make_home() {
  mkdir -p "$PLIMSOLL_HOME"/{logs,run,servers}
  chmod 711 "$PLIMSOLL_HOME" "$PLIMSOLL_HOME/servers"
  chmod 700 "$PLIMSOLL_HOME/logs" "$PLIMSOLL_HOME/run"
}

# A password of 32 hexadecimal characters: safe in addresses, SQL and configuration files as it is.
new_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
