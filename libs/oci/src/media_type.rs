//! Media types of manifests, configs and layers, OCI's and Docker's.
//!
//! Source: OCI image specification 1.1, `media-types.md`; Docker image manifest version 2, schema 2; containerd's `images/mediatypes.go` for
//! the spellings that clients write without a specification.

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image config.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI layer, a plain tar.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// OCI layer, gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, zstd.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// The config of an artifact that has none: the blob `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_MANIFEST_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image config.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// Docker layer, a plain tar.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// Every manifest type that we read, in the order of an Accept header.
pub const MANIFESTS: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST];

/// Docker's first manifest format, unsigned and signed: recognised to be refused by name.
pub fn is_schema_1(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.docker.distribution.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v1+prettyjws"
    )
}

/// An image's manifest, for one platform.
pub fn is_image_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_MANIFEST | DOCKER_MANIFEST)
}

/// An index or manifest list.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_INDEX | DOCKER_MANIFEST_LIST)
}

/// The config of a container image, as against an artifact's.
pub fn is_image_config(media_type: &str) -> bool {
    matches!(media_type, OCI_CONFIG | DOCKER_CONFIG)
}

/// How a layer's tar is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerCompression {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// What a layer's media type says, or `None` where it is not a filesystem layer's.
pub fn layer_compression(media_type: &str) -> Option<LayerCompression> {
    let packed = media_type
        .strip_prefix("application/vnd.oci.image.layer.v1.tar")
        .or_else(|| media_type.strip_prefix("application/vnd.oci.image.layer.nondistributable.v1.tar"))
        .or_else(|| media_type.strip_prefix("application/vnd.docker.image.rootfs.diff.tar"))
        .or_else(|| media_type.strip_prefix("application/vnd.docker.image.rootfs.foreign.diff.tar"))?;
    match packed {
        "" => Some(LayerCompression::None),
        "+gzip" | ".gzip" => Some(LayerCompression::Gzip),
        "+zstd" | ".zstd" => Some(LayerCompression::Zstd),
        _ => None,
    }
}

/// A filesystem layer of a container image.
pub fn is_layer(media_type: &str) -> bool {
    layer_compression(media_type).is_some()
}

/// A layer that its publisher does not let registries pass on (Windows base layers): its blob may be absent.
pub fn is_nondistributable(media_type: &str) -> bool {
    is_layer(media_type) && (media_type.contains(".nondistributable.") || media_type.contains(".foreign."))
}

/// A Content-Type header's media type: without parameters, lower case.
pub fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_media_type_is_of_one_kind() {
        #[rustfmt::skip]
        let table = [
            (OCI_MANIFEST, "image"), (DOCKER_MANIFEST, "image"), (OCI_INDEX, "index"), (DOCKER_MANIFEST_LIST, "index"),
            (OCI_CONFIG, "config"), (DOCKER_CONFIG, "config"), (OCI_EMPTY, "other"), ("", "other"), ("application/json", "other"),
            ("application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
            ("application/vnd.docker.distribution.manifest.v1+json", "schema 1"),
            (OCI_LAYER, "layer"), (OCI_LAYER_GZIP, "layer"), (OCI_LAYER_ZSTD, "layer"), (DOCKER_LAYER, "layer"), (DOCKER_LAYER_GZIP, "layer"),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "layer"), ("application/vnd.oci.image.layer.v1.tar+encrypted", "other"),
            ("application/vnd.in-toto+json", "other"),
        ];
        for (media_type, kind) in table {
            let kinds = [
                (is_image_manifest(media_type), "image"),
                (is_index(media_type), "index"),
                (is_image_config(media_type), "config"),
                (is_schema_1(media_type), "schema 1"),
                (is_layer(media_type), "layer"),
            ];
            let named: Vec<_> = kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect();
            assert_eq!(named, if kind == "other" { vec![] } else { vec![kind] }, "{media_type}");
        }
    }

    #[test]
    fn a_layers_compression_is_in_its_media_type() {
        use LayerCompression::{Gzip, None as Plain, Zstd};
        #[rustfmt::skip]
        let table = [
            (OCI_LAYER, Plain, false), (OCI_LAYER_GZIP, Gzip, false), (OCI_LAYER_ZSTD, Zstd, false), (DOCKER_LAYER, Plain, false),
            (DOCKER_LAYER_GZIP, Gzip, false), ("application/vnd.docker.image.rootfs.diff.tar.zstd", Zstd, false),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Gzip, true),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar", Plain, true),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Gzip, true),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Zstd, true),
        ];
        for (media_type, compression, nondistributable) in table {
            assert_eq!(layer_compression(media_type), Some(compression), "{media_type}");
            assert_eq!(is_nondistributable(media_type), nondistributable, "{media_type}");
        }
    }

    #[test]
    fn a_content_type_is_compared_without_its_parameters() {
        assert_eq!(essence(" Application/JSON ; charset=utf-8"), "application/json");
    }
}
