//! Layers folded in order into what the image holds.
//!
//! In: the layers' analyses, lowest first. Out: the [`Inventory`]: every package that is still there at the top, with the first
//! layer since which it has been there unchanged.
//! Source: OCI image specification, `layer.md`, "Applying changesets".

mod copyright;
mod development;
mod hidden;
mod managed;
mod owners;
mod vendors;
mod view;

use std::collections::BTreeMap;

use plimsoll_checks::paths::leftover_folder;
use plimsoll_model::{
    BuildStep, DiffId, Digest, FileFact, FileFactKind, InstalledPackage, Inventory, Layer, LeftoverCache, Observation,
    ObservationKind, OsRelease, Package, PackageSource, PackageType, Place, Problem, ProblemCode, Vendor,
};

use self::development::Development;
use self::managed::ManagedFolders;
use self::owners::Owners;
use self::vendors::Distribution;
use self::view::View;
use crate::analysers::runtime;
use crate::{Contents, LayerAnalysis};

/// A layer as the image names it, with what its bytes say.
#[derive(Debug, Clone)]
pub struct SquashLayer<'a> {
    /// Position, from 0 at the bottom. Layers may have been left out; order is by position.
    pub index: u32,
    /// The blob's digest in the manifest.
    pub digest: Digest,
    /// The blob's size in the manifest, in bytes.
    pub size: u64,
    /// The diffID in the image's config.
    pub diff_id: Option<DiffId>,
    /// The history entry that made it.
    pub build_step: Option<BuildStep>,
    /// What was read, or why nothing was.
    pub analysis: Result<&'a LayerAnalysis, Problem>,
}

/// Folds the layers into an inventory. Its packages and problems are sorted: the same layers give the same inventory.
pub fn squash(layers: &[SquashLayer<'_>]) -> Inventory {
    let mut ordered: Vec<&SquashLayer<'_>> = layers.iter().collect();
    ordered.sort_by_key(|layer| layer.index);
    let mut view = View::default();
    let mut problems = Vec::new();
    for layer in &ordered {
        match &layer.analysis {
            Ok(analysis) => {
                view.apply(layer.index, &analysis.contents);
                problems.extend(at_layer(&analysis.problems, layer.index));
                problems.extend(mismatches(layer, analysis));
            }
            Err(problem) => problems.push(Problem { layer: Some(layer.index), ..problem.clone() }),
        }
    }
    sort_problems(&mut problems);
    let layer_bytes = hidden::layer_bytes(&ordered);
    let layers = ordered.into_iter().map(describe).collect();
    Inventory { layer_bytes, ..inventory_of(&view, Development::of(&view, true), layers, problems) }
}

/// The inventory of one set of contents that has no layers, such as a folder on disk. Its packages are of layer 0.
pub(crate) fn inventory_without_layers(contents: &Contents, problems: &[Problem]) -> Inventory {
    let mut view = View::default();
    view.apply(0, contents);
    let mut problems = problems.to_vec();
    sort_problems(&mut problems);
    inventory_of(&view, Development::of(&view, false), Vec::new(), problems)
}

fn inventory_of(
    view: &View<'_>,
    development: Development<'_>,
    layers: Vec<Layer>,
    problems: Vec<Problem>,
) -> Inventory {
    let distribution = Distribution::of(view);
    let mut observations: Vec<Observation> = view.observations().collect();
    let of_language = view.packages().filter(|(package, ..)| !package.kind.is_distribution()).map(|(_, path, _)| path);
    let owners = Owners::of(view, of_language.chain(observations.iter().filter_map(published_path)));
    let managed = ManagedFolders::of(view.packages().map(|(package, path, _)| (package, path)));
    let is_managed = |package: &Package, path: &str| {
        package.kind == PackageType::Generic && view.is_read_by(path, runtime::NAME) && managed.have(path)
    };
    let mut packages: Vec<InstalledPackage> = view
        .packages()
        .filter(|(package, path, layer)| {
            package.kind.is_distribution()
                || !(owners.have(path, *layer, None) || is_managed(package, path) || development.has(package, path))
        })
        .map(|(package, path, layer)| {
            let mut found = installed(package, path, layer, &distribution);
            if package.kind == PackageType::Deb && package.license.is_none() {
                found.package.license = copyright::license_of(view, &package.name).map(str::to_owned);
            }
            found
        })
        .collect();
    packages.sort_by(|a, b| (&a.package, &a.path).cmp(&(&b.package, &b.path)));
    observations.retain(|observation| {
        let is_owned = |path| owners.have(path, observation.layer.unwrap_or_default(), observation.removed_in);
        !published_path(observation).is_some_and(is_owned)
    });
    observations.sort_unstable();
    observations.dedup();
    let (sources, file_facts) = (sources(view), file_facts(view));
    let os = distribution.os.cloned();
    Inventory { os, layers, packages, observations, sources, file_facts, problems, ..Inventory::default() }
}

/// The file that a secret lies in, which is none if a distribution ships the file to everybody. What lies in `/etc` is changed by those who run
/// it.
fn published_path(observation: &Observation) -> Option<&str> {
    let Place::File { path, .. } = &observation.place else { return None };
    let file = path.split("!/").next().unwrap_or(path);
    (observation.kind == ObservationKind::Secret && !file.starts_with("etc/")).then_some(file)
}

/// What files show, sorted. What lies in a cache is told by the cache's folder.
fn file_facts(view: &View<'_>) -> Vec<FileFact> {
    let mut facts = Vec::new();
    let mut leftovers: BTreeMap<(String, u32, Option<u32>, LeftoverCache), u64> = BTreeMap::new();
    for fact in view.facts() {
        match (fact.kind, leftover_folder(&fact.path)) {
            (FileFactKind::Leftover { cache, bytes }, Some(folder)) => {
                *leftovers.entry((folder.to_owned(), fact.layer, fact.removed_in, cache)).or_default() += bytes;
            }
            (kind, _) => facts.push(FileFact { kind, ..fact }),
        }
    }
    facts.extend(leftovers.into_iter().map(|((path, layer, removed_in, cache), bytes)| FileFact {
        path,
        layer,
        removed_in,
        kind: FileFactKind::Leftover { cache, bytes },
    }));
    facts.sort_unstable();
    facts
}

/// What packages were read from.
fn sources(view: &View<'_>) -> Vec<PackageSource> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for file in view.files() {
        for analyser in &file.read_by {
            let (files, packages) = counts.entry(analyser).or_default();
            *files += 1;
            *packages += file.packages.len() as u64;
        }
    }
    let source =
        |(analyser, (files, packages)): (&str, _)| PackageSource { analyser: analyser.to_owned(), files, packages };
    counts.into_iter().map(source).collect()
}

fn installed(package: &Package, path: &str, layer: u32, distribution: &Distribution<'_>) -> InstalledPackage {
    let third_party = distribution.third_party(package);
    // Advisories of the distribution say nothing of what has only the name in common with one of its packages.
    let release = distribution.os.filter(|_| third_party.is_none());
    let ecosystem = if package.kind.is_distribution() {
        release.and_then(OsRelease::ecosystem)
    } else {
        package.kind.language_ecosystem()
    };
    let id = distribution.os.map(|os| os.id.as_str());
    InstalledPackage {
        ecosystem,
        purl: package.purl(id, release.and_then(|os| os.version_id.as_deref())),
        package: Package {
            within: None,
            vendor: third_party.map(|name| Vendor::ThirdParty(name.to_owned())),
            ..package.clone()
        },
        layer,
        path: package.within.as_ref().map_or_else(|| path.to_owned(), |within| format!("{path}!/{within}")),
    }
}

fn describe(layer: &SquashLayer<'_>) -> Layer {
    let computed = layer.analysis.as_ref().ok().and_then(|analysis| analysis.diff_id);
    Layer {
        index: layer.index,
        digest: layer.digest,
        // Where it is neither computed nor claimed, the blob's own digest stands for it: something must name the layer.
        diff_id: computed.or(layer.diff_id).unwrap_or(DiffId(layer.digest)),
        size: layer.size,
        build_step: layer.build_step.clone(),
    }
}

/// Where the bytes are not those that the image names.
fn mismatches(layer: &SquashLayer<'_>, analysis: &LayerAnalysis) -> Vec<Problem> {
    let problem = |code, detail| Problem { layer: Some(layer.index), ..Problem::new(code, detail) };
    let mut problems = Vec::new();
    match (layer.diff_id, analysis.diff_id) {
        // The tar is the one that the image's config names, however it was compressed when it was analysed: the analysis may
        // come from another image.
        (Some(claimed), Some(computed)) if claimed == computed => return problems,
        (Some(claimed), Some(computed)) => problems.push(problem(
            ProblemCode::DiffIdMismatch,
            format!("the image's config names the diffID {claimed}, but the layer's tar hashes to {computed}"),
        )),
        _ => {}
    }
    let is_told = analysis.problems.iter().any(|problem| problem.code == ProblemCode::DigestMismatch);
    if analysis.digest != layer.digest && !is_told {
        problems.push(problem(
            ProblemCode::DigestMismatch,
            format!("the blob's bytes hash to {}, not to {}", analysis.digest, layer.digest),
        ));
    }
    problems
}

fn at_layer(problems: &[Problem], index: u32) -> impl Iterator<Item = Problem> {
    problems.iter().map(move |problem| Problem { layer: Some(index), ..problem.clone() })
}

fn sort_problems(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| (a.layer, a.code, &a.path, &a.detail).cmp(&(b.layer, b.code, &b.path, &b.detail)));
    problems.dedup();
}
