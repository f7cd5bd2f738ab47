# shellcheck shell=bash
# Plimsoll's own services: each its own process, with its port, log and environment; each restartable alone.

SERVICES=(ingest scanner feeds api)
# The port that each would like: the two doors where people expect them, the workers' health beside each other.
declare -A SERVICE_PORTS=([api]=8080 [ingest]=5080 [scanner]=9101 [feeds]=9102)
# The database role that each signs in as.
declare -A SERVICE_ROLES=([api]=plimsoll_api [ingest]=plimsoll_ingest [scanner]=plimsoll_worker [feeds]=plimsoll_feeds)

program() { printf '%s/release/%s' "${CARGO_TARGET_DIR:-$REPOSITORY/target}" "$1"; }

# Where the service $1 listens. Settled once for all of them, as they are told of each other.
service_address() { printf '127.0.0.1:%d' "$(<"$PLIMSOLL_HOME/servers/$1.port")"; }

# The key that registry tokens are signed with: 32 random bytes, hexadecimal, made once.
token_key() {
  local file=$PLIMSOLL_HOME/servers/token.key
  [[ -s $file ]] || (umask 077 && od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$file")
  cat "$file"
}

settle_ports() {
  local service
  for service in "${SERVICES[@]}"; do
    is_running "$service" || own_port "$service" "${SERVICE_PORTS[$service]}" >/dev/null
  done
}

# The environment of the service $1, a line a variable.
service_environment() {
  local role=${SERVICE_ROLES[$1]}
  cat <<ENVIRONMENT
PLIMSOLL_DATABASE_URL=postgres://$role:$(password_of roles)@${DATABASE_URL#*@}
PLIMSOLL_AMQP_URL=$AMQP_URL
PLIMSOLL_REDIS_URL=$REDIS_URL
PLIMSOLL_BLOBS=${PLIMSOLL_BLOBS:-file://$PLIMSOLL_HOME/blobs}
PLIMSOLL_LISTEN=$(service_address "$1")
ENVIRONMENT
  [[ -z ${PLIMSOLL_LOG:-} ]] || printf 'PLIMSOLL_LOG=%s\n' "$PLIMSOLL_LOG"
  [[ -z ${OTEL_EXPORTER_OTLP_ENDPOINT:-} ]] || printf 'OTEL_EXPORTER_OTLP_ENDPOINT=%s\n' "$OTEL_EXPORTER_OTLP_ENDPOINT"
  case $1 in
    api) printf 'PLIMSOLL_INGEST_URL=http://%s\n' "$(service_address ingest)" ;;
    ingest)
      printf 'PLIMSOLL_PUBLIC_URL=http://%s\nPLIMSOLL_API_URL=http://%s\n' "$(service_address "$1")" "$(service_address api)"
      printf 'PLIMSOLL_TOKEN_KEY=%s\n' "$(token_key)"
      ;;
    feeds) [[ -z $(feeds_base) ]] || printf 'PLIMSOLL_FEEDS_BASE=%s\n' "$(feeds_base)" ;;
  esac
}

# Starts the service $1, unless it runs already, healthy, from the same program with the same environment.
start_service() {
  local service=$1 fingerprint record=$PLIMSOLL_HOME/run/$1.fingerprint environment
  local program
  program=$(program "plimsoll-$service")
  mapfile -t environment < <(service_environment "$service")
  fingerprint=$({ stat -c '%i %s %y' "$program"; printf '%s\n' "${environment[@]}"; } | sha256sum)
  detail "$(service_address "$service")"
  if is_running "$service" && [[ $(cat "$record" 2>/dev/null) == "$fingerprint" ]] && service_is_ready "$service"; then
    detail "$(service_address "$service"), running since before"
    return
  fi
  end_process "$service"
  # shellcheck disable=SC2153 # home.sh sets it
  cure "see $PLIMSOLL_LOGS/$service.log"
  mkdir -p "$PLIMSOLL_HOME/blobs"
  # DATABASE_URL is an administrator's: services get what is listed above, and nothing else of ours.
  launch "$service" TERM env -u DATABASE_URL -u AMQP_URL -u AMQP_MANAGEMENT_URL -u REDIS_URL -u PLIMSOLL_HOME \
    -u PLIMSOLL_LOGS "${environment[@]}" "$program"
  wait_for "$service" 60 service_is_ready "$service"
  printf '%s\n' "$fingerprint" >"$record"
}

service_is_ready() { curl -sSf --noproxy '*' --max-time 5 -o /dev/null "http://$(service_address "$1")/readyz"; }

# Ends the services, those that take things in first.
stop_services() {
  local service
  for service in api ingest feeds scanner; do
    [[ ! -f $PLIMSOLL_HOME/run/$service.process ]] || printf '%s: ending it\n' "$service"
    end_process "$service"
  done
}
