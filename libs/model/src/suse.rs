//! SUSE's products, and the one system that they are parts of.
//!
//! OSV names the product whose channel an update came by: `Linux Enterprise Module for Basesystem 15 SP5`, `Linux Enterprise Server 15
//! SP4-LTSS`. An image tells only its system (`Linux Enterprise Server 15 SP5`), though its packages come from the modules: all products of a
//! service pack are built from one code base, so they are one release here.
//! Source: <https://www.suse.com/products/codebase/>, `PRETTY_NAME` in SUSE's images, and the ecosystems that OSV lists.

/// OSV's name for the ecosystem of these products.
pub const SUSE: &str = "SUSE";

/// What the names of products of Linux Enterprise's code base begin with.
const LINUX_ENTERPRISE: &str = "Linux Enterprise ";
/// Packages of the community for Linux Enterprise.
const PACKAGE_HUB: &str = "Package Hub ";
/// A system of its own, though its name begins so.
const MICRO: &str = "Linux Enterprise Micro ";

/// The releases that a product's updates are for. A module of Linux Enterprise 12 came to each of its service packs, and its name has none.
pub fn releases(product: &str) -> Vec<String> {
    let is_of_all = product.starts_with("Linux Enterprise Module for ") && product.ends_with(" 12");
    let packs = (1..=5).filter(|_| is_of_all).map(|pack| format!("{product} SP{pack}"));
    std::iter::once(product.to_owned()).chain(packs).map(|product| code_base(&product)).collect()
}

/// The release whose packages a product's are, `Linux Enterprise Server 15 SP5`; the product's own name where it is a system of its own
/// (`Linux Enterprise Micro 5.5`, `Manager Server 4.3`).
pub fn code_base(product: &str) -> String {
    let is_part = product.starts_with(LINUX_ENTERPRISE) || product.starts_with(PACKAGE_HUB);
    let version = if is_part && !product.starts_with(MICRO) { version(product) } else { None };
    version.map_or_else(|| product.to_owned(), |version| format!("{LINUX_ENTERPRISE}Server {version}"))
}

/// The version that a product's name ends with, without the kind of its support: `15 SP4` of `Linux Enterprise Server 15 SP4-LTSS`.
fn version(product: &str) -> Option<String> {
    let (rest, last) = product.rsplit_once(' ')?;
    let last = last.split_once('-').map_or(last, |(version, _support)| version);
    if !last.strip_prefix("SP").is_some_and(is_number) {
        let is_version = last.split('.').all(is_number);
        return is_version.then(|| last.to_owned());
    }
    let major = rest.rsplit(' ').next().filter(|major| is_number(major))?;
    Some(format!("{major} {last}"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_a_service_pack_are_one_release() {
        for (product, expected) in [
            ("Linux Enterprise Server 15 SP5", "Linux Enterprise Server 15 SP5"),
            ("Linux Enterprise Module for Basesystem 15 SP5", "Linux Enterprise Server 15 SP5"),
            ("Linux Enterprise Server for SAP Applications 15 SP5", "Linux Enterprise Server 15 SP5"),
            ("Linux Enterprise Desktop 15 SP5", "Linux Enterprise Server 15 SP5"),
            ("Linux Enterprise Server 15 SP4-LTSS", "Linux Enterprise Server 15 SP4"),
            ("Linux Enterprise Server LTSS Extended Security 12 SP5", "Linux Enterprise Server 12 SP5"),
            ("Linux Enterprise High Performance Computing 15 SP3-ESPOS", "Linux Enterprise Server 15 SP3"),
            ("Linux Enterprise Server 15-LTSS", "Linux Enterprise Server 15"),
            ("Linux Enterprise Server for SAP applications 16.0", "Linux Enterprise Server 16.0"),
            ("Package Hub 15 SP6", "Linux Enterprise Server 15 SP6"),
            ("Linux Enterprise Micro 5.5", "Linux Enterprise Micro 5.5"),
            ("Linux Micro 6.0", "Linux Micro 6.0"),
            ("Manager Server 4.3", "Manager Server 4.3"),
            ("Linux Enterprise Server SP5", "Linux Enterprise Server SP5"),
            ("Linux Enterprise Server", "Linux Enterprise Server"),
            ("Linux Enterprise ", "Linux Enterprise "),
            ("15", "15"),
        ] {
            assert_eq!(code_base(product), expected, "{product}");
        }
    }

    #[test]
    fn a_module_without_a_service_pack_is_for_all() {
        let of_12 = |pack: &str| format!("Linux Enterprise Server 12{pack}");
        for (product, expected) in [
            (
                "Linux Enterprise Module for Containers 12",
                ["", " SP1", " SP2", " SP3", " SP4", " SP5"].map(of_12).to_vec(),
            ),
            ("Linux Enterprise Module for Containers 15 SP5", vec!["Linux Enterprise Server 15 SP5".to_owned()]),
            ("Linux Enterprise Server 12", vec![of_12("")]),
        ] {
            assert_eq!(releases(product), expected, "{product}");
        }
    }
}
