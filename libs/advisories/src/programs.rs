//! Programs without a package, and the products by which NVD knows them.
//!
//! In: the name of a package of the type `generic`, as an inventory has it. Out: its products in NVD, each a vendor and a name (CPE), by which
//! `feeds/nvd` finds what is said of it; or why it has none, and so is not judged.
//! Source: NVD's product dictionary. A program that changed hands has a product of each owner: older CVEs keep the older one.
//!
//! Sources that would be nearer than NVD, and why they are not asked: OSV's records of Python (`PSF-`) and curl (`CURL-`) name commits, and no
//! package of an ecosystem; Bitnami's (`BIT-`) are of Bitnami's builds, and made of NVD's products themselves.

use std::collections::HashMap;
use std::sync::LazyLock;

use plimsoll_model::{Ecosystem, PackageType};

/// A vendor and a product, as a CPE names them without its escapes.
type Product = (&'static str, &'static str);

/// A program that may come without a package.
#[derive(Debug)]
pub struct Program {
    /// The package's name: `nginx` of `pkg:generic/nginx@1.25.1`.
    pub name: &'static str,
    /// Its products in NVD; none where [`Program::why_unknown`] tells why.
    pub products: &'static [Product],
    /// How NVD writes its versions.
    pub(crate) numbering: Numbering,
    /// Why no product of NVD's stands for it.
    pub why_unknown: Option<&'static str>,
}

/// How NVD writes versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// As the program's makers do.
    Common,
    /// Java's before 9 as `8` or `1.8.0`, beside an update `update_292`, where a JDK calls itself `1.8.0_292`.
    Java,
}

const fn known(name: &'static str, products: &'static [Product]) -> Program {
    Program { name, products, numbering: Numbering::Common, why_unknown: None }
}

const fn java(name: &'static str, products: &'static [Product]) -> Program {
    Program { name, products, numbering: Numbering::Java, why_unknown: None }
}

const fn unknown(name: &'static str, why: &'static str) -> Program {
    Program { name, products: &[], numbering: Numbering::Common, why_unknown: Some(why) }
}

/// Every program, in the order of their names.
pub const PROGRAMS: &[Program] = &[
    known("bash", &[("gnu", "bash")]),
    known("busybox", &[("busybox", "busybox")]),
    // The program and its library are of one version, and either is found as `curl`.
    known("curl", &[("haxx", "curl"), ("haxx", "libcurl")]),
    known("dart", &[("dart", "dart_software_development_kit")]),
    known("deno", &[("deno", "deno")]),
    known("erlang", &[("erlang", "erlang/otp"), ("erlang", "otp")]),
    known("ffmpeg", &[("ffmpeg", "ffmpeg")]),
    known("git", &[("git-scm", "git"), ("git", "git")]),
    unknown("go", "OSV's Go database judges the toolchain, by the standard library in each of its programs"),
    unknown("graalvm", "NVD counts its versions now as GraalVM's and now as the JDK's; the OpenJDK in it is judged"),
    known("haproxy", &[("haproxy", "haproxy")]),
    known("httpd", &[("apache", "http_server")]),
    known("julia", &[("julialang", "julia")]),
    known("libressl", &[("openbsd", "libressl")]),
    known("lighttpd", &[("lighttpd", "lighttpd")]),
    known("lua", &[("lua", "lua")]),
    known("mariadb", &[("mariadb", "mariadb")]),
    known("memcached", &[("memcached", "memcached")]),
    known("mongodb", &[("mongodb", "mongodb")]),
    known("mysql", &[("oracle", "mysql"), ("oracle", "mysql_server"), ("mysql", "mysql")]),
    known("nginx", &[("f5", "nginx"), ("f5", "nginx_open_source"), ("nginx", "nginx"), ("igor_sysoev", "nginx")]),
    known("node", &[("nodejs", "node.js"), ("nodejs", "nodejs")]),
    java("openjdk", &[("oracle", "openjdk"), ("sun", "openjdk")]),
    known("openresty", &[("openresty", "openresty")]),
    known("openssl", &[("openssl", "openssl")]),
    java(
        "oracle-jdk",
        &[
            ("oracle", "jdk"),
            ("oracle", "jre"),
            ("oracle", "java_se"),
            ("sun", "jdk"),
            ("sun", "jre"),
            ("sun", "java_se"),
        ],
    ),
    known("perl", &[("perl", "perl"), ("larry_wall", "perl")]),
    known("php", &[("php", "php")]),
    known("postgresql", &[("postgresql", "postgresql")]),
    unknown("pypy", "NVD has no product for it, and CPython's versions are not its own"),
    known("python", &[("python", "python"), ("python_software_foundation", "python")]),
    known("redis", &[("redis", "redis"), ("redislabs", "redis")]),
    known("ruby", &[("ruby-lang", "ruby"), ("yukihiro_matsumoto", "ruby")]),
    known("valkey", &[("lfprojects", "valkey"), ("linuxfoundation", "valkey"), ("valkey-io", "valkey")]),
    known(
        "varnish",
        &[
            ("varnish-cache", "varnish"),
            ("varnish-software", "varnish_cache"),
            ("varnish_cache_project", "varnish_cache"),
        ],
    ),
];

static BY_PRODUCT: LazyLock<HashMap<Product, &'static Program>> = LazyLock::new(|| {
    PROGRAMS.iter().flat_map(|program| program.products.iter().map(move |product| (*product, program))).collect()
});

/// The program that a product of NVD's is.
pub(crate) fn of_product(vendor: &str, product: &str) -> Option<&'static Program> {
    let by_product: &HashMap<(&str, &str), &'static Program> = &BY_PRODUCT;
    by_product.get(&(vendor, product)).copied()
}

/// The ecosystem of programs without a package: `generic`. OSV has no name for it.
pub fn ecosystem() -> Ecosystem {
    Ecosystem::new(PackageType::Generic.as_str())
}

/// The names of the programs that NVD has a product for.
pub fn judged() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().filter(|program| !program.products.is_empty()).map(|program| program.name)
}

/// Whether a source of an ecosystem could speak of a package at all. Those of languages and distributions speak of any; of programs without a
/// package NVD speaks, and of those alone that have a product there.
pub fn is_spoken_of(ecosystem: &Ecosystem, package: &str) -> bool {
    *ecosystem != self::ecosystem() || judged().any(|name| name == package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_there_once_with_its_products_or_why_it_has_none() {
        assert!(PROGRAMS.windows(2).all(|pair| pair[0].name < pair[1].name), "in the order of their names");
        for program in PROGRAMS {
            assert_eq!(program.products.is_empty(), program.why_unknown.is_some(), "{}", program.name);
        }
        let products: usize = PROGRAMS.iter().map(|program| program.products.len()).sum();
        assert_eq!(products, BY_PRODUCT.len(), "a product is of one program");
        assert_eq!(PackageType::Generic.language_ecosystem(), Some(ecosystem()));
    }

    #[test]
    fn of_programs_those_alone_are_spoken_of_that_have_a_product() {
        for (ecosystem, package, expected) in [
            ("generic", "nginx", true),
            ("generic", "go", false),
            ("generic", "nobodys-program", false),
            ("PyPI", "nobodys-package", true),
            ("Debian:12", "nginx", true),
        ] {
            assert_eq!(is_spoken_of(&ecosystem.parse().unwrap(), package), expected, "{ecosystem} {package}");
        }
    }
}
