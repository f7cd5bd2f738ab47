# shellcheck shell=bash
# The test runner: its arguments, and its output in the order in which it is read.

# nextest_arguments ARGUMENT...: one a line. `-p CRATE` becomes a filter: another choice of packages would choose other
# features of dependencies, and so build them all again.
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

# Passes the runner's output on, but keeps its summary line back, in the file $1.
keep_summary() {
  awk -v summary="$1" '/Summary.*tests? run/ { print > summary; next } { print; fflush() }'
}

# What comes at the end: how many tests had nothing to read, then the runner's summary line.
print_summary() {
  local summary=$1 skipped=$2
  if [[ -s $skipped ]]; then
    printf '%d tests skipped: needs the shared corpus\n' "$(wc -l <"$skipped")"
  fi
  [[ ! -s $summary ]] || cat "$summary"
}
