#!/usr/bin/env bash
# This machine's own package databases as an image: an OCI archive of one layer, named `this-machine`.
#
# usage: this-machine.sh ARCHIVE. Reads names and versions only: the OS release, apk's and dpkg's databases (with dpkg's lists
# of the paths that packages own), the metadata of installed Python distributions and of Node.js modules. No program and none
# of the users' files goes in. The same state of the machine gives the same image.
set -euo pipefail

archive=${1:?usage: this-machine.sh ARCHIVE}
work=$(mktemp -d "${TMPDIR:-/tmp}/this-machine.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd /

# The files that exist, one a line, relative to the root.
package_databases() {
  local file
  for file in etc/os-release usr/lib/os-release etc/debian_version etc/alpine-release var/lib/dpkg/status \
    var/lib/dpkg/status.d/* var/lib/dpkg/info/*.list lib/apk/db/installed usr/lib/apk/db/installed; do
    [[ ! -e $file ]] || printf '%s\n' "$file"
  done
  find usr/lib usr/local/lib opt -xdev \( -name METADATA -o -name PKG-INFO -o -name '*.egg-info' -o -name package.json \) \
    -type f 2>/dev/null |
    grep -E '\.dist-info/METADATA$|\.egg-info(/PKG-INFO)?$|/node_modules/(@[^/]+/)?[^/@][^/]*/package\.json$' || true
}

architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# Moves a file into the layout's blobs; gives its digest.
add_blob() {
  local digest
  digest=$(digest_of "$1")
  mv "$1" "$work/layout/blobs/sha256/$digest"
  printf '%s' "$digest"
}

# One descriptor of the blob $2, of media type $1.
descriptor() {
  printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d' \
    "$1" "$2" "$(stat -c %s "$work/layout/blobs/sha256/$2")"
}

mkdir -p "$work/layout/blobs/sha256"
package_databases | LC_ALL=C sort -u >"$work/files"
tar --create --file="$work/layer" --no-recursion --files-from="$work/files" \
  --owner=0 --group=0 --numeric-owner --mtime=@0 --format=gnu
diff_id=$(digest_of "$work/layer")
gzip -n "$work/layer"
layer=$(add_blob "$work/layer.gz")

printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created_by":"%s"}]}' \
  "$(architecture)" "$diff_id" "infra/lib/this-machine.sh: the package databases of this machine" >"$work/config"
config=$(add_blob "$work/config")

printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s},"layers":[%s}]}' \
  "$(descriptor config.v1+json "$config")" "$(descriptor layer.v1.tar+gzip "$layer")" >"$work/manifest"
manifest=$(add_blob "$work/manifest")

printf '{"schemaVersion":2,"manifests":[%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' \
  "$(descriptor manifest.v1+json "$manifest")" this-machine:latest latest >"$work/layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"

tar --create --file="$archive" --directory="$work/layout" oci-layout index.json blobs
printf '%d files, sha256:%s\n' "$(wc -l <"$work/files")" "$manifest"
