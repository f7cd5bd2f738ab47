//! Red Hat's product tree: which of a document's products are packages of Red Hat Enterprise Linux.
//!
//! A product is a package (known by its purl) as a component of a release (known by its CPE), or of a module of one. Kept are source packages:
//! what is installed is looked up by its source package. Newer documents name binary packages beside them, older ones name sources only and do
//! not say that they are.
//!
//! Left aside are products that are no release's own packages: container images, layered products (OpenShift, JBoss, Satellite), and the paid
//! extensions of a minor release (EUS, AUS, E4S, TUS, ELS), whose fixes are builds of their own that the release's other systems never get.

use std::borrow::Cow;
use std::collections::HashMap;

use plimsoll_model::{Ecosystem, module_stream};
use serde_json::Error;

use crate::feeds::csaf::{CsafDocument, Product};

/// What a product id stands for.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// Nothing that is looked up here.
    Elsewhere,
    /// A release, by its number.
    Release(u16),
    /// A module's stream, by its place.
    Module(usize),
    /// A module's stream in a release.
    ReleaseModule(u16, usize),
    /// A package, by its place.
    Component(usize),
    /// A package in a release, by its place.
    Placed(usize),
}

/// A package, wherever it lies.
#[derive(Debug, PartialEq, Eq)]
struct Component {
    name: String,
    /// With its epoch.
    version: Option<String>,
    /// `nodejs:18`.
    module: Option<String>,
    kind: ComponentKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ComponentKind {
    Source,
    Binary,
    /// Not told: a source package, unless the document tells of others that they are.
    NotTold,
}

/// A package in a release.
#[derive(Debug, Clone, Copy)]
struct Place {
    release: u16,
    component: usize,
    module: Option<usize>,
}

/// A source package of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package<'p> {
    /// The release's number.
    pub release: u16,
    /// Its name.
    pub name: &'p str,
    /// The version with its epoch, where one is told.
    pub version: Option<&'p str>,
    /// The module and stream, `nodejs:18`, where they are told.
    pub module: Option<&'p str>,
}

impl Package<'_> {
    /// The ecosystem of its release.
    pub fn ecosystem(&self) -> Ecosystem {
        Ecosystem::with_release("Red Hat", self.release.to_string())
    }
}

/// What an id in a statement stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// This package: [`Products::package`] tells it.
    Package(usize),
    /// A product that is not looked up here.
    Elsewhere,
    /// Nothing: the tree does not have it.
    Missing,
}

/// A document's products.
#[derive(Debug, Default)]
pub struct Products<'a> {
    roles: HashMap<Cow<'a, str>, Role>,
    components: Vec<Component>,
    modules: Vec<String>,
    places: Vec<Place>,
    tells_sources: bool,
    missing: u64,
}

impl<'a> Products<'a> {
    /// Reads a document's tree.
    ///
    /// # Errors
    /// It is not as specified.
    pub fn of(document: &CsafDocument<'a>) -> Result<Self, Error> {
        let mut products = Self::default();
        document.products(&mut |product| {
            let role = products.role(&product);
            products.roles.insert(product.product_id, role);
            Ok(())
        })?;
        // Modules of releases first: packages lie in them, in whatever order the list is.
        document.relationships(|relationship| {
            let parts = (products.roles.get(&relationship.component), products.roles.get(&relationship.place));
            if let (Some(&Role::Module(module)), Some(&Role::Release(release))) = parts {
                products.roles.insert(relationship.made.product_id, Role::ReleaseModule(release, module));
            }
            Ok(())
        })?;
        document.relationships(|relationship| {
            let parts = (products.roles.get(&relationship.component), products.roles.get(&relationship.place));
            let role = match parts {
                (None, _) | (_, None) => {
                    products.missing += 1;
                    Role::Elsewhere
                }
                (Some(&Role::Component(component)), Some(&Role::Release(release))) => {
                    products.placed(Place { release, component, module: None })
                }
                (Some(&Role::Component(component)), Some(&Role::ReleaseModule(release, module))) => {
                    products.placed(Place { release, component, module: Some(module) })
                }
                _ => Role::Elsewhere,
            };
            products.roles.entry(relationship.made.product_id).or_insert(role);
            Ok(())
        })?;
        Ok(products)
    }

    /// How many relationships name products that the tree does not have.
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// What an id stands for.
    pub fn meant(&self, product_id: &str) -> Meant {
        match self.roles.get(product_id) {
            None => Meant::Missing,
            Some(&Role::Placed(place)) if self.counts(place) => Meant::Package(place),
            Some(_) => Meant::Elsewhere,
        }
    }

    /// The package at a place that [`Products::meant`] gave.
    pub fn package(&self, place: usize) -> Option<Package<'_>> {
        let &Place { release, component, module } = self.places.get(place)?;
        let Component { name, version, module: own_module, .. } = self.components.get(component)?;
        let module = own_module.as_ref().or_else(|| self.modules.get(module?));
        Some(Package { release, name, version: version.as_deref(), module: module.map(String::as_str) })
    }

    fn counts(&self, place: usize) -> bool {
        let component = self.places.get(place).and_then(|place| self.components.get(place.component));
        component.is_some_and(|component| component.kind == ComponentKind::Source || !self.tells_sources)
    }

    fn placed(&mut self, place: Place) -> Role {
        let is_binary =
            self.components.get(place.component).is_none_or(|component| component.kind == ComponentKind::Binary);
        if is_binary {
            return Role::Elsewhere;
        }
        self.places.push(place);
        Role::Placed(self.places.len() - 1)
    }

    fn role(&mut self, product: &Product<'_>) -> Role {
        if let Some(release) = product.known_as.cpe.as_deref().and_then(release) {
            return Role::Release(release);
        }
        let Some(purl) = &product.known_as.purl else {
            return match component_of_name(&product.name) {
                Some(component) if product.known_as.cpe.is_none() => self.component(component),
                _ => Role::Elsewhere,
            };
        };
        match read_purl(purl) {
            Some(Purl::Component(component)) => self.component(component),
            Some(Purl::Module(stream)) => {
                self.modules.push(stream);
                Role::Module(self.modules.len() - 1)
            }
            None => Role::Elsewhere,
        }
    }

    fn component(&mut self, component: Component) -> Role {
        self.tells_sources |= component.version.is_none() && component.kind == ComponentKind::Source;
        self.components.push(component);
        Role::Component(self.components.len() - 1)
    }
}

/// The release of a CPE, if it is Red Hat Enterprise Linux itself: `cpe:/o:redhat:enterprise_linux:8::baseos` and its other repositories.
fn release(cpe: &str) -> Option<u16> {
    let mut parts = cpe.strip_prefix("cpe:/")?.split(':');
    let (_part, vendor, product, version) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // The repositories of the virtualization hosts and of the fast datapath name the release, and bring packages of their own.
    let is_of_another = matches!(parts.nth(1), Some("hypervisor" | "fastdatapath"));
    if (vendor, product) != ("redhat", "enterprise_linux") || is_of_another {
        return None;
    }
    version.split('.').next()?.parse().ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Purl {
    Component(Component),
    Module(String),
}

/// The package of `pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1`, the module of
/// `pkg:rpmmod/redhat/python36@3.6:8040020241213073301:9bf6f064`.
fn read_purl(text: &str) -> Option<Purl> {
    let purl: packageurl::PackageUrl<'_> = text.parse().ok()?;
    let qualifier = |name: &str| purl.qualifiers().get(name).map(Cow::as_ref).filter(|text| !text.is_empty());
    match purl.ty() {
        "rpmmod" => Some(Purl::Module(module_stream(&format!("{}:{}", purl.name(), purl.version()?)).to_owned())),
        "rpm" => Some(Purl::Component(Component {
            name: purl.name().to_owned(),
            version: purl.version().map(|version| match qualifier("epoch").filter(|epoch| *epoch != "0") {
                Some(epoch) => format!("{epoch}:{version}"),
                None => version.to_owned(),
            }),
            module: qualifier("rpmmod").map(|label| module_stream(label).to_owned()),
            kind: match qualifier("arch") {
                Some("src") => ComponentKind::Source,
                Some(_) => ComponentKind::Binary,
                None => ComponentKind::NotTold,
            },
        })),
        _ => None,
    }
}

/// The package of older documents, which know it by its name alone: `openssl`, `nodejs:18/nodejs`. Other names with a slash are container images.
fn component_of_name(name: &str) -> Option<Component> {
    let (module, name) = match name.split_once('/') {
        Some((module, name)) if module.matches(':').count() == 1 => (Some(module.to_owned()), name),
        None if !name.contains(':') => (None, name),
        _ => return None,
    };
    Some(Component { name: name.to_owned(), version: None, module, kind: ComponentKind::NotTold })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_told_by_its_cpe_and_no_other_product_is_one() {
        for (cpe, expected) in [
            ("cpe:/o:redhat:enterprise_linux:8", Some(8)),
            ("cpe:/o:redhat:enterprise_linux:8::baseos", Some(8)),
            ("cpe:/a:redhat:enterprise_linux:9::appstream", Some(9)),
            ("cpe:/a:redhat:enterprise_linux:9::realtime", Some(9)),
            ("cpe:/o:redhat:enterprise_linux:7::workstation", Some(7)),
            ("cpe:/o:redhat:enterprise_linux:10.1", Some(10)),
            ("cpe:/a:redhat:enterprise_linux:8::hypervisor", None),
            ("cpe:/o:redhat:enterprise_linux:7::fastdatapath", None),
            ("cpe:/o:redhat:enterprise_linux_eus:10.0", None),
            ("cpe:/a:redhat:enterprise_linux_ai:3", None),
            ("cpe:/o:redhat:rhel_eus:9.4::baseos", None),
            ("cpe:/o:redhat:rhel_els:7", None),
            ("cpe:/a:redhat:openshift:4.14::el9", None),
            ("cpe:/a:redhat:ocp_tools", None),
            ("cpe:/o:other:enterprise_linux:8", None),
            ("cpe:/o:redhat:enterprise_linux:x", None),
            ("cpe:/o:redhat:enterprise_linux:99999", None),
            ("cpe:2.3:o:redhat:enterprise_linux:8:*:baseos:*:*:*:*:*", None),
            ("", None),
        ] {
            assert_eq!(release(cpe), expected, "{cpe}");
        }
    }

    #[test]
    fn packages_are_read_from_purls_and_from_names() {
        use ComponentKind::{Binary, NotTold, Source};
        let component = |name: &str, version: Option<&str>, module: Option<&str>, kind| {
            let [version, module] = [version, module].map(|text| text.map(str::to_owned));
            Component { name: name.into(), version, module, kind }
        };
        for (purl, expected) in [
            (
                "pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1",
                Some(component("openssl", Some("1:3.0.7-27.el9"), None, Source)),
            ),
            ("pkg:rpm/redhat/curl@7-1.el9?arch=src&epoch=0", Some(component("curl", Some("7-1.el9"), None, Source))),
            ("pkg:rpm/redhat/PyXML@0.8?arch=i386", Some(component("PyXML", Some("0.8"), None, Binary))),
            ("pkg:rpm/redhat/curl", Some(component("curl", None, None, NotTold))),
            ("pkg:rpm/redhat/curl?arch=src", Some(component("curl", None, None, Source))),
            (
                "pkg:rpm/redhat/ruby@2.7.8-139.module%2Bel8.8.0?arch=src&rpmmod=ruby:2.7:8080020230427102918:63b34585",
                Some(component("ruby", Some("2.7.8-139.module+el8.8.0"), Some("ruby:2.7"), Source)),
            ),
            (
                "pkg:rpm/redhat/PyYAML?arch=src&rpmmod=python39-devel:3.9",
                Some(component("PyYAML", None, Some("python39-devel:3.9"), Source)),
            ),
            ("pkg:oci/ubi8?repository_url=x", None),
            ("pkg:maven/org.yaml/snakeyaml@1", None),
            ("openssl", None),
            ("pkg:rpm/", None),
        ] {
            assert_eq!(read_purl(purl), expected.map(Purl::Component), "{purl}");
        }
        let module = read_purl("pkg:rpmmod/redhat/python36@3.6:8040020241213073301:9bf6f064");
        assert_eq!(module, Some(Purl::Module("python36:3.6".into())));
        for (name, expected) in [
            ("kernel-rt", Some(component("kernel-rt", None, None, NotTold))),
            ("log4j:2/log4j", Some(component("log4j", None, Some("log4j:2"), NotTold))),
            ("rhel9/postgresql-15", None),
            ("a:b:c/d", None),
            ("kernel-0:4.18.0-1.el8.x86_64", None),
        ] {
            assert_eq!(component_of_name(name), expected, "{name}");
        }
    }
}
