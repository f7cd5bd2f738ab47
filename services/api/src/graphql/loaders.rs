//! What fields load together: one statement for all keys of a kind, however many objects ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Error, Result};
use plimsoll_checks::EndOfLifeTable;
use plimsoll_model::{ImageId, JudgedPackages, OrgId, RepositoryId};
use plimsoll_store::malware_bundles::UsedBundle;
use plimsoll_store::views::findings::{self, FindingFilter, FindingKey, FindingOrder};
use plimsoll_store::views::installed::{self, Installed, InstalledFilter, InstalledKey, Location, StatedLicense};
use plimsoll_store::views::observations::{self, Observation, ObservationFilter};
use plimsoll_store::views::uncounted::{self, Uncounted, UncountedKey};
use plimsoll_store::views::{coverage, images, layers, packages, repositories, tags, vex, vulnerabilities};
use plimsoll_store::{OrgTx, Store, own_advisories, support_periods};
use uuid::Uuid;

use super::complaint::of_store;
use super::types::UncountedState;

pub use statements::{StatementCount, StatementPage};

/// Reads of one organization.
pub struct Reads {
    /// Where.
    pub store: Store,
    /// Whose.
    pub org: OrgId,
}

impl Reads {
    async fn tx(&self) -> Result<OrgTx> {
        self.store.org_tx(self.org).await.map_err(of_store)
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(pub $inner);
    )*};
}

keys! {
    /// An image by its id.
    ImageOf(ImageId),
    /// An image by its manifest's digest.
    ImageByDigest(String),
    /// The tags that name an image.
    TagsOf(ImageId),
    /// The repositories that hold an image.
    RepositoriesOf(ImageId),
    /// A repository by its id.
    RepositoryOf(RepositoryId),
    /// An image's layers.
    LayersOf(ImageId),
    /// The feeds that an image is judged by.
    KnowledgeOf(ImageId),
    /// The rules and hashes of malware that an image was examined with.
    ExaminedWith(ImageId),
    /// The image that an image is built on.
    BaseOf(ImageId),
    /// The licences that an image's packages state.
    LicensesOf(ImageId),
    /// How an image's packages were judged.
    JudgedPackagesOf(ImageId),
    /// A package version by its row.
    PackageOf(i64),
    /// A vulnerability by its row.
    VulnerabilityOf(i64),
    /// Where a package version lies in an image.
    LocationsOf((ImageId, i64)),
    /// A finding by its row.
    FindingOf(i64),
    /// What a manifest (in a repository, by digest) names: an image itself, an index its images.
    PlatformsOf((RepositoryId, String)),
    /// How many tags a repository has.
    TagCount(RepositoryId),
    /// How many open findings an own advisory has a part in.
    OwnFindingsOf(Uuid),
    /// A VEX statement by its row.
    VexStatementOf(Uuid),
    /// A VEX document as it was saved.
    VexSourceOf(Uuid),
    /// How many open findings a VEX document hides.
    HiddenByDocument(Uuid),
    /// How many open findings of an image are hidden.
    HiddenInImage(ImageId),
}

/// The VEX statement that counts for a finding and does not hide it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VexRemarkOf {
    /// The finding's image.
    pub image: ImageId,
    /// Its package version.
    pub package: i64,
    /// Its vulnerability.
    pub vulnerability: i64,
}

/// Until when operating systems are mended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EndOfLife;

/// A page of a repository's tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagPage {
    /// Of what it is a page.
    pub repository: RepositoryId,
    /// After which tag.
    pub after: Option<String>,
    /// How many rows.
    pub limit: i64,
}

/// A page of an image's packages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstalledPage {
    /// Of what it is a page.
    pub image: ImageId,
    /// Which packages.
    pub filter: InstalledFilter,
    /// After which place.
    pub after: Option<InstalledKey>,
    /// How many rows.
    pub limit: i64,
}

/// How many packages an image has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstalledCount {
    /// The image.
    pub image: ImageId,
    /// Which packages.
    pub filter: InstalledFilter,
}

/// A page of an image's findings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingPage {
    /// Of what it is a page.
    pub image: ImageId,
    /// Which findings.
    pub filter: FindingFilter,
    /// In which order.
    pub order: FindingOrder,
    /// After which place.
    pub after: Option<FindingKey>,
    /// How many rows.
    pub limit: i64,
}

/// A page of an image's matches that are no findings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UncountedPage {
    /// Of what it is a page.
    pub image: ImageId,
    /// Of which state; any where it is `None`.
    pub state: Option<UncountedState>,
    /// After which place.
    pub after: Option<UncountedKey>,
    /// How many rows.
    pub limit: i64,
}

/// How many matches an image has that are no findings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UncountedCount {
    /// The image.
    pub image: ImageId,
    /// Of which state; any where it is `None`.
    pub state: Option<UncountedState>,
}

/// A page of an image's observations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObservationPage {
    /// Of what it is a page.
    pub image: ImageId,
    /// Which observations.
    pub filter: ObservationFilter,
    /// After which place.
    pub after: Option<i64>,
    /// How many rows.
    pub limit: i64,
}

/// How many observations an image has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObservationCount {
    /// The image.
    pub image: ImageId,
    /// Which observations.
    pub filter: ObservationFilter,
}

/// How many findings of each severity (rank) an image has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingCounts {
    /// The image.
    pub image: ImageId,
    /// Which findings.
    pub filter: FindingFilter,
}

/// Gathers rows under their keys, in the order of the rows.
fn grouped<K: Hash + Eq, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// A [`Loader`]: what the rows of all keys are, by one statement, and which key each belongs to.
macro_rules! loader {
    ($key:ty => $value:ty, |$tx:ident, $keys:ident| $load:expr) => {
        impl Loader<$key> for Reads {
            type Value = $value;
            type Error = Error;

            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>, Error> {
                let mut tx = self.tx().await?;
                let $tx = &mut tx;
                $load
            }
        }
    };
}

// After the macro, which it uses.
mod statements;

fn ids<T>(keys: &[T], id: impl Fn(&T) -> Uuid) -> Vec<Uuid> {
    keys.iter().map(id).collect()
}

loader!(ImageOf => images::Image, |tx, keys| {
    let rows = images::by_ids(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (ImageOf(row.id), row)).collect())
});

loader!(ImageByDigest => images::Image, |tx, keys| {
    let digests: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
    let rows = images::by_digests(tx, &digests).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (ImageByDigest(row.digest.clone()), row)).collect())
});

loader!(TagsOf => Vec<tags::Tag>, |tx, keys| {
    let rows = tags::of_images(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|(image, row)| (TagsOf(image), row))))
});

loader!(RepositoriesOf => Vec<repositories::Repository>, |tx, keys| {
    let rows = repositories::of_images(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|(image, row)| (RepositoriesOf(image), row))))
});

loader!(RepositoryOf => repositories::Repository, |tx, keys| {
    let rows = repositories::by_ids(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (RepositoryOf(row.id), row)).collect())
});

loader!(LayersOf => Arc<Vec<layers::Layer>>, |tx, keys| {
    let rows = layers::of_images(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    let groups = grouped(rows.into_iter().map(|row| (LayersOf(row.image), row)));
    Ok(groups.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect())
});

loader!(KnowledgeOf => Vec<images::FeedKnowledge>, |tx, keys| {
    let rows = images::known_by_feed(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|(image, known)| (KnowledgeOf(image), known))))
});

loader!(ExaminedWith => Arc<Vec<UsedBundle>>, |tx, keys| {
    let rows = images::examined_with(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(image, bundles)| (ExaminedWith(image), Arc::new(bundles))).collect())
});

impl Loader<EndOfLife> for Reads {
    type Value = Arc<EndOfLifeTable>;
    type Error = Error;

    async fn load(&self, _: &[EndOfLife]) -> Result<HashMap<EndOfLife, Self::Value>> {
        // What all organizations share, and read with nobody's rights.
        let mut tx = self.store.catalog_tx().await.map_err(of_store)?;
        let periods = support_periods::all(&mut tx).await.map_err(of_store)?;
        Ok(HashMap::from([(EndOfLife, Arc::new(EndOfLifeTable::updated(&periods)))]))
    }
}

loader!(BaseOf => images::BaseImage, |tx, keys| {
    let rows = images::bases(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (BaseOf(row.image), row)).collect())
});

loader!(LicensesOf => Vec<StatedLicense>, |tx, keys| {
    let rows = installed::licenses(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|row| (LicensesOf(row.image), row))))
});

loader!(JudgedPackagesOf => Vec<JudgedPackages>, |tx, keys| {
    let rows = coverage::judged_packages(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|(image, judged)| (JudgedPackagesOf(image), judged))))
});

loader!(ObservationPage => Vec<Observation>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.filter.clone(), key.after, key.limit)) {
        let Some(one) = alike.first() else { continue };
        let images = ids(&alike, |key| key.image.0);
        let rows = observations::pages(tx, &images, &one.filter, one.after, one.limit).await.map_err(of_store)?;
        let key = |row: &Observation| ObservationPage { image: row.image, ..one.clone() };
        pages.extend(grouped(rows.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(ObservationCount => i64, |tx, keys| {
    let mut counts = HashMap::new();
    for alike in together(keys, |key| key.filter.clone()) {
        let Some(one) = alike.first() else { continue };
        let images = ids(&alike, |key| key.image.0);
        let rows = observations::counts(tx, &images, &one.filter).await.map_err(of_store)?;
        counts.extend(rows.into_iter().map(|(image, count)| (ObservationCount { image, ..one.clone() }, count)));
    }
    Ok(counts)
});

loader!(PackageOf => packages::Package, |tx, keys| {
    let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = packages::by_ids(tx, &ids).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (PackageOf(row.id), row)).collect())
});

loader!(VulnerabilityOf => vulnerabilities::Vulnerability, |tx, keys| {
    let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = vulnerabilities::by_ids(tx, &ids).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (VulnerabilityOf(row.id), row)).collect())
});

loader!(LocationsOf => Vec<Location>, |tx, keys| {
    let wanted: Vec<(Uuid, i64)> = keys.iter().map(|key| (key.0.0.0, key.0.1)).collect();
    let rows = installed::locations(tx, &wanted).await.map_err(of_store)?;
    Ok(grouped(rows.into_iter().map(|row| (LocationsOf((row.image, row.package)), row))))
});

loader!(FindingOf => findings::Finding, |tx, keys| {
    let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = findings::by_ids(tx, &ids).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (FindingOf(row.id), row)).collect())
});

loader!(PlatformsOf => Vec<tags::TagPlatform>, |tx, keys| {
    let wanted: Vec<(Uuid, String)> = keys.iter().map(|key| (key.0.0.0, key.0.1.clone())).collect();
    let rows = tags::platforms(tx, &wanted).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(manifest, platforms)| (PlatformsOf(manifest), platforms)).collect())
});

loader!(TagCount => i64, |tx, keys| {
    let rows = tags::counts(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(repository, count)| (TagCount(repository), count)).collect())
});

loader!(OwnFindingsOf => i64, |tx, keys| {
    let rows = own_advisories::open_findings(tx, &ids(keys, |key| key.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(id, count)| (OwnFindingsOf(id), count)).collect())
});

loader!(VexStatementOf => vex::VexStatement, |tx, keys| {
    let rows = vex::statements(tx, &ids(keys, |key| key.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|row| (VexStatementOf(row.id), row)).collect())
});

loader!(VexRemarkOf => Uuid, |tx, keys| {
    let of: Vec<(Uuid, i64, i64)> = keys.iter().map(|key| (key.image.0, key.package, key.vulnerability)).collect();
    let rows = vex::remarks(tx, &of).await.map_err(of_store)?;
    let key = |(image, package, vulnerability)| VexRemarkOf { image: ImageId(image), package, vulnerability };
    Ok(rows.into_iter().map(|(of, statement)| (key(of), statement)).collect())
});

loader!(VexSourceOf => String, |tx, keys| {
    let rows = vex::sources(tx, &ids(keys, |key| key.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(id, source)| (VexSourceOf(id), source)).collect())
});

loader!(HiddenByDocument => i64, |tx, keys| {
    let rows = vex::hidden_by_documents(tx, &ids(keys, |key| key.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(id, count)| (HiddenByDocument(id), count)).collect())
});

loader!(HiddenInImage => i64, |tx, keys| {
    let rows = vex::hidden_in_images(tx, &ids(keys, |key| key.0.0)).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(image, count)| (HiddenInImage(image), count)).collect())
});

/// Keys that differ in the object alone are one statement: the keys with the same `of` go together.
fn together<K: Clone, G: Hash + Eq>(keys: &[K], of: impl Fn(&K) -> G) -> Vec<Vec<K>> {
    grouped(keys.iter().map(|key| (of(key), key.clone()))).into_values().collect()
}

loader!(TagPage => Vec<tags::Tag>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.after.clone(), key.limit)) {
        let Some(one) = alike.first() else { continue };
        let repositories = ids(&alike, |key| key.repository.0);
        let rows = tags::pages(tx, &repositories, one.after.as_deref(), one.limit).await.map_err(of_store)?;
        let key = |row: &tags::Tag| TagPage { repository: row.repository, ..one.clone() };
        pages.extend(grouped(rows.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(InstalledPage => Vec<Installed>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.filter.clone(), key.after.clone(), key.limit)) {
        let Some(one) = alike.first() else { continue };
        let images = ids(&alike, |key| key.image.0);
        let rows = installed::pages(tx, &images, &one.filter, one.after.as_ref(), one.limit).await.map_err(of_store)?;
        let key = |row: &Installed| InstalledPage { image: row.image, ..one.clone() };
        pages.extend(grouped(rows.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(InstalledCount => i64, |tx, keys| {
    let mut counts = HashMap::new();
    for alike in together(keys, |key| key.filter.clone()) {
        let Some(one) = alike.first() else { continue };
        let rows = installed::counts(tx, &ids(&alike, |key| key.image.0), &one.filter).await.map_err(of_store)?;
        counts.extend(rows.into_iter().map(|(image, count)| (InstalledCount { image, ..one.clone() }, count)));
    }
    Ok(counts)
});

loader!(FindingPage => Vec<findings::Finding>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.filter.clone(), key.order, key.after.clone(), key.limit)) {
        let Some(one) = alike.first() else { continue };
        let images = ids(&alike, |key| key.image.0);
        let rows = findings::pages_of_images(tx, &images, &one.filter, one.order, one.after.as_ref(), one.limit);
        let key = |row: &findings::Finding| FindingPage { image: row.image, ..one.clone() };
        pages.extend(grouped(rows.await.map_err(of_store)?.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(UncountedPage => Vec<Uncounted>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.state, key.after.clone(), key.limit)) {
        let Some(one) = alike.first() else { continue };
        let (images, state) = (ids(&alike, |key| key.image.0), one.state.map(UncountedState::as_str));
        let rows = uncounted::pages(tx, &images, state, one.after.as_ref(), one.limit).await.map_err(of_store)?;
        let key = |row: &Uncounted| UncountedPage { image: row.image, ..one.clone() };
        pages.extend(grouped(rows.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(UncountedCount => i64, |tx, keys| {
    let mut counts = HashMap::new();
    for alike in together(keys, |key| key.state) {
        let Some(one) = alike.first() else { continue };
        let images = ids(&alike, |key| key.image.0);
        let rows = uncounted::counts(tx, &images, one.state.map(UncountedState::as_str)).await.map_err(of_store)?;
        counts.extend(rows.into_iter().map(|(image, count)| (UncountedCount { image, ..one.clone() }, count)));
    }
    Ok(counts)
});

loader!(FindingCounts => Vec<(i16, i64)>, |tx, keys| {
    let mut counts = HashMap::new();
    for alike in together(keys, |key| key.filter.clone()) {
        let Some(one) = alike.first() else { continue };
        let rows = findings::counts_of_images(tx, &ids(&alike, |key| key.image.0), &one.filter).await.map_err(of_store)?;
        let key = |image| FindingCounts { image, ..one.clone() };
        counts.extend(grouped(rows.into_iter().map(|row| (key(row.image), (row.severity, row.count)))));
    }
    Ok(counts)
});
