//! Who made a package, where that is not the distribution.
//!
//! In: the fields of the package's control file. Out: the maker, as far as the fields tell.
//!
//! Debian's packages name people and teams with addresses of any kind as their maintainers, so none of theirs can be told by it. What tells a
//! third party: a field `Vendor` or `License`, which Debian's tools do not write and others' do (fpm, nfpm); a maintainer who is known; and
//! in Ubuntu, whose archive puts its own name in place of everybody's, any maintainer from elsewhere. The archive of PostgreSQL is built by
//! Debian's maintainers, and marks its versions.
//! Source: deb-control(5); Debian Policy, 5.3; `pkgbinarymangler` of Ubuntu; the control files of each third party.

use plimsoll_model::Vendor;

/// What third parties write as maintainer, in part, in lower case.
const THIRD_PARTIES: [&str; 50] = [
    "@azul.com",
    "@azulsystems.com",
    "@clickhouse.com",
    "@confluent.io",
    "@couchbase.com",
    "@datadoghq.com",
    "@elastic.co",
    "@elasticsearch.com",
    "@f5.com",
    "@grafana.com",
    "@hashicorp.com",
    "@influxdata.com",
    "@influxdb.com",
    "@jenkins.io",
    "@konghq.com",
    "@lists.mariadb.org",
    "@microsoft.com",
    "@mongodb.com",
    "@neo4j.com",
    "@newrelic.com",
    "@nginx.com",
    "@nodesource.com",
    "@nvidia.com",
    "@oss.oracle.com",
    "@percona.com",
    "@rabbitmq.com",
    "@redis.com",
    "@redislabs.com",
    "@tailscale.com",
    "@zabbix.com",
    "bazel-dev@googlegroups.com",
    "cassandra.apache.org",
    "chromium-dev@chromium.org",
    "corretto-team@amazon.com",
    "couchdb.apache.org",
    "dotnetpackages@dotnetfoundation.org",
    "github",
    "google cloud",
    "google inc",
    "google llc",
    "google, inc",
    "info@virtualbox.org",
    "kk@kohsuke.org",
    "kubernetes authors",
    "maria-developers@lists.launchpad.net",
    "powershellteam@hotmail.com",
    "support@docker.com",
    "support@gitlab.com",
    "temurin-dev@eclipse.org",
    "yarn@dan.cx",
];
/// What a distribution's maintainers and vendors write, likewise.
const DISTRIBUTIONS: [&str; 4] = ["canonical", "debian", "launchpad", "ubuntu"];
/// What the versions of PostgreSQL's own archive have in them.
const POSTGRESQL: &str = ".pgdg";

/// What a package says of its making; fields that are there have something in them.
pub(super) struct Stated<'p> {
    pub(super) vendor: Option<String>,
    pub(super) maintainer: Option<String>,
    pub(super) has_license: bool,
    pub(super) version: &'p str,
}

impl Stated<'_> {
    /// The maker; none of a package that may be Debian's or Ubuntu's.
    pub(super) fn maker(self) -> Option<Vendor> {
        let vendor = self.vendor.filter(|vendor| !has_one_of(vendor, &DISTRIBUTIONS));
        if self.has_license || vendor.is_some() {
            // fpm writes `none` where nobody is named.
            let vendor = vendor.filter(|vendor| vendor != "none");
            let maker = vendor.or(self.maintainer).unwrap_or_else(|| "somebody who is not named".to_owned());
            return Some(Vendor::ThirdParty(maker));
        }
        if self.version.contains(POSTGRESQL) {
            return Some(Vendor::ThirdParty("PostgreSQL Global Development Group".to_owned()));
        }
        let maintainer = self.maintainer?;
        if has_one_of(&maintainer, &THIRD_PARTIES) {
            return Some(Vendor::ThirdParty(maintainer));
        }
        (!has_one_of(&maintainer, &DISTRIBUTIONS)).then_some(Vendor::Unrecognised(maintainer))
    }
}

fn has_one_of(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker(vendor: &str, maintainer: &str, has_license: bool, version: &str) -> String {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let stated = Stated { vendor: named(vendor), maintainer: named(maintainer), has_license, version };
        match stated.maker() {
            Some(Vendor::ThirdParty(name)) => format!("third party {name}"),
            Some(Vendor::Unrecognised(name)) => format!("perhaps {name}"),
            None => String::new(),
        }
    }

    #[test]
    fn the_maker_is_told_by_fields_that_distributions_do_not_write_and_by_name() {
        let debian = "GNU Libc Maintainers <debian-glibc@lists.debian.org>";
        let ubuntu = "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>";
        let docker = "Docker <support@docker.com>";
        let person = "Lorenzo Puliti <plorenzo@disroot.org>";
        for (vendor, maintainer, has_license, version, expected) in [
            ("", debian, false, "2.36-9", ""),
            ("", ubuntu, false, "2.39-0ubuntu8", ""),
            ("", "Landscape Team <landscape-team@canonical.com>", false, "1", ""),
            ("", "", false, "1", ""),
            ("Debian", debian, false, "1", ""),
            ("", person, false, "2.1.2-45", "perhaps Lorenzo Puliti <plorenzo@disroot.org>"),
            ("", docker, false, "5:24.0.7-1~debian.12~bookworm", "third party Docker <support@docker.com>"),
            ("", "GitHub", false, "2.40.0", "third party GitHub"),
            ("", "MariaDB Developers <maria-developers@lists.launchpad.net>", false, "1", {
                "third party MariaDB Developers <maria-developers@lists.launchpad.net>"
            }),
            ("", "Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>", false, "16.3-1.pgdg120+1", {
                "third party PostgreSQL Global Development Group"
            }),
            ("Grafana", "contact@grafana.com", true, "10.2.0", "third party Grafana"),
            ("none", "<build@acme.example>", true, "1.0", "third party <build@acme.example>"),
            ("none", "", false, "1.0", "third party somebody who is not named"),
            ("", debian, true, "1.0", &format!("third party {debian}")),
        ] {
            assert_eq!(maker(vendor, maintainer, has_license, version), expected, "{vendor} {maintainer}");
        }
    }
}
