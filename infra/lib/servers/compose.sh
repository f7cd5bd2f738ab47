# shellcheck shell=bash disable=SC2034 # the addresses are read by choose.sh
# The servers as containers, where a Docker engine runs: the services of infra/compose.yaml, in a project of our own.

compose_is_usable() { timeout 10 docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

compose() {
  POSTGRES_PASSWORD=$(password_of postgres) RABBITMQ_PASSWORD=$(password_of rabbitmq) \
    REDIS_PASSWORD=$(password_of redis) POSTGRES_FLAGS=$(postgres_haste) \
    docker compose --project-name "$(home_name)" --file "$REPOSITORY/infra/compose.yaml" "$@"
}

# compose_start SERVER: starts its container and sets its addresses; fails when its image cannot be had.
compose_start() {
  compose up --detach --wait --wait-timeout 120 "$1" || return 1
  "compose_address_$1"
}

compose_address_postgres() {
  DATABASE_URL=postgres://postgres:$(password_of postgres)@$(compose port postgres 5432)/plimsoll
}
compose_address_rabbitmq() {
  AMQP_URL=amqp://plimsoll:$(password_of rabbitmq)@$(compose port rabbitmq 5672)/%2f
  AMQP_MANAGEMENT_URL=http://plimsoll:$(password_of rabbitmq)@$(compose port rabbitmq 15672)
}
compose_address_redis() { REDIS_URL=redis://:$(password_of redis)@$(compose port redis 6379); }
