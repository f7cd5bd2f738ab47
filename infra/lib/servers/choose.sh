# shellcheck shell=bash
# Which server is used: one that the environment names, ours if it was started before, one found on its standard local
# port, one in Docker, one of our own from Debian's packages.
#
# What was chosen is recorded in `$PLIMSOLL_HOME/run/SERVER.server` (its addresses, as shell exports) and `.origin`
# (environment, found, compose, own). A server's file defines SERVER_title, _variables, _answers, _found, _own and _stop;
# `_found` and `_own` set the variables.

SERVERS=(postgres rabbitmq redis)

# start_servers [SERVER...]: all of them, or those named; a step each.
start_servers() {
  local server
  for server in "${@:-${SERVERS[@]}}"; do
    step "$("${server}_title")" choose_server "$server"
  done
}

choose_server() {
  local server=$1
  if is_named "$server"; then
    "${server}_answers" || fail "$(first_variable "$server") names a server that does not answer" \
      "start it, or unset $(first_variable "$server") to let infra/ find or start one"
    record_server "$server" environment
  elif is_kept "$server"; then
    :
  elif [[ -z ${FOR_TESTS:-} && $(origin_of "$server") != @(own|compose) ]] && "${server}_found"; then
    record_server "$server" found
  elif [[ $(origin_of "$server") != own ]] && compose_is_usable && compose_start "$server"; then
    record_server "$server" compose
  else
    [[ $(origin_of "$server") == own ]] || ! compose_is_usable ||
      note 'its image cannot be had through Docker: taking the Debian package'
    # What an earlier start, broken off, may have left.
    "${server}_stop"
    "${server}_own"
    record_server "$server" own
  fi
  detail "$(server_line "$server")"
}

first_variable() { local variables; read -ra variables < <("${1}_variables"; echo); printf '%s' "${variables[0]}"; }

# Whether the environment names the server, by an address other than the one that we recorded ourselves.
is_named() {
  local variable
  variable=$(first_variable "$1")
  [[ -n ${!variable:-} ]] || return 1
  [[ $(origin_of "$1") == @(found|compose|own) ]] || return 0
  [[ ${!variable} != "$(recorded "$1" "$variable")" ]]
}

# The recorded server, if it still answers; sets its variables.
is_kept() {
  case $(origin_of "$1") in
    own) is_running "$1" || return 1 ;;
    found | compose) ;;
    *) return 1 ;;
  esac
  # shellcheck source=/dev/null
  source "$PLIMSOLL_HOME/run/$1.server"
  "${1}_answers"
}

origin_of() { cat "$PLIMSOLL_HOME/run/$1.origin" 2>/dev/null || true; }

recorded() {
  # shellcheck source=/dev/null
  (source "$PLIMSOLL_HOME/run/$1.server" && printf '%s' "${!2:-}")
}

record_server() {
  local variable
  (
    umask 077
    for variable in $("${1}_variables"); do
      [[ -z ${!variable:-} ]] || printf 'export %s=%q\n' "$variable" "${!variable}"
    done >"$PLIMSOLL_HOME/run/$1.server"
  )
  printf '%s\n' "$2" >"$PLIMSOLL_HOME/run/$1.origin"
}

# own_port NAME [PREFERRED]: the port that it had before, if that is free; else the preferred one, else another; remembered.
own_port() {
  local record=$PLIMSOLL_HOME/servers/$1.port
  # shellcheck disable=SC2046 # no argument where nothing is recorded
  free_port $(cat "$record" 2>/dev/null) "${@:2}" >"$record.new"
  mv "$record.new" "$record"
  cat "$record"
}

newest_folder() { compgen -G "$1" | sort -V | tail -n1; }

# address_answers URL DEFAULT_PORT: whether its host and port take a connection.
address_answers() {
  local authority=${1#*://}
  authority=${authority%%/*}
  authority=${authority##*@}
  [[ $authority == *:* ]] || authority+=:$2
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "${authority%:*}" "${authority##*:}"
}

# One server in words: whose it is and where, without its password.
server_line() {
  local address origin
  address=$(recorded "$1" "$(first_variable "$1")")
  address=${address##*@}
  address=${address#*://}
  case $(origin_of "$1") in
    environment) origin='named by the environment,' ;;
    found) origin='found' ;;
    compose) origin='own, in Docker,' ;;
    own) origin='own server' ;;
  esac
  printf '%s on %s' "$origin" "${address%%/*}"
}

# The addresses of the chosen servers, as shell exports.
server_addresses() { cat "$PLIMSOLL_HOME"/run/*.server; }

# Ends what was started here; what was found or named is left alone. The data stays.
stop_servers() {
  local server
  for server in "${SERVERS[@]}"; do
    [[ ! -f $PLIMSOLL_HOME/run/$server.process ]] || printf '%s: ending our server\n' "$("${server}_title")"
    "${server}_stop"
  done
  ! uses_compose || compose down
}

uses_compose() { grep -qsx compose "$PLIMSOLL_HOME"/run/*.origin; }

# The same, and removes the data with every record.
purge_servers() {
  stop_servers
  ! uses_compose || compose down --volumes
  [[ ! -s $PLIMSOLL_HOME/servers/postgres.folder ]] || rm -rf "$(<"$PLIMSOLL_HOME/servers/postgres.folder")"
  rm -rf "$PLIMSOLL_HOME"/{servers,run}
}
