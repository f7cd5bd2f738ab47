# shellcheck shell=bash
# Redis: one on the standard port that answers without a password, or our own.

redis_title() { printf 'Redis'; }
redis_variables() { printf 'REDIS_URL'; }

# Only the port: the address may ask for TLS, a user, a database.
redis_answers() { address_answers "$REDIS_URL" 6379; }

redis_found() {
  local answer
  port_answers 6379 || return 1
  answer=$(redis_ping 6379)
  if [[ $answer != +PONG* ]]; then
    note "the server on 127.0.0.1:6379 is passed over: it answers ${answer:-nothing}"
    return 1
  fi
  REDIS_URL=redis://127.0.0.1:6379
}

# redis_ping PORT [PASSWORD]: the last line that the server answers.
redis_ping() {
  local answer
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  [[ -z ${2:-} ]] || { printf 'AUTH %s\r\n' "$2" >&3 && read -r -t 5 _ <&3; } || true
  printf 'PING\r\n' >&3
  read -r -t 5 answer <&3 || true
  exec 3>&-
  printf '%s' "${answer%$'\r'}"
}

redis_pongs() { [[ $(redis_ping "$@") == +PONG ]]; }

redis_own() {
  local folder=$PLIMSOLL_HOME/servers/redis port password
  packages_for redis-server=redis-server
  install -d -m 700 "$folder"
  port=$(own_port redis)
  password=$(password_of redis)
  (umask 077 && cat >"$folder/redis.conf") <<CONF
bind 127.0.0.1
port $port
requirepass $password
dir $folder
daemonize no
# What Redis holds may be lost: sessions, rate limits, live updates.
save ""
CONF
  cure "see $PLIMSOLL_LOGS/redis.log"
  launch redis TERM redis-server "$folder/redis.conf"
  wait_for redis 30 redis_pongs "$port" "$password"
  REDIS_URL=redis://:$password@127.0.0.1:$port
}

redis_stop() { end_process redis; }
