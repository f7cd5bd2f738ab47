//! Which endpoint a path under `/v2/` means. Repository names hold slashes, so paths are read from their end.

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `/v2/`: does this speak the protocol, and are the credentials good?
    Base,
    /// `/v2/token`.
    Token,
    /// `/v2/_catalog`.
    Catalog,
    /// Something in a repository. The name is as the client wrote it.
    Repository(&'a str, Resource<'a>),
    /// Nothing that there is.
    Unknown,
}

/// Something in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// A blob, by what should be a digest.
    Blob(&'a str),
    /// Where uploads begin.
    Uploads,
    /// An upload, by what should be its id.
    Upload(&'a str),
    /// A manifest, by what should be a tag or digest.
    Manifest(&'a str),
    /// The list of tags.
    Tags,
    /// What refers to a manifest, by what should be a digest.
    Referrers(&'a str),
}

impl<'a> Route<'a> {
    /// Reads what follows `/v2/`.
    pub(crate) fn parse(tail: &'a str) -> Self {
        match tail {
            "" => return Self::Base,
            "token" => return Self::Token,
            "_catalog" => return Self::Catalog,
            _ => {}
        }
        if let Some(name) = tail.strip_suffix("/tags/list") {
            return Self::Repository(name, Resource::Tags);
        }
        if let Some(name) = tail.strip_suffix("/blobs/uploads").or_else(|| tail.strip_suffix("/blobs/uploads/")) {
            return Self::Repository(name, Resource::Uploads);
        }
        let last = tail.rsplit_once('/').and_then(|(rest, last)| match rest.rsplit_once('/')? {
            (name, "blobs") => Some((name, Resource::Blob(last))),
            (name, "manifests") => Some((name, Resource::Manifest(last))),
            (name, "referrers") => Some((name, Resource::Referrers(last))),
            (name, "uploads") => Some((name.strip_suffix("/blobs")?, Resource::Upload(last))),
            _ => None,
        });
        if let Some((name, resource)) = last {
            return Self::Repository(name, resource);
        }
        // A reference with a slash in it is no reference, but the client shall be told that.
        match tail.rsplit_once("/manifests/") {
            Some((name, reference)) => Self::Repository(name, Resource::Manifest(reference)),
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_means_one_endpoint() {
        use Resource::{Blob, Manifest, Referrers, Tags, Upload, Uploads};
        let table = [
            ("", Route::Base),
            ("token", Route::Token),
            ("_catalog", Route::Catalog),
            ("a/b/tags/list", Route::Repository("a/b", Tags)),
            ("a/b/blobs/uploads/", Route::Repository("a/b", Uploads)),
            ("a/b/blobs/uploads", Route::Repository("a/b", Uploads)),
            ("a/b/blobs/uploads/x", Route::Repository("a/b", Upload("x"))),
            ("a/b/c/blobs/sha256:0", Route::Repository("a/b/c", Blob("sha256:0"))),
            ("a/manifests/latest", Route::Repository("a", Manifest("latest"))),
            ("a/manifests/b/c", Route::Repository("a", Manifest("b/c"))),
            ("a/manifests/manifests/b", Route::Repository("a/manifests", Manifest("b"))),
            ("a/blobs/uploads/manifests/b", Route::Repository("a/blobs/uploads", Manifest("b"))),
            ("a/manifests/", Route::Repository("a", Manifest(""))),
            ("a/referrers/sha256:0", Route::Repository("a", Referrers("sha256:0"))),
            ("a/uploads/x", Route::Unknown),
            ("a", Route::Unknown),
            ("a/b", Route::Unknown),
            ("tags/list", Route::Unknown),
            ("/", Route::Unknown),
        ];
        for (tail, expected) in table {
            assert_eq!(Route::parse(tail), expected, "{tail}");
        }
    }
}
