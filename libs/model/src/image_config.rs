//! How an image is run: the part of its config that a runtime obeys.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the image config says of running the image, and who made it when (OCI image specification 1.1, `config.md`; Docker's superset).
///
/// What the config leaves out is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ExecutionConfig {
    /// `User`: a name or number, after `:` a group. Empty means root.
    pub user: String,
    /// `Env`: `NAME=value`, in order.
    pub env: Vec<String>,
    /// `Entrypoint`: a program and its arguments.
    pub entrypoint: Vec<String>,
    /// `Cmd`: arguments of the entry point, or a program of its own.
    pub cmd: Vec<String>,
    /// `ExposedPorts`, as written, sorted: `80/tcp`, `53/udp`, `8080`.
    pub exposed_ports: Vec<String>,
    /// `WorkingDir`. Empty means `/`.
    pub working_dir: String,
    /// `Volumes`: paths, sorted.
    pub volumes: Vec<String>,
    /// `Healthcheck.Test`: `NONE`, or `CMD` or `CMD-SHELL` and what follows. `None` where the image says nothing.
    pub healthcheck: Option<Vec<String>>,
    /// `StopSignal`: a name or a number. Empty means `SIGTERM`.
    pub stop_signal: String,
    /// `Labels`.
    pub labels: BTreeMap<String, String>,
    /// `author`, as the deprecated `MAINTAINER` sets it.
    pub author: Option<String>,
    /// `created`. Builds that can be reproduced say 1970 or nothing.
    pub created: Option<DateTime<Utc>>,
}
