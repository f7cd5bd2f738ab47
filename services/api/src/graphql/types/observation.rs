//! What is wrong in an image without an advisory: malware, secrets, misconfiguration, an operating system past its end of life.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, Object, Result, SimpleObject};
use futures::FutureExt as _;
use plimsoll_model::{ImageId, Place};
use plimsoll_store::views::observations::{self, ObservationFilter};

use super::layer::{Introduction, Layer};
use super::words::Severity;
use crate::graphql::loaders::{BaseOf, LayersOf, ObservationCount, ObservationPage};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// The kinds of observations.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_model::ObservationKind")]
pub enum ObservationKind {
    /// A rule or a known hash says that a file is malicious.
    Malware,
    /// Something that lets its reader in somewhere.
    Secret,
    /// A check of the image's configuration, history or files fails.
    Misconfiguration,
    /// The operating system's vendor no longer mends it.
    EndOfLife,
}

/// In what of an image something was observed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservationSubject {
    /// In a file.
    File,
    /// In an environment variable of the config.
    Environment,
    /// In a label of the config.
    Label,
    /// In a step of the build history.
    History,
    /// In another field of the config.
    Config,
    /// In the image as a whole.
    Image,
}

/// Where in an image something was observed.
#[derive(SimpleObject)]
pub struct ObservationPlace {
    /// In what.
    subject: ObservationSubject,
    /// The file, without a leading slash; within an archive, `archive!/path/in/it`. Null where it is in no file.
    path: Option<String>,
    /// The line in the file, from 1, where it has lines.
    line: Option<u32>,
    /// Bytes from the beginning of the file; of the innermost, within an archive.
    offset: Option<u64>,
    /// The variable's, label's or field's name, where it is in one.
    name: Option<String>,
    /// The position among all history entries, where it is in one.
    history_step: Option<u32>,
}

impl From<&Place> for ObservationPlace {
    fn from(place: &Place) -> Self {
        let nowhere = |subject| Self { subject, path: None, line: None, offset: None, name: None, history_step: None };
        match place {
            Place::File { path, line, offset } => {
                Self { path: Some(path.clone()), line: *line, offset: *offset, ..nowhere(ObservationSubject::File) }
            }
            Place::Environment { name } => {
                Self { name: Some(name.clone()), ..nowhere(ObservationSubject::Environment) }
            }
            Place::Label { name } => Self { name: Some(name.clone()), ..nowhere(ObservationSubject::Label) },
            Place::History { step } => Self { history_step: Some(*step), ..nowhere(ObservationSubject::History) },
            Place::Config { field } => Self { name: Some(field.clone()), ..nowhere(ObservationSubject::Config) },
            Place::Image => nowhere(ObservationSubject::Image),
        }
    }
}

/// Something in an image that is wrong without any advisory saying so.
pub struct Observation {
    tenant: Arc<Tenant>,
    row: observations::Observation,
}

/// Something in an image that is wrong without any advisory saying so. No secret is in it: what was seen is redacted.
#[Object]
impl Observation {
    /// Which kind.
    async fn kind(&self) -> Option<ObservationKind> {
        plimsoll_model::ObservationKind::parse(&self.row.kind).map(Into::into)
    }

    /// The rule's or check's short name, never changed: `aws-access-key`, `root-user`.
    async fn rule(&self) -> &str {
        &self.row.rule
    }

    /// What others call it: `CIS-DI-4.1`, `DS002`, `DL3002`; a YARA rule's set.
    async fn references(&self) -> &[String] {
        &self.row.references
    }

    /// What it is, in a few words.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// How bad.
    async fn severity(&self) -> Severity {
        Severity::of_rank(self.row.severity)
    }

    /// The malware's family, where one is known.
    async fn family(&self) -> Option<&str> {
        self.row.family.as_deref()
    }

    /// Where.
    async fn place(&self) -> ObservationPlace {
        ObservationPlace::from(&self.row.place.0)
    }

    /// The layer and build step that brought it; null where no layer did.
    async fn introduced_by(&self) -> Result<Option<Introduction>> {
        let Some(position) = self.row.layer else { return Ok(None) };
        let layers = self.tenant.load(LayersOf(self.row.image)).await?;
        Ok(layers.and_then(|layers| Introduction::by(&layers, position)))
    }

    /// The layer that deletes or replaces the file again. What runs does not see the file then; whoever pulls the image still has it.
    async fn removed_in(&self) -> Result<Option<Layer>> {
        let Some(position) = self.row.removed_in else { return Ok(None) };
        let layers = self.tenant.load(LayersOf(self.row.image)).await?;
        Ok(layers.and_then(|layers| layers.iter().find(|layer| layer.position == position).map(Layer::from)))
    }

    /// Whether the base image brought it; null where the base is not known, or no layer brought it.
    async fn is_from_base_image(&self) -> Result<Option<bool>> {
        let Some(layer) = self.row.layer else { return Ok(None) };
        let base = self.tenant.load(BaseOf(self.row.image)).await?;
        Ok(base.map(|base| layer < base.layers))
    }

    /// What was seen, redacted.
    async fn evidence(&self) -> &str {
        &self.row.evidence
    }

    /// What to do about it.
    async fn advice(&self) -> &str {
        &self.row.advice
    }
}

/// Which observations of an image; what is not given does not matter.
#[derive(InputObject, Default)]
pub struct ObservationFilterInput {
    /// Of these kinds.
    kinds: Option<Vec<ObservationKind>>,
    /// At least as severe.
    min_severity: Option<Severity>,
    /// By this rule or check.
    rule: Option<String>,
    /// Whether it is in a file that a later layer deletes.
    is_removed: Option<bool>,
    /// Brought by the image's base, or by what is built on it: as `isFromBaseImage` says. What it says nothing of is neither.
    from_base_image: Option<bool>,
}

/// The observations of an image, the most severe first.
pub async fn of_image(
    tenant: &Arc<Tenant>,
    image: ImageId,
    filter: Option<ObservationFilterInput>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Observation>> {
    let filter = filter.unwrap_or_default();
    let word = |kind: ObservationKind| plimsoll_model::ObservationKind::from(kind).as_str().to_owned();
    let filter = ObservationFilter {
        kinds: filter.kinds.map(|kinds| kinds.into_iter().map(word).collect()),
        min_severity: filter.min_severity.map(Into::into),
        rule: filter.rule,
        is_removed: filter.is_removed,
        is_from_base: filter.from_base_image,
    };
    let window = Window::of("observations", first, after)?;
    let key = ObservationPage { image, filter: filter.clone(), after: window.after, limit: window.limit() };
    let rows = tenant.load(key).await?.unwrap_or_default();
    let total = {
        let tenant = Arc::clone(tenant);
        Total::new(move || {
            let (tenant, key) = (Arc::clone(&tenant), ObservationCount { image, filter: filter.clone() });
            async move { Ok(tenant.load(key).await?.unwrap_or(0)) }.boxed()
        })
    };
    window.page(rows.into_iter().map(|row| (row.place_in_list, Observation { tenant: Arc::clone(tenant), row })), total)
}
