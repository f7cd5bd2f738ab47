# shellcheck shell=bash
# TCP ports on the loopback interface.

# Whether something listens on 127.0.0.1:$1.
port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port [PREFERRED...]: the first preferred port that is free, else one at random below those the kernel hands out.
free_port() {
  local port
  for port in "$@"; do
    if ! port_answers "$port"; then
      printf '%d\n' "$port"
      return
    fi
  done
  for _ in {1..50}; do
    port=$((20000 + SRANDOM % 12000))
    if ! port_answers "$port"; then
      printf '%d\n' "$port"
      return
    fi
  done
  return 1
}

# wait_for NAME SECONDS COMMAND...: polls until the command succeeds; gives up at the deadline, or when the process that
# is recorded as NAME has ended.
wait_for() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! is_running "$name"; then
      printf '%s ended; its log:\n' "$name" >&2
      tail -n 12 "$PLIMSOLL_LOGS/$name.log" >&2
      return 1
    fi
    if ((SECONDS >= deadline)); then
      printf '%s is not ready in time: %s\n' "$name" "$*" >&2
      return 1
    fi
    sleep 0.1
  done
}
