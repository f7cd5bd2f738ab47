//! CycloneDX as XML, read.

use std::ops::ControlFlow;

use quick_xml::events::BytesStart;

use super::cyclonedx::{LICENSES, all_of};
use super::listing::{Complaint, Limits, Listing};
use super::{Format, Sbom, SbomError, moderate};
use crate::xml::{self, Element};

/// Where components lie: what the document describes, and what it lists.
const COMPONENTS: [&str; 2] = ["bom/metadata/component", "bom/components/component"];
/// Where those in a component lie.
const INNER: &str = "/components/component";
/// A component's elements that are read.
const PURL: &str = "purl";
const VERSION: &str = "version";
const SCOPE: &str = "scope";
const STATED_LICENSES: [&str; 3] = ["licenses/license/id", "licenses/license/name", "licenses/expression"];

/// Reads a document, as a walk over its elements.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Sbom, SbomError> {
    let mut document = Document { format: None, components: Vec::new(), listing: Listing::new(limits) };
    let outcome = xml::walk(bytes, |path, element| document.see(path, &element));
    let format = match (document.format, &outcome) {
        (Some(format), _) => format?,
        (None, Err(error)) => {
            return Err(SbomError::Malformed { line: error.line, detail: error.detail.clone() });
        }
        (None, Ok(())) => return Err(SbomError::Other),
    };
    let broken = outcome.err().map(|error| Complaint { line: error.line, detail: error.detail });
    Ok(document.listing.finish(format, broken))
}

struct Document<'l> {
    /// What its root says that it is.
    format: Option<Result<Format, SbomError>>,
    /// The components that the walk is in, the innermost last.
    components: Vec<Component>,
    listing: Listing<'l>,
}

/// A component as far as it was read.
#[derive(Default)]
struct Component {
    /// The length of its path.
    path: usize,
    purl: Option<String>,
    version: Option<String>,
    scope: Option<String>,
    licenses: Vec<String>,
}

impl Document<'_> {
    fn see(&mut self, path: &str, element: &Element<'_>) -> ControlFlow<()> {
        match element {
            Element::Opened(root) if !path.contains('/') => {
                self.format = format(path, root);
                if !matches!(self.format, Some(Ok(_))) {
                    return ControlFlow::Break(());
                }
            }
            Element::Opened(_) if is_component(path) => {
                if self.components.len() == self.listing.limits().depth + 1 {
                    let depth = self.listing.limits().depth;
                    self.listing.complain(format!("components more than {depth} deep in one another"));
                }
                self.components.push(Component { path: path.len(), ..Component::default() });
            }
            Element::Opened(_) => {}
            Element::Closed(text) => self.close(path, *text),
        }
        ControlFlow::Continue(())
    }

    fn close(&mut self, path: &str, text: Option<&str>) {
        let Some(component) = self.components.last_mut() else { return };
        let Some(inside) = path.get(component.path..) else { return };
        match (inside.strip_prefix('/'), text) {
            (None, _) => self.close_component(),
            (Some(PURL), None) => self.listing.complain("a package URL that cannot be read".to_owned()),
            (Some(element), Some(text)) if !text.is_empty() => component.state(element, text),
            (Some(_), _) => {}
        }
    }

    fn close_component(&mut self) {
        let depth = self.components.len();
        let Some(component) = self.components.pop().filter(|_| depth <= self.listing.limits().depth + 1) else {
            return;
        };
        if component.scope.as_deref() == Some("excluded") {
            // It is not reachable where the software runs: for testing, or a build's own.
            self.listing.passed_over.for_developing += 1;
            return;
        }
        let license = all_of(component.licenses);
        let found = self.listing.package(component.purl.as_deref(), component.version.as_deref(), license);
        found.into_iter().for_each(|package| self.listing.push(package));
    }
}

impl Component {
    fn state(&mut self, element: &str, text: &str) {
        match element {
            PURL => self.purl = Some(text.to_owned()),
            VERSION => self.version = Some(text.to_owned()),
            SCOPE => self.scope = Some(text.to_owned()),
            _ if STATED_LICENSES.contains(&element) && self.licenses.len() < LICENSES => {
                self.licenses.push(text.to_owned());
            }
            _ => {}
        }
    }
}

/// What the root says that the document is.
fn format(name: &str, root: &BytesStart<'_>) -> Option<Result<Format, SbomError>> {
    let namespace = xml::namespace(root).unwrap_or_default();
    let is_of_spdx = |name| xml::attribute(root, name).is_some_and(|namespace| namespace.contains("spdx.org/rdf/"));
    match (name, namespace.strip_prefix("http://cyclonedx.org/schema/bom/")) {
        ("bom", Some(version)) => Some(Format::cyclonedx(&moderate(version)?)),
        ("RDF", _) if ["xmlns", "xmlns:spdx"].into_iter().any(is_of_spdx) => {
            Some(Err(SbomError::Unread("SPDX as RDF".to_owned())))
        }
        _ => None,
    }
}

/// Whether the element at a path is a component: one of the document's, or in one of those.
fn is_component(path: &str) -> bool {
    let inside = COMPONENTS.iter().find_map(|components| path.strip_prefix(components));
    inside.is_some_and(|mut inside| {
        while let Some(inner) = inside.strip_prefix(INNER) {
            inside = inner;
        }
        inside.is_empty()
    })
}
