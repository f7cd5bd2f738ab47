# shellcheck shell=bash
# Processes that we start: each in a session of its own, recorded with what tells it from a later process of the same id.
#
# A record is `$PLIMSOLL_HOME/run/NAME.process`: process id, its start time in clock ticks since boot, the signal that
# ends it in good order. Nothing is ever ended by name.

# launch NAME SIGNAL COMMAND...: starts the command with its output in the log of that name.
launch() {
  local name=$1 signal=$2
  shift 2
  setsid "$@" </dev/null >"$PLIMSOLL_LOGS/$name.log" 2>&1 &
  record_process "$name" "$!" "$signal"
}

# record_process NAME PID SIGNAL: for one that leads a session of its own.
record_process() { printf '%d %s %s\n' "$2" "$(started_at "$2")" "$3" >"$PLIMSOLL_HOME/run/$1.process"; }

# The start time of the process $1 (field 22 of its stat line); nothing for one that is gone or a zombie.
started_at() {
  local stat fields
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  # The second field, the program's name in parentheses, may itself hold spaces and parentheses.
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} == Z ]] || printf '%s' "${fields[19]}"
}

is_running() {
  local pid started _
  [[ -f $PLIMSOLL_HOME/run/$1.process ]] || return 1
  read -r pid started _ <"$PLIMSOLL_HOME/run/$1.process"
  [[ -n $started && $(started_at "$pid") == "$started" ]]
}

# Whether any process of the group $1 is left, zombies apart.
group_is_alive() {
  local file stat fields
  kill -0 -- "-$1" 2>/dev/null || return 1
  for file in /proc/[0-9]*/stat; do
    read -r stat 2>/dev/null <"$file" || continue
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[2]} != "$1" || ${fields[0]} == Z ]] || return 0
  done
  return 1
}

# end_process NAME [SECONDS]: ends it in good order, by force after the deadline (30 seconds), and drops its record.
end_process() {
  local record=$PLIMSOLL_HOME/run/$1.process deadline=$((SECONDS + ${2:-30})) pid signal _
  [[ -f $record ]] || return 0
  read -r pid _ signal <"$record"
  if is_running "$1"; then
    kill -s "$signal" "$pid"
    while group_is_alive "$pid"; do
      if ((SECONDS >= deadline)); then
        kill -s KILL -- "-$pid" 2>/dev/null || true
      fi
      sleep 0.05
    done
  fi
  rm -f "$record"
}
