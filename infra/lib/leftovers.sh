# shellcheck shell=bash
# What a test run left running: every process whose environment carries this run's own PLIMSOLL_HOME.

# Ends them and names them on standard error; succeeds when there were none.
end_leftovers() {
  local pid found=0
  for pid in $(leftovers); do
    found=1
    printf 'left running by a test, ended: %d %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c1-120)" >&2
    kill -s KILL "$pid" 2>/dev/null || true
  done
  return "$found"
}

leftovers() {
  local file
  for file in /proc/[0-9]*/environ; do
    if grep -qsazxF "PLIMSOLL_HOME=$PLIMSOLL_HOME" "$file"; then
      file=${file%/environ}
      printf '%d\n' "${file#/proc/}"
    fi
  done
}
