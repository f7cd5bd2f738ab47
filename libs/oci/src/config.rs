//! The image config: platform, labels, how it is run, diffIDs and build history.
//!
//! In: the config blob's bytes. Out: [`ImageConfig`]. Source: OCI image specification 1.1, `config.md`; Docker's configs are a
//! superset. What is missing or null is empty: only a document of another shape is refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_model::{BuildStep, DiffId, ExecutionConfig};
use serde::Deserialize;
use serde_json::Value;

use crate::{Platform, limits};

/// Why bytes are not an image config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More than [`limits::CONFIG_BYTES`].
    #[error("an image config of {0} bytes is past the limit of {limit} bytes", limit = limits::CONFIG_BYTES)]
    TooLarge(u64),
    /// Not JSON of a config's shape.
    #[error("the image config does not parse: {0}")]
    Malformed(String),
}

/// What we read of an image's config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `linux`, `windows`; empty where the config does not say.
    pub os: String,
    /// `amd64`, `arm64`; empty where the config does not say.
    pub architecture: String,
    /// The processor's version: `v7`, `v8`.
    pub variant: Option<String>,
    /// When the image was made. Builds that can be reproduced say 1970 or nothing.
    pub created: Option<DateTime<Utc>>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The digests of the uncompressed layers, lowest first.
    pub diff_ids: Vec<DiffId>,
    /// The build's steps, oldest first, those that made no layer included.
    pub history: Vec<HistoryEntry>,
    /// How it is run, for checks: the user, ports, commands. Its labels and time are the ones above.
    pub execution: ExecutionConfig,
}

/// A step of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it ran.
    pub created: Option<DateTime<Utc>>,
    /// The command; may be empty.
    pub created_by: String,
    /// Whether it made no layer (`ENV`, `CMD`).
    pub empty_layer: bool,
}

impl ImageConfig {
    /// Reads a config.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() as u64 > limits::CONFIG_BYTES {
            return Err(ConfigError::TooLarge(bytes.len() as u64));
        }
        // serde reads a struct from an array too, field by field.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(ConfigError::Malformed("it is not a JSON object".into()));
        }
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| ConfigError::Malformed(error.to_string().chars().take(300).collect()))?;
        let execution = execution(document.config.unwrap_or_default(), document.author, document.created.as_ref());
        Ok(Self {
            os: document.os.unwrap_or_default(),
            architecture: document.architecture.unwrap_or_default(),
            variant: document.variant.filter(|variant| !variant.is_empty()),
            created: execution.created,
            labels: execution.labels.clone(),
            diff_ids: document.rootfs.and_then(|rootfs| rootfs.diff_ids).unwrap_or_default(),
            history: document.history.unwrap_or_default().into_iter().map(HistoryEntry::from).collect(),
            execution,
        })
    }

    /// The platform, where the config says both parts.
    pub fn platform(&self) -> Option<Platform> {
        (!self.os.is_empty() && !self.architecture.is_empty()).then(|| Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            os_version: None,
        })
    }
}

/// The step that made each of `layer_count` layers, lowest first.
///
/// Steps that made no layer are passed over, but count in [`BuildStep::index`]. Where the history is shorter than the layers, the rest is
/// `None`; where it is longer, its end is not used. `layer_count` is bounded by [`limits::LAYERS`] in any manifest that was parsed.
pub fn build_steps(history: &[HistoryEntry], layer_count: usize) -> Vec<Option<BuildStep>> {
    let mut steps = history
        .iter()
        .zip(0u32..)
        .filter(|(entry, _)| !entry.empty_layer)
        .map(|(entry, index)| BuildStep { index, created_by: entry.created_by.clone(), created: entry.created });
    std::iter::repeat_with(|| steps.next()).take(layer_count).collect()
}

#[derive(Deserialize)]
struct Document {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Option<Value>,
    author: Option<Value>,
    config: Option<Execution>,
    rootfs: Option<RootFs>,
    history: Option<Vec<Step>>,
}

/// Each field is any JSON: one of another shape than it should have must not keep the image from being looked at.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Execution {
    labels: Option<BTreeMap<String, Value>>,
    user: Value,
    env: Value,
    entrypoint: Value,
    cmd: Value,
    exposed_ports: Value,
    working_dir: Value,
    volumes: Value,
    healthcheck: Value,
    stop_signal: Value,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<DiffId>>,
}

#[derive(Deserialize)]
struct Step {
    created: Option<Value>,
    created_by: Option<String>,
    empty_layer: Option<bool>,
}

impl From<Step> for HistoryEntry {
    fn from(step: Step) -> Self {
        Self {
            created: step.created.as_ref().and_then(time),
            created_by: step.created_by.unwrap_or_default(),
            empty_layer: step.empty_layer.unwrap_or(false),
        }
    }
}

fn execution(config: Execution, author: Option<Value>, created: Option<&Value>) -> ExecutionConfig {
    let labels = config.labels.unwrap_or_default();
    ExecutionConfig {
        user: text(config.user),
        env: texts(config.env),
        entrypoint: texts(config.entrypoint),
        cmd: texts(config.cmd),
        exposed_ports: names(config.exposed_ports),
        working_dir: text(config.working_dir),
        volumes: names(config.volumes),
        healthcheck: match config.healthcheck {
            Value::Object(mut check) => check.remove("Test").map(texts).filter(|test| !test.is_empty()),
            _ => None,
        },
        stop_signal: text(config.stop_signal),
        labels: labels.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect(),
        author: author.map(text).filter(|author| !author.is_empty()),
        created: created.and_then(time),
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A list of texts; old clients wrote a lone text for a list of one.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => {
            values.into_iter().filter(|value| value.is_string() || value.is_number()).map(text).collect()
        }
        Value::String(text) => vec![text],
        _ => Vec::new(),
    }
}

/// A set, which the specification writes as an object with empty values; some builders write a list.
fn names(value: Value) -> Vec<String> {
    let mut names = match value {
        Value::Object(set) => set.into_iter().map(|(name, _)| name).collect(),
        other => texts(other),
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// A time that cannot be read is no reason to refuse an image.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(pattern: &str) -> Vec<HistoryEntry> {
        let entry =
            |c: char| HistoryEntry { created_by: c.to_string(), empty_layer: c.is_uppercase(), ..Default::default() };
        pattern.chars().map(entry).collect()
    }

    #[test]
    fn each_layer_gets_the_step_that_made_it() {
        #[rustfmt::skip]
        let table = [
            ("ab", 2, vec![Some((0, "a")), Some((1, "b"))]),
            ("aEbC", 2, vec![Some((0, "a")), Some((2, "b"))]),
            ("EEa", 1, vec![Some((2, "a"))]),
            ("a", 3, vec![Some((0, "a")), None, None]),
            ("abc", 1, vec![Some((0, "a"))]),
            ("", 2, vec![None, None]), ("EE", 1, vec![None]), ("abc", 0, vec![]), ("", 0, vec![]),
        ];
        for (pattern, layers, expected) in table {
            let steps = build_steps(&history(pattern), layers);
            let steps: Vec<_> =
                steps.iter().map(|step| step.as_ref().map(|s| (s.index, s.created_by.as_str()))).collect();
            assert_eq!(steps, expected, "{pattern} {layers}");
        }
    }

    #[test]
    fn a_config_is_read_leniently() {
        let diff_id = format!("sha256:{}", "b".repeat(64));
        let text = serde_json::json!({
            "os": "linux", "architecture": "arm", "variant": "v7", "created": "2024-01-02T03:04:05.678901234+01:00", "unknown": [1],
            "config": { "Labels": { "a": "b", "odd": 3 }, "Env": null }, "rootfs": { "type": "layers", "diff_ids": [diff_id] },
            "history": [{ "created": "not a time", "created_by": "RUN x" }, { "empty_layer": true }],
        });
        let config = ImageConfig::parse(text.to_string().as_bytes()).unwrap();
        assert_eq!(config.platform().unwrap().to_string(), "linux/arm/v7");
        assert_eq!(config.created.unwrap().to_rfc3339(), "2024-01-02T02:04:05.678901234+00:00");
        assert_eq!(config.labels, BTreeMap::from([("a".into(), "b".into())]));
        assert_eq!(config.diff_ids.len(), 1);
        assert_eq!(config.history.iter().map(|h| h.empty_layer).collect::<Vec<_>>(), [false, true]);
        for empty in [
            "{}",
            r#"{"config":null,"rootfs":null,"history":null,"created":null}"#,
            r#"{"config":{"Labels":null},"rootfs":{}}"#,
        ] {
            assert_eq!(ImageConfig::parse(empty.as_bytes()).unwrap(), ImageConfig::default(), "{empty}");
        }
    }

    #[test]
    fn what_a_runtime_obeys_is_read() {
        let text = serde_json::json!({
            "author": "me", "created": "2024-01-02T03:04:05Z",
            "config": {
                "User": "app:app", "Env": ["A=b", "PATH=/bin"], "Entrypoint": ["/app"], "Cmd": null, "WorkingDir": "/srv",
                "ExposedPorts": { "80/tcp": {}, "53/udp": {} }, "Volumes": { "/data": {} }, "StopSignal": "SIGQUIT",
                "Healthcheck": { "Test": ["CMD", "/up"], "Interval": 3 }, "Labels": { "a": "b" },
            },
        });
        let execution = ImageConfig::parse(text.to_string().as_bytes()).unwrap().execution;
        let expected = ExecutionConfig {
            user: "app:app".into(),
            env: vec!["A=b".into(), "PATH=/bin".into()],
            entrypoint: vec!["/app".into()],
            cmd: vec![],
            exposed_ports: vec!["53/udp".into(), "80/tcp".into()],
            working_dir: "/srv".into(),
            volumes: vec!["/data".into()],
            healthcheck: Some(vec!["CMD".into(), "/up".into()]),
            stop_signal: "SIGQUIT".into(),
            labels: BTreeMap::from([("a".into(), "b".into())]),
            author: Some("me".into()),
            created: DateTime::from_timestamp(1_704_164_645, 0),
        };
        assert_eq!(execution, expected);
    }

    #[test]
    fn fields_of_another_shape_do_not_keep_an_image_from_being_looked_at() {
        let odd = r#"{"author":{},"config":{"User":1000,"Env":{"A":"b"},"Entrypoint":"/app run","Cmd":[1,null,["x"],"y"],
            "ExposedPorts":["80/tcp",80,"80/tcp"],"WorkingDir":[],"Volumes":7,"Healthcheck":["CMD"],"StopSignal":9}}"#;
        let execution = ImageConfig::parse(odd.as_bytes()).unwrap().execution;
        let expected = ExecutionConfig {
            user: "1000".into(),
            entrypoint: vec!["/app run".into()],
            cmd: vec!["1".into(), "y".into()],
            exposed_ports: vec!["80".into(), "80/tcp".into()],
            stop_signal: "9".into(),
            ..Default::default()
        };
        assert_eq!(execution, expected);
        for none in [r#"{"Test":null}"#, r#"{"Test":[]}"#, "{}", "null"] {
            let text = format!(r#"{{"config":{{"Healthcheck":{none}}}}}"#);
            assert_eq!(ImageConfig::parse(text.as_bytes()).unwrap().execution.healthcheck, None, "{none}");
        }
    }

    #[test]
    fn what_is_no_config_is_an_error() {
        let large = format!("{{\"x\":\"{}\"}}", "y".repeat(8 << 20));
        assert!(matches!(ImageConfig::parse(large.as_bytes()), Err(ConfigError::TooLarge(_))));
        for bad in ["", "[]", "null", r#"{"rootfs":{"diff_ids":["sha256:x"]}}"#, r#"{"history":7}"#] {
            assert!(matches!(ImageConfig::parse(bad.as_bytes()), Err(ConfigError::Malformed(_))), "{bad}");
        }
    }
}
