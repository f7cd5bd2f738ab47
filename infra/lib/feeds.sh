# shellcheck shell=bash
# Where advisories come from: a mirror that PLIMSOLL_FEEDS_BASE names, upstream, or the facts in the repository.

# Any of the feeds' hosts will do as a sign that the outside can be reached.
FEEDS_PROBE=https://security-tracker.debian.org/tracker/

# Decides before the feeds service starts, which is told; read by feeds_base.
choose_feeds() {
  local record=$PLIMSOLL_HOME/run/feeds.base
  if [[ -n ${PLIMSOLL_FEEDS_BASE:-} ]]; then
    printf '%s' "$PLIMSOLL_FEEDS_BASE" >"$record"
    detail "from $PLIMSOLL_FEEDS_BASE, named by PLIMSOLL_FEEDS_BASE"
  elif curl -sSI --max-time 10 -o /dev/null "$FEEDS_PROBE"; then
    : >"$record"
    detail 'from their upstream addresses'
  else
    local mirror=$PLIMSOLL_HOME/feeds-bundle
    "$REPOSITORY/infra/feeds-bundle/make" "$mirror"
    printf 'file://%s' "$mirror" >"$record"
    detail 'upstream CANNOT BE REACHED: from the small bundle of facts in infra/feeds-bundle'
  fi
}

# The base address to give the service; nothing for upstream.
feeds_base() { cat "$PLIMSOLL_HOME/run/feeds.base"; }

sync_feeds() {
  cure "see $PLIMSOLL_LOGS/feeds.log; set PLIMSOLL_FEEDS_BASE to the address of a mirror"
  "$(program plimsoll-admin)" feeds sync --wait
}
