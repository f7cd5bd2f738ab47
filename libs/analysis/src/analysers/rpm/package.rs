//! What a header says of its package.

use plimsoll_model::{Package, PackageType, SourcePackage, Vendor};

use super::header::{Header, tag};
use super::vendor;
use crate::{Malformed, Observations, path};

/// What the paths of all packages in a database may take, put together: those of a desktop's packages take a third.
/// They are short in the file, where folders are told once, and may be made very long.
pub(super) const PATH_BYTES: usize = 256 << 20;
/// What a path costs beside its bytes.
const PATH_OVERHEAD: usize = 64;
/// The most folders that one package's files lie in.
const FOLDERS: usize = 1 << 18;
/// The longest label of a module stream that is kept.
const MODULE_BYTES: usize = 512;
/// Keys that were imported stand among the packages under this name.
const KEY_NAME: &[u8] = b"gpg-pubkey";

/// Observes the package of a header and the paths that it owns.
///
/// # Errors
/// When it has no name or version. What else is wrong is complained of, and the package observed.
pub(super) fn observe(
    header: &[u8],
    seen: &mut Observations<'_>,
    path_bytes_left: &mut usize,
) -> Result<(), Malformed> {
    let header = Header::parse(header)?;
    let needed = |tag, what: &str| {
        let text = header.text(tag)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Malformed::new(format!("a package without a {what} (tag {tag})")))
    };
    let name = needed(tag::NAME, "name")?;
    if name == KEY_NAME {
        return Ok(());
    }
    let of_package = |complaint: Malformed| {
        let shown: String = path::escape(name.get(..60).unwrap_or(name)).chars().take(60).collect();
        Malformed::new(format!("package {shown}: {complaint}"))
    };
    let version = needed(tag::VERSION, "version").map_err(of_package)?;
    let release = needed(tag::RELEASE, "release").map_err(of_package)?;
    let mut stated = |tag| {
        let text = header.text(tag).unwrap_or_else(|complaint| {
            seen.malformed(of_package(complaint));
            None
        });
        // Some tools that make packages write what `rpm` shows for an absent value.
        text.filter(|text| !text.is_empty() && *text != b"(none)").map(lossy)
    };
    let (architecture, license) = (stated(tag::ARCHITECTURE), stated(tag::LICENSE));
    let (source_rpm, module) = (stated(tag::SOURCE_RPM), stated(tag::MODULARITY_LABEL));
    let vendor = stated(tag::VENDOR).filter(|vendor| !vendor::is_distribution(vendor));
    let epoch = header.numbers(tag::EPOCH).unwrap_or_else(|complaint| {
        seen.malformed(of_package(complaint));
        &[]
    });
    let epoch = epoch.first().copied().map(u32::from_be_bytes).filter(|epoch| *epoch != 0);
    let built = format!("{}-{}", lossy(version), lossy(release));
    let source = source_rpm.as_deref().and_then(|file| source(file, &built, epoch));
    let (name, version) = (lossy(name), with_epoch(epoch, &built));
    seen.package(Package {
        source,
        architecture: architecture.clone(),
        license,
        module: module.filter(|module| module.len() <= MODULE_BYTES && !module.chars().any(path::is_invisible)),
        vendor: vendor.map(Vendor::Unrecognised),
        ..Package::new(PackageType::Rpm, name.clone(), version.clone())
    });
    let owned = own_files(&header, seen, path_bytes_left).map_err(of_package);
    seen.owner(&name, Some(&version), architecture.as_deref());
    owned
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn with_epoch(epoch: Option<u32>, built: &str) -> String {
    epoch.map_or_else(|| built.to_owned(), |epoch| format!("{epoch}:{built}"))
}

/// The source package of `bind-9.16.23-1.el9.src.rpm`. The file's name has no epoch: it is the binary package's where
/// both have the same version (`built`), as mostly. Elsewhere it is not known, and left out, by which the source
/// looks older rather than newer.
fn source(file: &str, built: &str, epoch: Option<u32>) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let version = format!("{version}-{release}");
    let epoch = epoch.filter(|_| version == built);
    (!name.is_empty()).then(|| SourcePackage { name: name.to_owned(), version: with_epoch(epoch, &version) })
}

/// Observes the paths that the package owns: a folder's number and a name each.
fn own_files(header: &Header<'_>, seen: &mut Observations<'_>, path_bytes_left: &mut usize) -> Result<(), Malformed> {
    let folders: Vec<&[u8]> = header.texts(tag::FOLDER_NAMES)?.take(FOLDERS).collect::<Result<_, _>>()?;
    let mut indexes = header.numbers(tag::FOLDER_INDEXES)?.iter();
    let mut path = Vec::new();
    let mut own = |folder: &[u8], name: &[u8]| {
        let left = path_bytes_left.checked_sub(folder.len() + name.len() + PATH_OVERHEAD);
        *path_bytes_left = left.ok_or_else(|| Malformed::new("its paths are not read: the database has too many"))?;
        path.clear();
        path.extend_from_slice(folder);
        path.extend_from_slice(name);
        seen.owns(&path);
        Ok(())
    };
    for name in header.texts(tag::BASE_NAMES)? {
        let index = indexes.next().and_then(|index| usize::try_from(u32::from_be_bytes(*index)).ok());
        let folder = index.and_then(|index| folders.get(index));
        own(folder.ok_or_else(|| Malformed::new("a file without a folder"))?, name?)?;
    }
    for path in header.texts(tag::OLD_FILE_NAMES)? {
        own(b"", path?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_package_is_read_from_its_file_s_name() {
        let cases = [
            ("bind-9.16.23-1.el9.src.rpm", "9.16.23-1.el9", Some(32), Some("bind 32:9.16.23-1.el9")),
            ("bind-9.16.23-1.el9.src.rpm", "9.16.23-1.el9", None, Some("bind 9.16.23-1.el9")),
            ("perl-5.32.1-480.el9.src.rpm", "3.08-462.el9", Some(4), Some("perl 5.32.1-480.el9")),
            ("java-17-openjdk-17.0.1-2.nosrc.rpm", "1-1", None, Some("java-17-openjdk 17.0.1-2")),
            ("bind-9.16.23.src.rpm", "1-1", None, None),
            ("-1-1.src.rpm", "1-1", None, None),
            ("bind-9.16.23-1.el9.x86_64.rpm", "1-1", None, None),
        ];
        for (file, built, epoch, expected) in cases {
            let found = source(file, built, epoch).map(|source| format!("{} {}", source.name, source.version));
            assert_eq!(found.as_deref(), expected, "{file}");
        }
    }
}
