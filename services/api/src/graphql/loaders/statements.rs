//! What sources say of vulnerabilities.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Error, Result};
use plimsoll_store::views::statements::{self, Statement, StatementKey};

use super::{Reads, grouped, together};
use crate::graphql::complaint::of_store;

/// A page of what sources say of a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatementPage {
    /// Of what it is a page.
    pub vulnerability: i64,
    /// After which place.
    pub after: Option<StatementKey>,
    /// How many rows.
    pub limit: i64,
}

/// How many statements there are on a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatementCount(pub i64);

loader!(StatementPage => Vec<Statement>, |tx, keys| {
    let mut pages = HashMap::new();
    for alike in together(keys, |key| (key.after.clone(), key.limit)) {
        let Some(one) = alike.first() else { continue };
        let of: Vec<i64> = alike.iter().map(|key| key.vulnerability).collect();
        let rows = statements::pages(tx, &of, one.after.as_ref(), one.limit).await.map_err(of_store)?;
        let key = |row: &Statement| StatementPage { vulnerability: row.vulnerability, ..one.clone() };
        pages.extend(grouped(rows.into_iter().map(|row| (key(&row), row))));
    }
    Ok(pages)
});

loader!(StatementCount => i64, |tx, keys| {
    let of: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = statements::counts(tx, &of).await.map_err(of_store)?;
    Ok(rows.into_iter().map(|(vulnerability, count)| (StatementCount(vulnerability), count)).collect())
});
