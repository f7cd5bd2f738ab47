//! Findings that open and close, for who watches them.
//!
//! In: the events of the organization ([`plimsoll_broker::listeners`]), of which only the findings' numbers are kept, and its findings
//! as the filter lets them through, read a hundred at a time under its row-level security. Out: those, in the events' order. However slow a
//! client is, no more than that is held for it; what it missed ends the stream with an error.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use async_graphql::{Error, Result};
use chrono::{DateTime, Utc};
use plimsoll_broker::contracts::{FindingEvent, FindingsChangedV1};
use plimsoll_broker::{Listener, News};
use plimsoll_model::ImageId;
use plimsoll_store::views::findings::{self, FindingFilter};

use super::complaint::{complaint, of_store};
use super::tenant::Tenant;
use super::types::{Finding, FindingChange};

/// How many are told at once.
pub const MOST_AT_ONCE: usize = 100;

/// What is kept of an event.
#[derive(Debug)]
pub struct FindingChanges {
    at: DateTime<Utc>,
    findings: Vec<(i64, FindingEvent)>,
}

impl FindingChanges {
    /// What is kept of this one.
    pub fn of(event: FindingsChangedV1) -> Self {
        Self { at: event.at, findings: event.changes.iter().map(|change| (change.finding, change.event)).collect() }
    }
}

/// Somebody who watches findings.
pub struct Watch {
    /// Who, and whose findings.
    pub tenant: Arc<Tenant>,
    /// Which findings.
    pub filter: FindingFilter,
    /// Only in this image.
    pub image: Option<ImageId>,
    /// Only what opened, or what closed.
    pub event: Option<FindingEvent>,
    /// Where they are heard of.
    pub listener: Listener<FindingChanges>,
    /// What was heard and not yet told.
    pub heard: VecDeque<(DateTime<Utc>, i64, FindingEvent)>,
    /// Whether the stream has ended.
    pub is_over: bool,
}

impl Watch {
    /// The next changes: some, at most [`MOST_AT_ONCE`]. After an error, nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<FindingChange>>> {
        while !self.is_over {
            if self.heard.is_empty() {
                match self.listener.next().await {
                    News::Event(event) => {
                        let wanted =
                            event.findings.iter().filter(|(_, what)| self.event.is_none_or(|only| only == *what));
                        self.heard.extend(wanted.map(|(finding, what)| (event.at, *finding, *what)));
                    }
                    News::Missed => {
                        self.is_over = true;
                        return Some(Err(missed()));
                    }
                }
                continue;
            }
            let some: Vec<_> = self.heard.drain(..self.heard.len().min(MOST_AT_ONCE)).collect();
            match self.read(&some).await {
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => return Some(Ok(changes)),
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    async fn read(&self, heard: &[(DateTime<Utc>, i64, FindingEvent)]) -> Result<Vec<FindingChange>> {
        // What was loaded for the last ones is old for these.
        let tenant = self.tenant.anew();
        let ids: Vec<i64> = heard.iter().map(|(_, finding, _)| *finding).collect();
        let rows = findings::among(&mut tenant.tx().await?, &ids, self.image, &self.filter).await.map_err(of_store)?;
        let rows: HashMap<i64, findings::Finding> = rows.into_iter().map(|row| (row.id, row)).collect();
        let change = |(at, id, event): &(DateTime<Utc>, i64, FindingEvent)| {
            let finding = Finding { tenant: Arc::clone(&tenant), row: rows.get(id)?.clone() };
            Some(FindingChange { kind: (*event).into(), at: *at, finding })
        };
        Ok(heard.iter().filter_map(change).collect())
    }
}

fn missed() -> Error {
    complaint("CHANGES_MISSED", "Changes may have been missed. Subscribe again, and then read the findings again.")
}
