//! Which licence Debian's packages have: what the copyright file in a package's folder says, wherever links lead to it.

use super::view::View;
use crate::analysers::debian_copyright::FOLDER;
use crate::path;

/// Links that are followed. Debian's lead to a folder beside; a circle ends here too.
const LINKS: usize = 8;

/// What the copyright file of the package of a name states.
pub(super) fn license_of<'a>(view: &View<'a>, package: &str) -> Option<&'a str> {
    let mut file = format!("{FOLDER}/{package}/copyright");
    for _ in 0..=LINKS {
        if let Some(license) = view.license(&file) {
            return Some(license);
        }
        let of_folder = || {
            let link = view.link(path::parent(&file)?)?;
            Some(format!("{link}/{}", path::file_name(&file)))
        };
        file = view.link(&file).map(str::to_owned).or_else(of_folder)?;
    }
    None
}
