//! CSAF 2: the VEX profile, and any other document that says of which products it speaks.
//!
//! Source: <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html>, 3.2.2 (product tree), 3.2.3 (vulnerabilities), 4.5 (VEX
//! profile), 6.1.6 (contradicting statuses).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Budget, VexError, id, ids, text, unknown_word, wrong};
use crate::{Claim, Document, Format, Justification, Product, Statement, Status};

/// How deep products lie in products.
const MAX_DEPTH: usize = 16;
/// Groups of one product that are looked at.
const MAX_GROUPS: usize = 100;
/// Statuses by the lists that mean them. What is only recommended says nothing of the vulnerability.
const LISTS: [(&str, Option<Status>); 8] = [
    ("known_not_affected", Some(Status::NotAffected)),
    ("fixed", Some(Status::Fixed)),
    ("first_fixed", Some(Status::Fixed)),
    ("under_investigation", Some(Status::UnderInvestigation)),
    ("known_affected", Some(Status::Affected)),
    ("first_affected", Some(Status::Affected)),
    ("last_affected", Some(Status::Affected)),
    ("recommended", None),
];

#[derive(Deserialize)]
struct Raw<'a> {
    document: Head,
    #[serde(default)]
    product_tree: Tree,
    #[serde(borrow, default)]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Head {
    csaf_version: String,
    publisher: Publisher,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Publisher {
    name: String,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    current_release_date: DateTime<Utc>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tree {
    branches: Vec<Branch>,
    full_product_names: Vec<FullName>,
    relationships: Vec<Relationship>,
    product_groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch {
    branches: Vec<Branch>,
    product: Option<FullName>,
}

#[derive(Deserialize)]
struct FullName {
    product_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    product_identification_helper: KnownAs,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KnownAs {
    cpe: Option<String>,
    purl: Option<String>,
    /// Of CSAF 2.1.
    purls: Vec<String>,
    hashes: Vec<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    file_hashes: Vec<FileHash>,
}

#[derive(Deserialize)]
struct FileHash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
struct Relationship {
    product_reference: String,
    relates_to_product_reference: String,
    full_product_name: FullName,
}

#[derive(Deserialize)]
struct Group {
    group_id: String,
    product_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<OtherId>,
    title: Option<String>,
    #[serde(default)]
    product_status: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    threats: Vec<Words>,
    #[serde(default)]
    remediations: Vec<Words>,
}

#[derive(Deserialize)]
struct OtherId {
    text: String,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
    #[serde(flatten)]
    of: Of,
}

/// A threat or a remediation.
#[derive(Deserialize)]
struct Words {
    category: String,
    details: String,
    #[serde(flatten)]
    of: Of,
}

/// Of which products; of all where it names none.
#[derive(Deserialize)]
struct Of {
    #[serde(default)]
    product_ids: Vec<String>,
    #[serde(default)]
    group_ids: Vec<String>,
}

/// Products by the ids that the document gives them.
struct Products {
    named: HashMap<String, Vec<Product>>,
    /// What lies in what.
    parts: HashMap<String, (String, String)>,
    /// In which groups each is.
    groups: HashMap<String, Vec<String>>,
}

pub(super) fn read(json: &[u8], budget: &mut Budget) -> Result<Document, VexError> {
    let raw: Raw<'_> = serde_json::from_slice(json).map_err(|error| wrong("the document", error))?;
    if !raw.document.csaf_version.starts_with("2.") {
        return Err(unknown_word("document.csaf_version", &raw.document.csaf_version, &["2.0", "2.1"]));
    }
    let products = Products::of(raw.product_tree);
    let at = raw.document.tracking.current_release_date;
    let mut statements = Vec::new();
    for (number, vulnerability) in raw.vulnerabilities.into_iter().enumerate() {
        let place = format!("vulnerabilities[{number}]");
        let read = serde_json::from_str(vulnerability.get()).map_err(|error| wrong(&place, error))?;
        of_vulnerability(read, &products, at, &place, budget, &mut statements)?;
    }
    let Head { publisher, tracking, .. } = raw.document;
    let (id, author) = (id(tracking.id), id(publisher.name));
    Ok(Document { format: Format::Csaf, id, author, at: Some(at), statements, attached: None })
}

/// What is said of products alike: status, and which flag, threat and remediation.
type Alike = (Status, Option<usize>, Option<usize>, Option<usize>);

fn of_vulnerability(
    raw: Vulnerability,
    products: &Products,
    at: DateTime<Utc>,
    place: &str,
    budget: &mut Budget,
    statements: &mut Vec<Statement>,
) -> Result<(), VexError> {
    let named = raw.cve.into_iter().chain(raw.ids.into_iter().map(|id| id.text));
    let mut named: Vec<String> = named.filter(|id| !id.trim().is_empty()).collect();
    if named.is_empty() {
        named.extend(raw.title);
    }
    let vulnerabilities = ids(named, place)?;
    let flags = FirstOfEach::new(raw.flags.iter().map(|flag| &flag.of));
    let threats: Vec<&Words> = raw.threats.iter().filter(|words| words.category == "impact").collect();
    let impacts = FirstOfEach::new(threats.iter().map(|words| &words.of));
    let actions = FirstOfEach::new(raw.remediations.iter().map(|words| &words.of));
    let mut justifications = Vec::with_capacity(raw.flags.len());
    for (number, flag) in raw.flags.iter().enumerate() {
        let known = Justification::of_cisa(&flag.label);
        justifications.push(known.ok_or_else(|| {
            unknown_word(format!("{place}.flags[{number}].label"), &flag.label, &Justification::CISA)
        })?);
    }
    let mut alike: BTreeMap<Alike, Vec<&str>> = BTreeMap::new();
    for (product, status) in statuses(&raw.product_status, place)? {
        let flag = flags.of(product, products).filter(|_| status == Status::NotAffected);
        let threat = impacts.of(product, products).filter(|_| status == Status::NotAffected);
        let action = actions.of(product, products).filter(|_| status == Status::Affected);
        alike.entry((status, flag, threat, action)).or_default().push(product);
    }
    let mut made: Vec<Statement> = Vec::with_capacity(alike.len());
    for ((status, flag, threat, action), named) in alike {
        let mut claims = Vec::new();
        for claim in named.into_iter().flat_map(|product| products.claims(product)) {
            budget.spend_on_claim(&claim, place)?;
            claims.push(claim);
        }
        let details = |words: Option<&&Words>| text(words.map(|words| words.details.clone()));
        let statement = Statement {
            vulnerabilities: vulnerabilities.clone(),
            claims,
            status,
            justification: flag.and_then(|flag| justifications.get(flag).copied()),
            impact: details(threat.and_then(|threat| threats.get(threat))),
            action: text(action.and_then(|action| raw.remediations.get(action)).map(|words| words.details.clone())),
            at: Some(at),
        };
        budget.spend_on_statement(&statement, place)?;
        made.push(statement);
    }
    // Of one time the last counts: the one that hides nothing.
    made.sort_by_key(|statement| !statement.status.hides());
    statements.extend(made);
    Ok(())
}

/// Each product with its one status.
fn statuses<'l>(lists: &'l BTreeMap<String, Vec<String>>, place: &str) -> Result<BTreeMap<&'l str, Status>, VexError> {
    let mut statuses = BTreeMap::new();
    for (list, products) in lists {
        let known = LISTS.iter().find(|(name, _)| name == list);
        let place = format!("{place}.product_status");
        let (_, status) = known.ok_or_else(|| unknown_word(&place, list, &LISTS.map(|(name, _)| name)))?;
        let Some(status) = *status else { continue };
        for product in products {
            let other = statuses.insert(product.as_str(), status).filter(|other| *other != status);
            if let Some(other) = other {
                let product: String = product.chars().take(200).collect();
                return Err(wrong(place, format!("'{product}' is {} and {} at once", other.as_str(), status.as_str())));
            }
        }
    }
    Ok(statuses)
}

/// Of each product the first of a list that speaks of it.
struct FirstOfEach<'p> {
    by_product: HashMap<&'p str, usize>,
    by_group: HashMap<&'p str, usize>,
    of_all: Option<usize>,
}

impl<'p> FirstOfEach<'p> {
    fn new(list: impl Iterator<Item = &'p Of>) -> Self {
        let mut first = Self { by_product: HashMap::new(), by_group: HashMap::new(), of_all: None };
        for (number, of) in list.enumerate() {
            if of.product_ids.is_empty() && of.group_ids.is_empty() {
                first.of_all.get_or_insert(number);
            }
            of.product_ids.iter().for_each(|product| {
                first.by_product.entry(product).or_insert(number);
            });
            of.group_ids.iter().for_each(|group| {
                first.by_group.entry(group).or_insert(number);
            });
        }
        first
    }

    fn of(&self, product: &str, products: &Products) -> Option<usize> {
        let groups = products.groups.get(product).into_iter().flatten();
        let by_group = groups.filter_map(|group| self.by_group.get(group.as_str()));
        by_group.chain(self.by_product.get(product)).copied().min().or(self.of_all)
    }
}

impl Products {
    fn of(tree: Tree) -> Self {
        let mut named = HashMap::new();
        let mut parts = HashMap::new();
        let mut take = |product: FullName| named.insert(product.product_id.clone(), products(product));
        let mut branches = tree.branches;
        while let Some(branch) = branches.pop() {
            branches.extend(branch.branches);
            branch.product.map(&mut take);
        }
        tree.full_product_names.into_iter().for_each(|product| {
            take(product);
        });
        for made in tree.relationships {
            let lies_in = (made.product_reference, made.relates_to_product_reference);
            parts.insert(made.full_product_name.product_id, lies_in);
        }
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for Group { group_id, product_ids } in tree.product_groups {
            for product in product_ids {
                let of_product = groups.entry(product).or_default();
                if of_product.len() < MAX_GROUPS {
                    of_product.push(group_id.clone());
                }
            }
        }
        Self { named, parts, groups }
    }

    /// What a product is: itself, or a part of the outermost that it lies in.
    fn claims(&self, product: &str) -> Vec<Claim> {
        let Some((part, place)) = self.parts.get(product) else {
            let products = self.base(product).into_iter();
            return products.map(|product| Claim { product, subcomponents: Vec::new() }).collect();
        };
        // Parts of parts: the innermost in the outermost.
        let (mut innermost, mut outermost) = (part, place);
        for _ in 0..MAX_DEPTH {
            match (self.parts.get(innermost), self.parts.get(outermost)) {
                (Some((part, _)), _) => innermost = part,
                (None, Some((_, outer))) => outermost = outer,
                (None, None) => break,
            }
        }
        let subcomponents = self.base(innermost);
        let products = self.base(outermost).into_iter();
        products.map(|product| Claim { product, subcomponents: subcomponents.clone() }).collect()
    }

    /// A product that the tree names; one that it does not name means nothing.
    fn base(&self, product: &str) -> Vec<Product> {
        self.named.get(product).cloned().unwrap_or_else(|| vec![Product::read(id(product))])
    }
}

/// The products that a name of the tree may be: by package URL, else by hash, else by what means nothing here.
fn products(named: FullName) -> Vec<Product> {
    let FullName { name, product_identification_helper: known, .. } = named;
    let purls: Vec<Product> =
        known.purl.into_iter().chain(known.purls).take(20).map(|purl| Product::read(id(purl))).collect();
    if !purls.is_empty() {
        return purls;
    }
    let hash = known.hashes.into_iter().flat_map(|hashes| hashes.file_hashes).find(|hash| hash.algorithm == "sha256");
    let text = hash.map(|hash| format!("sha256:{}", hash.value.to_ascii_lowercase()));
    vec![Product::read(id(text.or(known.cpe).unwrap_or(name)))]
}
