# shellcheck shell=bash
# The test runner: its arguments, and its output in the order in which it is read.

# What the end-to-end tests push with and build their image from. Without root the tests themselves say what is missing.
end_to_end_prerequisites() {
  if ((EUID != 0)); then
    detail 'not root: skopeo, debootstrap, dockerd, pip and npm are taken as they are'
    return
  fi
  packages_for skopeo=skopeo debootstrap=debootstrap dockerd=docker.io docker=docker.io pip3=python3-pip npm=npm
}

# run_nextest ARGUMENT...: runs it, then prints how many tests had nothing to read, and last its summary line.
run_nextest() {
  local output=$PLIMSOLL_HOME/run/nextest.output summary=$PLIMSOLL_HOME/run/nextest.summary arguments reader status=0
  mapfile -t arguments < <(nextest_arguments "$@")
  mkfifo "$output"
  keep_summary "$summary" <"$output" &
  reader=$!
  # In the background, so that a signal to us is acted on at once; in a session of its own, so that it can be ended whole.
  setsid cargo nextest run --workspace --locked "${arguments[@]}" </dev/null >"$output" 2>&1 &
  record_process nextest "$!" TERM
  wait "$!" || status=$?
  # Whoever a test left running may hold the pipe open: the reader gets a moment, not for ever.
  for _ in {1..50}; do
    kill -0 "$reader" 2>/dev/null || break
    sleep 0.1
  done
  kill "$reader" 2>/dev/null || true
  wait "$reader" 2>/dev/null || true
  if [[ -s $PLIMSOLL_SKIPPED ]]; then
    printf '%d tests skipped: needs the shared corpus\n' "$(wc -l <"$PLIMSOLL_SKIPPED")"
  fi
  [[ ! -s $summary ]] || cat "$summary"
  return "$status"
}

# nextest's arguments, one a line. `-p CRATE` becomes a filter: another choice of packages would choose other features
# of dependencies, and so build them all again.
nextest_arguments() {
  while (($#)); do
    case $1 in
      -p | --package)
        printf '%s\n' -E "package(${2:?$1 needs the name of a crate})"
        shift
        ;;
      *) printf '%s\n' "$1" ;;
    esac
    shift
  done
}

# Passes the runner's output on line by line, but keeps its summary line back, in the file $1.
keep_summary() {
  local line
  while IFS= read -r line; do
    if [[ $line == *Summary*run:* ]]; then
      printf '%s\n' "$line" >"$1"
    else
      printf '%s\n' "$line"
    fi
  done
}
