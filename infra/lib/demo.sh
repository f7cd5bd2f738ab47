# shellcheck shell=bash
# The demo organization, its owner and the key that `infra/up` scans with; kept in `demo.env`, readable by the owner alone.

DEMO=demo
DEMO_OWNER=owner@demo.example

demo_file() { printf '%s/demo.env' "$PLIMSOLL_HOME"; }

make_demo() {
  local file key PLIMSOLL_DEMO_PASSWORD
  file=$(demo_file)
  PLIMSOLL_DEMO_PASSWORD=$(password_of demo-owner)
  export PLIMSOLL_DEMO_PASSWORD
  detail "$DEMO, owned by $DEMO_OWNER"
  "$(program plimsoll-admin)" organization create --if-absent --slug "$DEMO" --name Demo \
    --owner-email "$DEMO_OWNER" --password-env PLIMSOLL_DEMO_PASSWORD
  # A key belongs to its database: another database needs another.
  if [[ -f $file ]] && grep -qxF "# $(database_place)" "$file"; then
    return
  fi
  key=$("$(program plimsoll-admin)" api-key create --organization "$DEMO" --name infra-up)
  (
    umask 077
    printf '# %s\nPLIMSOLL_DEMO_OWNER=%s\nPLIMSOLL_DEMO_PASSWORD=%s\nPLIMSOLL_API_KEY=%s\n' \
      "$(database_place)" "$DEMO_OWNER" "$PLIMSOLL_DEMO_PASSWORD" "$key" >"$file"
  )
}

# Host, port and name of the database, without who signs in.
database_place() { printf '%s' "${DATABASE_URL##*@}"; }
