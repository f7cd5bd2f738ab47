//! What is asked of the GraphQL API. The schema is `api-schema/schema.graphql`.

/// Whose key it is.
pub const VIEWER: &str = "query { viewer { organizations { organization { slug } } } }";

/// Where a scan stands.
pub const SCAN: &str = "
query ($slug: String!, $image: String!) {
  organization(slug: $slug) { image(reference: $image) { scan { state error { code message } } } }
}";

/// What an image is.
pub const IMAGE: &str = "
query ($slug: String!, $image: String!) {
  organization(slug: $slug) {
    image(reference: $image) {
      digest
      platform { os architecture variant }
      os { distribution version codename prettyName }
      problems { code layer path detail count }
      layers { index digest diffId size buildStep { index command created } }
    }
  }
}";

/// A page of an image's packages.
pub const PACKAGES: &str = "
query ($slug: String!, $image: String!, $after: String) {
  organization(slug: $slug) {
    image(reference: $image) {
      page: packages(first: 200, after: $after) {
        nodes { path package { name version purl ecosystem unknownReason } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// A page of an image's findings.
pub const FINDINGS: &str = "
query ($slug: String!, $image: String!, $after: String) {
  organization(slug: $slug) {
    image(reference: $image) {
      page: findings(orderBy: URGENCY, first: 200, after: $after) {
        nodes {
          vulnerability { name aliases title isMalware cvss { vector score } }
          severity severitySource
          epss { score percentile }
          knownExploitedSince
          package { name version purl ecosystem type }
          locations { path introducedBy { layer { index diffId } buildStep { command created } } }
          fixedIn state sources
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// A page of an image's findings that VEX statements hide.
pub const HIDDEN: &str = "
query ($slug: String!, $image: String!, $after: String) {
  organization(slug: $slug) {
    image(reference: $image) {
      page: findings(filter: { hidden: true }, orderBy: URGENCY, first: 200, after: $after) {
        nodes {
          vulnerability { name aliases title isMalware cvss { vector score } }
          severity severitySource
          epss { score percentile }
          knownExploitedSince
          package { name version purl ecosystem type }
          locations { path introducedBy { layer { index diffId } buildStep { command created } } }
          fixedIn state sources
          vex { status justification impact document author at }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// A page of what is said of an image's packages that is no finding.
pub const UNCOUNTED: &str = "
query ($slug: String!, $image: String!, $after: String) {
  organization(slug: $slug) {
    image(reference: $image) {
      page: uncountedMatches(first: 200, after: $after) {
        nodes {
          vulnerability { name aliases title isMalware cvss { vector score } }
          severity severitySource
          epss { score percentile }
          knownExploitedSince
          package { name version purl ecosystem type }
          locations { path introducedBy { layer { index diffId } buildStep { command created } } }
          fixedIn state sources
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// What of an image was judged, and what was not.
pub const COVERAGE: &str = "
query ($slug: String!, $image: String!) {
  organization(slug: $slug) {
    image(reference: $image) {
      coverage {
        os { state endedOn until }
        sources { analyser files packages }
        gaps { reason count statement examples }
        limits { reason count statement ecosystem }
        unjudgedChecks { check reason }
        malwareSources { name feed kind checkedAt }
      }
    }
  }
}";

/// A page of what is observed in an image.
pub const OBSERVATIONS: &str = "
query ($slug: String!, $image: String!, $after: String) {
  organization(slug: $slug) {
    image(reference: $image) {
      page: observations(first: 200, after: $after) {
        nodes {
          kind rule references title severity family
          place { subject path line offset name historyStep }
          introducedBy { layer { index } }
          removedIn { index }
          evidence advice
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// How fresh the server's knowledge is.
pub const FEEDS: &str = "query { feeds { name checkedAt } }";

// What an organization keeps as documents is asked for by the same words, whatever it is: `documents`, `document`, `written`.

/// Saves an own advisory.
pub const SAVE_ADVISORY: &str = "
mutation ($document: String!) {
  written: saveAdvisory(document: $document) { document: ownAdvisory { name } userErrors { message } }
}";

/// A page of the organization's own advisories.
pub const ADVISORIES: &str = "
query ($slug: String!, $after: String) {
  organization(slug: $slug) {
    documents: ownAdvisories(first: 200, after: $after) {
      nodes { name aliases title severity openFindings withdrawn }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

/// One own advisory.
pub const ADVISORY: &str = "
query ($slug: String!, $name: String!) {
  organization(slug: $slug) { document: ownAdvisory(name: $name) { id } }
}";

/// Deletes an own advisory.
pub const DELETE_ADVISORY: &str = "
mutation ($id: ID!) {
  written: deleteAdvisory(id: $id) { document: ownAdvisory { name } userErrors { message } }
}";

/// A page of the organization's VEX documents.
pub const VEX_DOCUMENTS: &str = "
query ($slug: String!, $after: String) {
  organization(slug: $slug) {
    documents: vexDocuments(first: 200, after: $after) {
      nodes { name format author imageDigest statementCount hiddenFindings }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

/// One VEX document.
pub const VEX_DOCUMENT: &str = "
query ($slug: String!, $name: String!) {
  organization(slug: $slug) { document: vexDocument(name: $name) { id } }
}";

/// Deletes a VEX document.
pub const DELETE_VEX_DOCUMENT: &str = "
mutation ($id: ID!) {
  written: deleteVexDocument(id: $id) { document: vexDocument { name } userErrors { message } }
}";
