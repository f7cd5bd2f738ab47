//! CycloneDX as JSON, read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::each;
use super::listing::Listing;

/// Licences of one component that are read.
pub(super) const LICENSES: usize = 100;

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    component: Option<&'a RawValue>,
}

/// What is read of a component. Its own list stays as it is until it is its turn.
#[derive(Deserialize)]
struct Component<'a> {
    purl: Option<String>,
    version: Option<String>,
    scope: Option<String>,
    #[serde(borrow)]
    licenses: Option<&'a RawValue>,
    #[serde(borrow)]
    components: Option<&'a RawValue>,
}

/// One choice of a list of licences.
#[derive(Deserialize)]
struct LicenseChoice {
    expression: Option<String>,
    license: Option<License>,
}

#[derive(Deserialize)]
struct License {
    id: Option<String>,
    name: Option<String>,
}

/// What the document describes.
pub(super) fn read_metadata(metadata: &RawValue, listing: &mut Listing<'_>) {
    match serde_json::from_str::<Metadata<'_>>(metadata.get()) {
        Ok(Metadata { component: Some(component) }) => read_component(component, listing),
        Ok(Metadata { component: None }) => {}
        Err(error) => listing.complain(format!("metadata: {error}")),
    }
}

/// A component and those in it.
pub(super) fn read_component(component: &RawValue, listing: &mut Listing<'_>) {
    read_nested(component, 0, listing);
}

fn read_nested(component: &RawValue, depth: usize, listing: &mut Listing<'_>) {
    if depth > listing.limits().depth {
        return listing.complain(format!("components more than {} deep in one another", listing.limits().depth));
    }
    let component: Component<'_> = match serde_json::from_str(component.get()) {
        Ok(component) => component,
        Err(error) => return listing.complain(format!("a component: {error}")),
    };
    if component.scope.as_deref() == Some("excluded") {
        // It is not reachable where the software runs: for testing, or a build's own.
        listing.passed_over.for_developing += 1;
    } else {
        let license = component.licenses.and_then(license);
        let found = listing.package(component.purl.as_deref(), component.version.as_deref(), license);
        found.into_iter().for_each(|package| listing.push(package));
    }
    let Some(inner) = component.components else { return };
    if let Err(error) = each(inner, |inner| read_nested(inner, depth + 1, listing)) {
        listing.complain(format!("components in a component: {error}"));
    }
}

/// All licences, of which each holds.
fn license(choices: &RawValue) -> Option<String> {
    let mut stated: Vec<String> = Vec::new();
    let of_choice = |choice: &RawValue| {
        let choice = serde_json::from_str::<LicenseChoice>(choice.get()).ok()?;
        let license = choice.expression.or_else(|| choice.license.and_then(|license| license.id.or(license.name)));
        license.filter(|license| !license.trim().is_empty())
    };
    // A list that is broken elsewhere still says what it says.
    let _ = each(choices, |choice| {
        if stated.len() < LICENSES {
            stated.extend(of_choice(choice));
        }
    });
    all_of(stated)
}

/// Licences of which each holds, as one statement.
pub(super) fn all_of(stated: Vec<String>) -> Option<String> {
    let is_alone = stated.len() == 1;
    let operand = |text: String| if is_alone || !text.contains(" OR ") { text } else { format!("({text})") };
    (!stated.is_empty()).then(|| stated.into_iter().map(operand).collect::<Vec<_>>().join(" AND "))
}
