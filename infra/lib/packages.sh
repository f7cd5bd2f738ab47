# shellcheck shell=bash
# Debian packages, installed without their system services being started.

# packages_for PROGRAM=PACKAGE...: installs the packages whose programs are missing.
#
# A program given as a path with wildcards counts as there when the pattern matches a file.
packages_for() {
  local pair missing=()
  for pair in "$@"; do
    has_program "${pair%%=*}" || missing+=("${pair#*=}")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

has_program() {
  case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

install_packages() {
  local command="apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "missing: $*" "install with this machine's package manager what Debian calls: $*"
  ((EUID == 0)) || fail "missing Debian packages: $*" "sudo $command"
  note "installed Debian packages: $*"
  cure "apt-get update && $command"
  export DEBIAN_FRONTEND=noninteractive
  (
    forbid_service_starts
    # Without a list of packages, or with an old one, the first try fails.
    $command || { apt-get update && $command; }
  )
}

# For the rest of this subshell, packages may not start services; an existing policy is left as it is.
forbid_service_starts() {
  local policy=/usr/sbin/policy-rc.d
  [[ ! -e $policy ]] || return 0
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
