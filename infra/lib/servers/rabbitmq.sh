# shellcheck shell=bash
# RabbitMQ with its management API: one on the standard ports that takes the guest account, or our own.

rabbitmq_title() { printf 'RabbitMQ'; }
rabbitmq_variables() { printf 'AMQP_URL AMQP_MANAGEMENT_URL'; }

rabbitmq_answers() { address_answers "$AMQP_URL" 5672; }

rabbitmq_found() {
  local management=http://guest:guest@127.0.0.1:15672
  port_answers 5672 || return 1
  if [[ $(management_api "$management" GET whoami) != *administrator* ]]; then
    note 'the server on 127.0.0.1:5672 is passed over: its management API on 15672 does not take guest as administrator'
    return 1
  fi
  management_api "$management" PUT vhosts/plimsoll &&
    management_api "$management" PUT permissions/plimsoll/guest '{"configure":".*","write":".*","read":".*"}' || return 1
  AMQP_URL=amqp://guest:guest@127.0.0.1:5672/plimsoll
  AMQP_MANAGEMENT_URL=$management
}

# management_api URL METHOD PATH [BODY]
management_api() {
  curl -sSf --noproxy '*' --max-time 10 -X "$2" -H 'content-type: application/json' ${4:+-d "$4"} "$1/api/$3"
}

# Three processes' worth of ports: AMQP, management, and Erlang's own (distribution and its port mapper), all on loopback.
rabbitmq_own() {
  local folder=$PLIMSOLL_HOME/servers/rabbitmq port management password epmd
  packages_for /usr/lib/rabbitmq/bin/rabbitmq-server=rabbitmq-server epmd=erlang-base setsid=util-linux
  install -d -m 700 "$folder"
  port=$(own_port rabbitmq)
  management=$(own_port rabbitmq-management)
  epmd=$(own_port epmd)
  password=$(password_of rabbitmq)
  rabbitmq_configuration "$port" "$management" "$password" "$folder"
  cure "see $PLIMSOLL_LOGS/rabbitmq.log; infra/down --purge starts afresh"
  launch epmd TERM epmd -port "$epmd" -address 127.0.0.1
  wait_for epmd 10 port_answers "$epmd"
  launch rabbitmq TERM env "HOME=$folder" "ERL_EPMD_PORT=$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    "ERL_CRASH_DUMP=$PLIMSOLL_LOGS/rabbitmq.crash" \
    "RABBITMQ_NODENAME=$(home_name)@localhost" "RABBITMQ_DIST_PORT=$(own_port erlang)" \
    'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}' \
    RABBITMQ_CONF_ENV_FILE=/dev/null "RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf" \
    "RABBITMQ_ADVANCED_CONFIG_FILE=$folder/advanced.config" "RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins" \
    "RABBITMQ_MNESIA_BASE=$folder/mnesia" "RABBITMQ_SCHEMA_DIR=$folder/schema" \
    "RABBITMQ_GENERATED_CONFIG_DIR=$folder/config" "RABBITMQ_PID_FILE=$folder/pid" \
    "RABBITMQ_LOG_BASE=$PLIMSOLL_LOGS" RABBITMQ_LOGS=- \
    /usr/lib/rabbitmq/bin/rabbitmq-server
  AMQP_URL=amqp://plimsoll:$password@127.0.0.1:$port/%2f
  AMQP_MANAGEMENT_URL=http://plimsoll:$password@127.0.0.1:$management
  wait_for rabbitmq 90 management_api "$AMQP_MANAGEMENT_URL" GET aliveness-test/%2f
  wait_for rabbitmq 30 port_answers "$port"
}

rabbitmq_configuration() {
  local port=$1 management=$2 password=$3 folder=$4
  printf '[rabbitmq_management].\n' >"$folder/enabled_plugins"
  printf '[].\n' >"$folder/advanced.config"
  (umask 077 && cat >"$folder/rabbitmq.conf") <<CONF
listeners.tcp.1 = 127.0.0.1:$port
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
default_user = plimsoll
default_pass = $password
default_user_tags.administrator = true
log.console.level = info
CONF
}

rabbitmq_stop() {
  end_process rabbitmq
  end_process epmd
}
