//! An organization's VEX documents, and what their statements say.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use plimsoll_store::vex_documents;
use plimsoll_store::views::vex;

use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{HiddenByDocument, VexSourceOf};
use crate::graphql::paging::{Page, Total, Window, cost};
use crate::graphql::tenant::Tenant;

/// A VEX document of an organization: what somebody who knows says of vulnerabilities in its images. Its own alone are judged by it.
pub struct VexDocument {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: vex_documents::VexDocument,
}

/// The formats of VEX.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_vex::Format")]
pub enum VexFormat {
    /// OpenVEX.
    #[graphql(name = "OPENVEX")]
    OpenVex,
    /// CSAF 2.
    Csaf,
    /// CycloneDX.
    #[graphql(name = "CYCLONEDX")]
    CycloneDx,
}

/// What is said of a vulnerability in a product.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_vex::Status")]
pub enum VexStatus {
    /// Nothing needs to be done. Such findings are hidden.
    NotAffected,
    /// Something should be done.
    Affected,
    /// These versions have the fix. Such findings are hidden.
    Fixed,
    /// It is not known yet.
    UnderInvestigation,
}

/// Why something is not affected.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_vex::Justification")]
pub enum VexJustification {
    /// The vulnerable component is not in it.
    ComponentNotPresent,
    /// The component is, without the vulnerable code.
    VulnerableCodeNotPresent,
    /// The vulnerable code is never run.
    VulnerableCodeNotInExecutePath,
    /// It is run, but not as an attacker would need it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something else keeps it from being exploited.
    InlineMitigationsAlreadyExist,
    /// It takes a configuration that is not there.
    RequiresConfiguration,
    /// It takes a dependency that is not there.
    RequiresDependency,
    /// It takes an environment that is not there.
    RequiresEnvironment,
    /// A compiler's flag keeps it from being exploited.
    ProtectedByCompiler,
    /// What watches the running program does.
    ProtectedAtRuntime,
    /// What stands before it does.
    ProtectedAtPerimeter,
}

/// What a statement speaks of.
#[derive(SimpleObject)]
pub struct VexProduct {
    /// The product, as the document names it: most often a package URL.
    product: String,
    /// The packages in it that are meant; the product as a whole where there are none.
    subcomponents: Vec<String>,
}

/// What a VEX document says of a vulnerability in products.
pub struct VexStatement(pub vex::VexStatement);

/// What a VEX document says of a vulnerability in products.
#[Object]
impl VexStatement {
    /// The document's name.
    async fn document(&self) -> &str {
        &self.0.document_name
    }

    /// Who says it, as the document tells; empty where it does not.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// The vulnerability's ids, as they are written.
    async fn vulnerabilities(&self) -> &[String] {
        &self.0.vulnerabilities
    }

    /// Of what it speaks.
    async fn products(&self) -> Vec<VexProduct> {
        let product = |(product, subcomponents): &(String, Vec<String>)| VexProduct {
            product: product.clone(),
            subcomponents: subcomponents.clone(),
        };
        self.0.products.iter().map(product).collect()
    }

    /// What is said.
    async fn status(&self) -> Option<VexStatus> {
        plimsoll_vex::Status::parse(&self.0.status).map(VexStatus::from)
    }

    /// Why it is not affected, where that is said in one of the known words.
    async fn justification(&self) -> Option<VexJustification> {
        self.0.justification.as_deref().and_then(plimsoll_vex::Justification::parse).map(VexJustification::from)
    }

    /// Why it is not affected, in words; may be empty.
    async fn impact(&self) -> &str {
        &self.0.impact
    }

    /// What to do about it, in words; may be empty.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// Since when it is known to be so. Of several statements the latest counts; one without a time is older than any with one.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.0.at
    }
}

/// A VEX document of an organization: what somebody who knows says of vulnerabilities in its images. Its own alone are judged by it.
#[Object]
impl VexDocument {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::VexDocument(self.row.id).encode()
    }

    /// Its own id, or what the organization calls it; unique there.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Its format.
    async fn format(&self) -> Option<VexFormat> {
        plimsoll_vex::Format::parse(&self.row.format).map(VexFormat::from)
    }

    /// Who says it, as it tells; empty where it does not.
    async fn author(&self) -> &str {
        &self.row.author
    }

    /// When it was last changed, as it tells.
    async fn said_at(&self) -> Option<DateTime<Utc>> {
        self.row.said_at
    }

    /// The digest of the image that it is attached to, or of an index of images: it speaks of that image alone. Null where it speaks of every image.
    async fn image_digest(&self) -> Option<&str> {
        self.row.image_digest.as_deref()
    }

    /// The document, as it was saved.
    async fn document(&self) -> Result<String> {
        Ok(self.tenant.load(VexSourceOf(self.row.id)).await?.unwrap_or_default())
    }

    /// How many different statements it has.
    async fn statement_count(&self) -> i32 {
        self.row.statement_count
    }

    /// What it says, in its order.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn statements(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<VexStatement>> {
        let window = Window::<i32>::of("VEX statements", first, after)?;
        let mut tx = self.tenant.tx().await?;
        let rows = vex::page(&mut tx, self.row.id, window.after, window.limit()).await.map_err(of_store)?;
        let count = i64::from(self.row.statement_count);
        let total = Total::new(move || async move { Ok(count) }.boxed());
        window.page(rows.into_iter().map(|row| (row.position, VexStatement(row))), total)
    }

    /// How many open findings it hides now. They follow a change within moments.
    async fn hidden_findings(&self) -> Result<i64> {
        Ok(self.tenant.load(HiddenByDocument(self.row.id)).await?.unwrap_or(0))
    }

    /// When it was first saved.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }
}
