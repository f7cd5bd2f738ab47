# shellcheck shell=bash
# What building needs: Rust as new as the workspace says, a C compiler, cmake, pkg-config; and cargo's own tools.

# The crates of our cargo tools, with the versions that the workspace was tried with.
declare -A CARGO_TOOLS=(
  [cargo-nextest]="cargo-nextest --version 0.9.143"
  [cargo-deny]="cargo-deny --version 0.20.2"
  [cargo-sqlx]="sqlx-cli --version 0.9.0 --no-default-features --features postgres,rustls"
)

build_prerequisites() {
  require_rust
  packages_for cc=gcc cmake=cmake make=make pkg-config=pkg-config curl=curl setsid=util-linux
  detail "$(rustc --version)"
}

require_rust() {
  local needed found
  needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$REPOSITORY/Cargo.toml")
  command -v cargo >/dev/null || fail "cargo is not on the PATH" "install Rust $needed or newer with rustup"
  found=$(rustc --version | cut -d' ' -f2)
  [[ $(printf '%s\n' "$needed" "${found%%-*}" | sort -V | head -n1) == "$needed" ]] ||
    fail "Rust $found is too old: $needed is needed" "rustup update stable"
}

# cargo_tool NAME: installs one of CARGO_TOOLS if it is missing.
cargo_tool() {
  command -v "$1" >/dev/null && return
  note "installed $1 with cargo"
  cure "cargo install --locked ${CARGO_TOOLS[$1]}"
  # Used for seconds and built for minutes: optimised little.
  # shellcheck disable=SC2086 # a list of arguments
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_TARGET_DIR=$REPOSITORY/target/cargo-tools cargo install --locked ${CARGO_TOOLS[$1]}
}
