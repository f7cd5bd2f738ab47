//! Where a vulnerability or a package is in an organization.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{InputObject, Object, OneofObject, Result};
use futures::FutureExt as _;
use plimsoll_model::{Ecosystem, PackageType};
use plimsoll_store::views::places::{self, HeldVersion, PlaceKey};
use plimsoll_store::views::unjudged::{self, Doubt};
use plimsoll_versions::{Constraint, OrderedConstraint, Scheme};

use super::finding::PackageLocation;
use super::words::AffectedState;
use super::{Finding, Image, Package};
use crate::graphql::complaint::{complaint, internal, of_store};
use crate::graphql::loaders::{FindingOf, ImageOf};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// What is looked for: one of these.
#[derive(OneofObject)]
pub enum WhereIsInput {
    /// The vulnerability with this id, whichever of its ids: `CVE-2021-44228`, `GHSA-jfh8-c2jp-5v3q`. It is where a finding of it is open. Where one of its
    /// packages lies and nobody knows yet whether that has it, it may be: such a place has no finding, but a `state` of `UNDER_INVESTIGATION` or an
    /// `unknownReason`. Where a VEX document hides the finding it is not told: see `findings(filter: { vulnerability: ..., hidden: true })`.
    Vulnerability(String),
    /// A package, whether or not an advisory names it.
    Package(WhereIsPackageInput),
}

/// A package that is looked for.
#[derive(InputObject)]
pub struct WhereIsPackageInput {
    /// Its name, or that of the source package that it is built from. Maven's have the group, `org.apache.logging.log4j:log4j-core`.
    name: String,
    /// In this ecosystem, with or without the release: `Debian:12`, `Debian`; `generic` of programs without a package. In any where not given.
    ecosystem: Option<String>,
    /// Of these versions, in the ecosystem's own order: `>=2.0,<2.17.1`. Comparisons by `<`, `<=`, `>`, `>=` and `=`; all that commas join must
    /// hold, of what `||` joins one; 32 at most. Of a source package, its own versions are meant. Any version where not given.
    versions: Option<String>,
}

/// A package version in an image.
pub struct Place {
    tenant: Arc<Tenant>,
    row: places::Place,
    doubt: Doubt,
}

/// A package version in an image.
#[Object]
impl Place {
    /// The image; its tags say where that is.
    async fn image(&self) -> Result<Image> {
        let row = self.tenant.load(ImageOf(self.row.image)).await?;
        let row = row.ok_or_else(|| internal(&"a place without its image"))?;
        Ok(Image { tenant: Arc::clone(&self.tenant), row })
    }

    /// The package version.
    async fn package(&self) -> Package {
        Package(self.row.package.clone())
    }

    /// Every place in the image where this package version lies, by path.
    async fn locations(&self) -> Result<Vec<PackageLocation>> {
        PackageLocation::all(&self.tenant, self.row.image, self.row.package.id).await
    }

    /// What sources say of the vulnerability in this package: affected, with or without a fix to come, or still under investigation. Null where a package
    /// was looked for, and where the version cannot be judged: see `unknownReason`.
    async fn state(&self) -> Result<Option<AffectedState>> {
        let Some(id) = self.row.finding else {
            return Ok(self.doubt.is_investigated.then_some(AffectedState::UnderInvestigation));
        };
        let state = self.tenant.load(FindingOf(id)).await?.and_then(|row| row.state);
        Ok(state.and_then(|word| plimsoll_model::AffectedState::parse(&word)).map(AffectedState::from))
    }

    /// What is known of the vulnerability here, its state and fix among it; null where a package was looked for, and where it is not known whether the
    /// vulnerability is here.
    async fn finding(&self) -> Result<Option<Finding>> {
        let Some(id) = self.row.finding else { return Ok(None) };
        let row = self.tenant.load(FindingOf(id)).await?;
        Ok(row.map(|row| Finding { tenant: Arc::clone(&self.tenant), row }))
    }

    /// Why it cannot be told whether the version is one of those looked for, or has the vulnerability; null where that is known. Not judged, because of this: look
    /// at these yourself.
    async fn unknown_reason(&self) -> Option<&str> {
        self.doubt.reason.as_deref()
    }
}

/// The most package versions of a name that are compared, all of a name's packages and releases together.
const MOST_VERSIONS: usize = 5_000;

/// The places of what is looked for.
pub async fn of_organization(
    tenant: &Arc<Tenant>,
    what: WhereIsInput,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Place>> {
    let window = Window::<PlaceKey>::of("places", first, after)?;
    match what {
        WhereIsInput::Vulnerability(id) => of_vulnerability(tenant, &id, &window).await,
        WhereIsInput::Package(package) => of_package(tenant, &package, &window).await,
    }
}

async fn of_vulnerability(tenant: &Arc<Tenant>, id: &str, window: &Window<PlaceKey>) -> Result<Page<Place>> {
    let mut tx = tenant.tx().await?;
    let Some(vulnerability) = unjudged::named(&mut tx, &spellings(id)).await.map_err(of_store)? else {
        return window.page([], Total::new(|| async { Ok(0) }.boxed()));
    };
    let doubts = unjudged::of_vulnerability(&mut tx, vulnerability, most_and_one()).await.map_err(of_store)?;
    if doubts.len() > MOST_VERSIONS {
        return Err(complaint(
            "LIMIT_VERSIONS",
            format!(
                "Your images hold more than {MOST_VERSIONS} package versions of which it is not known whether they have this vulnerability. Its findings are at \
                 findings(filter: {{vulnerability: ...}})."
            ),
        ));
    }
    let unjudged: Vec<i64> = doubts.keys().copied().collect();
    let rows = places::of_vulnerability(&mut tx, vulnerability, &unjudged, window.after, window.limit()).await;
    drop(tx);
    let (counting, unjudged) = (Arc::clone(tenant), Arc::<[i64]>::from(unjudged));
    let total = Total::new(move || {
        let (tenant, unjudged) = (Arc::clone(&counting), Arc::clone(&unjudged));
        async move {
            places::count_of_vulnerability(&mut tenant.tx().await?, vulnerability, &unjudged).await.map_err(of_store)
        }
        .boxed()
    });
    page(tenant, window, rows.map_err(of_store)?, &doubts, total)
}

/// One more than are compared tells whether there are more.
fn most_and_one() -> i64 {
    i64::try_from(MOST_VERSIONS).unwrap_or(i64::MAX).saturating_add(1)
}

/// An id as given, then as sources write it: in capitals, but for what comes after `GHSA-`.
fn spellings(id: &str) -> Vec<String> {
    let id = id.trim();
    let capitals = id.to_uppercase();
    let github = capitals.strip_prefix("GHSA-").map(|rest| format!("GHSA-{}", rest.to_lowercase()));
    [Some(id.to_owned()), github, Some(capitals)].into_iter().flatten().collect()
}

async fn of_package(
    tenant: &Arc<Tenant>,
    wanted: &WhereIsPackageInput,
    window: &Window<PlaceKey>,
) -> Result<Page<Place>> {
    let constraint = wanted.constraint()?;
    let name = wanted.name.trim();
    let mut tx = tenant.tx().await?;
    let held = places::held_versions(&mut tx, name, wanted.ecosystem(), most_and_one()).await.map_err(of_store)?;
    if held.len() > MOST_VERSIONS {
        let shown: String = name.chars().take(80).collect();
        return Err(complaint(
            "LIMIT_VERSIONS",
            format!(
                "Your images hold more than {MOST_VERSIONS} versions of packages called '{shown}'. Give an ecosystem with its release, such as Debian:12."
            ),
        ));
    }
    let (ids, unknown) = those_that_meet(constraint.as_ref(), held);
    let unknown = unknown.into_iter().map(|(id, why)| (id, Doubt { is_investigated: false, reason: Some(why) }));
    let doubts = unknown.collect();
    let rows = places::of_packages(&mut tx, &ids, window.after, window.limit()).await.map_err(of_store)?;
    drop(tx);
    let (counting, ids) = (Arc::clone(tenant), Arc::<[i64]>::from(ids));
    let total = Total::new(move || {
        let (tenant, ids) = (Arc::clone(&counting), Arc::clone(&ids));
        async move { places::count_of_packages(&mut tenant.tx().await?, &ids).await.map_err(of_store) }.boxed()
    });
    page(tenant, window, rows, &doubts, total)
}

impl WhereIsPackageInput {
    fn ecosystem(&self) -> Option<&str> {
        self.ecosystem.as_deref().map(str::trim)
    }

    /// The versions that are looked for; `None` for any.
    ///
    /// # Errors
    /// When they are no condition, or the ecosystem that is asked for cannot read a version in them.
    fn constraint(&self) -> Result<Option<Constraint>> {
        let Some(text) = &self.versions else { return Ok(None) };
        let bad = |why: &dyn std::fmt::Display| {
            complaint(
                "BAD_RANGE",
                format!(
                    "versions cannot be read: {why}. Compare with <, <=, >, >= or =, with commas between what must all hold and || between \
                     alternatives, such as: >=2.0,<2.12.2 || >=2.13,<2.17.1"
                ),
            )
        };
        let constraint = Constraint::parse(text).map_err(|why| bad(&why))?;
        let ecosystem = self.ecosystem().and_then(|text| text.parse::<Ecosystem>().ok());
        if let Some(scheme) = ecosystem.as_ref().and_then(Scheme::for_ecosystem)
            && let Some(unknown) = constraint.in_scheme(scheme).unreadable()
        {
            return Err(bad(unknown));
        }
        Ok(Some(constraint))
    }
}

/// The package versions that meet the condition or may meet it, the latter with why that is not known.
fn those_that_meet(constraint: Option<&Constraint>, held: Vec<HeldVersion>) -> (Vec<i64>, HashMap<i64, String>) {
    let (mut ids, mut unknown) = (Vec::new(), HashMap::new());
    let mut ordered: HashMap<Scheme, OrderedConstraint<'_>> = HashMap::new();
    for version in held {
        let Some(constraint) = constraint else {
            ids.push(version.id);
            continue;
        };
        let ecosystem = version.ecosystem.as_deref().and_then(|text| text.parse::<Ecosystem>().ok());
        let kind = PackageType::parse(&version.kind).unwrap_or(PackageType::Generic);
        let holds = match Scheme::for_package(kind, ecosystem.as_ref()) {
            None => Err(format!("the order of versions of {kind} packages is not known here")),
            Some(scheme) => {
                let ordered = ordered.entry(scheme).or_insert_with(|| constraint.in_scheme(scheme));
                ordered.holds(&version.version).map_err(|unknown| unknown.to_string())
            }
        };
        match holds {
            Ok(false) => continue,
            Ok(true) => {}
            Err(why) => {
                unknown.insert(version.id, why);
            }
        }
        ids.push(version.id);
    }
    (ids, unknown)
}

fn page(
    tenant: &Arc<Tenant>,
    window: &Window<PlaceKey>,
    rows: Vec<places::Place>,
    doubts: &BTreeMap<i64, Doubt>,
    total: Total,
) -> Result<Page<Place>> {
    let place = |row: places::Place| {
        let doubt = doubts.get(&row.package.id).filter(|_| row.finding.is_none()).cloned();
        (row.key(), Place { tenant: Arc::clone(tenant), row, doubt: doubt.unwrap_or_default() })
    };
    window.page(rows.into_iter().map(place), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_however_its_letters_are_written() {
        for (given, expected) in [
            (" cve-2021-44228 ", vec!["cve-2021-44228", "CVE-2021-44228"]),
            ("ghsa-JFH8-c2jp-5v3q", vec!["ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q", "GHSA-JFH8-C2JP-5V3Q"]),
        ] {
            assert_eq!(spellings(given), expected);
        }
    }

    #[test]
    fn a_version_without_an_order_is_kept_with_the_reason() {
        let held = |id, kind: &str, ecosystem: Option<&str>, version: &str| HeldVersion {
            id,
            kind: kind.into(),
            ecosystem: ecosystem.map(str::to_owned),
            version: version.into(),
        };
        let versions = || {
            vec![
                held(1, "pypi", Some("PyPI"), "1.9"),
                held(2, "pypi", Some("PyPI"), "2.0"),
                held(3, "deb", None, "1.9-1"),
                held(4, "deb", Some("Debian:12"), "not a version"),
                held(5, "alpm", None, "1.9"),
                held(6, "alpm", None, "2"),
            ]
        };
        let constraint = Constraint::parse("<1.10 || =2").unwrap();
        let (ids, unknown) = those_that_meet(Some(&constraint), versions());
        assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
        let mut reasons: Vec<(i64, String)> = unknown.into_iter().collect();
        reasons.sort();
        assert_eq!(reasons.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [4, 5, 6]);
        assert!(reasons[0].1.contains("not a version that dpkg can order"), "{reasons:?}");
        assert!(reasons[1].1.contains("alpm"), "{reasons:?}");
        assert_eq!(those_that_meet(Some(&Constraint::parse("=1.9").unwrap()), versions()).0, [1, 4, 5, 6]);
        assert_eq!(those_that_meet(None, versions()).0, [1, 2, 3, 4, 5, 6]);
    }
}
