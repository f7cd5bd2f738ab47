# shellcheck shell=bash
# Steps: a line each with its time, quiet otherwise; a failure says what failed, the log and the cure.
#
# A step's function runs in a subshell with its output in `$PLIMSOLL_LOGS/step-<step>.log`. What later steps need it
# leaves in files. It may call `detail TEXT` (what its line shows), `note TEXT` (a line of its own under it) and
# `cure TEXT` (what to do should the next thing fail).

# Seconds since the microsecond stamp $1, as `12.3`.
seconds_since() {
  local elapsed=$((${EPOCHREALTIME/[.,]/} - $1))
  printf '%d.%d' $((elapsed / 1000000)) $((elapsed / 100000 % 10))
}

detail() { printf '%s\n' "$*" >"$PLIMSOLL_HOME/run/step.detail"; }
note() { printf '%s\n' "$*" >>"$PLIMSOLL_HOME/run/step.notes"; }
cure() { printf '%s\n' "$*" >"$PLIMSOLL_HOME/run/step.cure"; }

# Ends a step: what is wrong ($1) and what to do about it ($2).
fail() {
  cure "$2"
  printf '%s\n' "$1" >&2
  exit 1
}

# step NAME FUNCTION [ARGUMENT...]: runs one step; ends the program when it fails.
step() {
  local name=$1 slug started status
  shift
  slug=${name,,}
  slug=${slug//[^a-z0-9]/-}
  local log="$PLIMSOLL_LOGS/step-$slug.log"
  rm -f "$PLIMSOLL_HOME"/run/step.*
  started=${EPOCHREALTIME/[.,]/}
  [[ ! -t 1 ]] || printf '[    ...] %s\r' "$name"
  # Not `if (...)`: bash would ignore `set -e` inside.
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  status=$?
  set -e
  if ((status != 0)); then
    report_failure "$name" "$log" "$started" "$status"
    exit "$status"
  fi
  printf '[%6ss] %s%s\n' "$(seconds_since "$started")" "$name" "$(step_detail)"
  [[ ! -f $PLIMSOLL_HOME/run/step.notes ]] || sed 's/^/          /' "$PLIMSOLL_HOME/run/step.notes"
}

step_detail() {
  [[ ! -f $PLIMSOLL_HOME/run/step.detail ]] || printf ': %s' "$(<"$PLIMSOLL_HOME/run/step.detail")"
}

report_failure() {
  local name=$1 log=$2 started=$3 status=$4
  {
    printf '[%6ss] %s: FAILED (exit code %d)\n' "$(seconds_since "$started")" "$name" "$status"
    tail -n 15 "$log" | sed 's/^/    | /'
    printf '    log:  %s\n' "$log"
    printf '    cure: %s\n' "$(cat "$PLIMSOLL_HOME/run/step.cure" 2>/dev/null || echo 'mend what the log tells, then run this again')"
  } >&2
}
