//! A whole image judged: the secrets in its config and history, every check, and its operating system's age.

use chrono::{DateTime, Utc};
use plimsoll_model::{ExecutionConfig, Inventory, Observation, ObservationKind, Place};
use plimsoll_secrets::{SecretHit, SecretScanner};

use crate::{CheckOutcome, EndOfLifeTable, HistoryStep, ImageFacts, LayerSize, judge_all};

/// What an image says of itself beside its layers.
#[derive(Debug, Clone, Copy)]
pub struct ImageDescription<'a> {
    /// How it is run.
    pub execution: &'a ExecutionConfig,
    /// The build's steps, oldest first.
    pub history: &'a [HistoryStep<'a>],
}

/// A check that could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unjudged {
    /// Its rule.
    pub check: &'static str,
    /// Why not.
    pub reason: &'static str,
}

/// Adds to the inventory what is wrong with the image as a whole, and takes the secrets out of its build steps. Gives the checks that could
/// not be judged.
pub fn judge_image(
    inventory: &mut Inventory,
    image: &ImageDescription<'_>,
    end_of_life: &EndOfLifeTable,
    now: DateTime<Utc>,
) -> Vec<Unjudged> {
    inventory.observations.extend(secrets_beside_files(inventory, image));
    let secrets: Vec<Observation> =
        inventory.observations.iter().filter(|seen| seen.kind == ObservationKind::Secret).cloned().collect();
    let sizes = inventory.layers.iter().map(|layer| {
        let counted = inventory.layer_bytes.iter().find(|counted| counted.layer == layer.index);
        counted.map_or(LayerSize { bytes: layer.size, hidden_bytes: None }, |counted| LayerSize {
            bytes: counted.bytes,
            hidden_bytes: counted.hidden,
        })
    });
    let facts = ImageFacts {
        execution: image.execution,
        history: image.history,
        packages: Some(&inventory.packages),
        files: Some(&inventory.file_facts),
        layers: &sizes.collect::<Vec<_>>(),
        // Which image is the base differs from organization to organization: who shows them tells its files apart (`checks::OF_THE_BASE`).
        base_layers: None,
        secrets: Some(&secrets),
        now,
    };
    let (mut failed, mut unjudged) = (Vec::new(), Vec::new());
    for (check, outcome) in judge_all(&facts) {
        match outcome {
            CheckOutcome::Passed => {}
            CheckOutcome::Failed(observations) => failed.extend(observations),
            CheckOutcome::NotJudged(reason) => unjudged.push(Unjudged { check: check.rule, reason }),
        }
    }
    let today = now.date_naive();
    failed.extend(inventory.os.as_ref().and_then(|os| end_of_life.observation(os, today)));
    inventory.observations.extend(failed);
    inventory.observations.sort_unstable();
    inventory.observations.dedup();
    redact(inventory);
    unjudged
}

/// Takes the secrets out of the commands of the build steps: whoever sees the image's layers sees them. [`judge_image`] does it too; this is for
/// an inventory that is shown unjudged.
pub fn redact(inventory: &mut Inventory) {
    let scanner = SecretScanner::new();
    for step in inventory.layers.iter_mut().filter_map(|layer| layer.build_step.as_mut()) {
        step.created_by = scanner.redacted_command(&step.created_by);
    }
}

/// The secrets in variables, labels, what is run, and the commands of the build.
fn secrets_beside_files(inventory: &Inventory, image: &ImageDescription<'_>) -> Vec<Observation> {
    let scanner = SecretScanner::new();
    let mut observations = Vec::new();
    for variable in &image.execution.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        let place = || Place::Environment { name: shown(name) };
        observations.extend(scanner.scan_value(name, value).iter().map(|hit| observation(hit, place(), None)));
    }
    for (name, value) in &image.execution.labels {
        let place = || Place::Label { name: shown(name) };
        observations.extend(scanner.scan_value(name, value).iter().map(|hit| observation(hit, place(), None)));
    }
    let execution = image.execution;
    let run = [
        ("config.Entrypoint", execution.entrypoint.as_slice()),
        ("config.Cmd", execution.cmd.as_slice()),
        ("config.Healthcheck", execution.healthcheck.as_deref().unwrap_or_default()),
    ];
    for (field, words) in run {
        let place = || Place::Config { field: field.to_owned() };
        let hits = scanner.scan_command(&words.join(" "));
        observations.extend(hits.iter().map(|hit| observation(hit, place(), None)));
    }
    for step in image.history {
        let made = inventory
            .layers
            .iter()
            .find(|layer| layer.build_step.as_ref().is_some_and(|build_step| build_step.index == step.index));
        let place = || Place::History { step: step.index };
        let layer = made.map(|layer| layer.index);
        observations.extend(scanner.scan_command(step.created_by).iter().map(|hit| observation(hit, place(), layer)));
    }
    observations
}

/// A secret as an observation.
pub fn observation(hit: &SecretHit, place: Place, layer: Option<u32>) -> Observation {
    Observation {
        kind: ObservationKind::Secret,
        rule: hit.rule.id.clone(),
        references: Vec::new(),
        title: hit.rule.title.clone(),
        severity: hit.rule.severity,
        family: None,
        place,
        layer,
        removed_in: None,
        evidence: hit.redacted.clone(),
        advice: hit.rule.advice.clone(),
    }
}

/// A name fit to be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{BuildStep, DiffId, Digest, Layer, LayerBytes, OsRelease, Severity};

    use super::*;

    #[test]
    fn secrets_of_config_and_history_are_found_and_taken_out_of_the_steps() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let command = format!("RUN |1 TOKEN={token} /bin/sh -c make # buildkit");
        let execution = ExecutionConfig { env: vec![format!("GITHUB_TOKEN={token}")], ..ExecutionConfig::default() };
        let history = [
            HistoryStep { index: 0, created_by: "ENV A=b", empty_layer: true },
            HistoryStep { index: 1, created_by: &command, empty_layer: false },
        ];
        let digest = Digest::from_sha256([1; 32]);
        let build_step = Some(BuildStep { index: 1, created_by: command.clone(), created: None });
        let os = OsRelease { id: "debian".into(), version_id: Some("9".into()), codename: None, pretty_name: None };
        let mut inventory = Inventory {
            os: Some(os),
            layers: vec![Layer { index: 0, digest, diff_id: DiffId(digest), size: 1, build_step }],
            ..Inventory::default()
        };
        let image = ImageDescription { execution: &execution, history: &history };
        let now = "2026-11-25T00:00:00Z".parse().unwrap();
        let unjudged = judge_image(&mut inventory, &image, &EndOfLifeTable::bundled(), now);
        let step = inventory.layers[0].build_step.as_ref().unwrap();
        assert!(!step.created_by.contains(&token) && step.created_by.contains("TOKEN="), "{}", step.created_by);
        assert!(!serde_json::to_string(&inventory.observations).unwrap().contains(&token));
        let rules: Vec<(&str, &Place, Option<u32>)> =
            inventory.observations.iter().map(|seen| (seen.rule.as_str(), &seen.place, seen.layer)).collect();
        let name = || "GITHUB_TOKEN".to_owned();
        for expected in [
            ("github-token", &Place::Environment { name: name() }, None),
            ("github-token", &Place::History { step: 1 }, Some(0)),
            ("os-end-of-life", &Place::Image, None),
        ] {
            assert!(rules.contains(&expected), "{expected:?} is not in {rules:?}");
        }
        assert!(
            rules.iter().any(|(rule, ..)| *rule == "root-user") && rules.iter().any(|(rule, ..)| *rule == "secrets")
        );
        assert!(inventory.observations.iter().all(|seen| seen.severity > Severity::Unknown && !seen.advice.is_empty()));
        assert!(unjudged.iter().any(|unjudged| unjudged.check == "content-trust"));
    }

    #[test]
    fn secrets_of_what_is_run_are_found_where_they_are_set() {
        let password = "Xk7pQ2vR9sT4wZ8mN3bL6cF1";
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let health = format!("curl -fsS -u me:{password} localhost");
        let execution = ExecutionConfig {
            entrypoint: words(&["/app", "--password", password]),
            cmd: words(&["serve", &format!("--api-key={password}"), "postgres://app:hunter22@db/app"]),
            healthcheck: Some(words(&["CMD-SHELL", &health])),
            ..ExecutionConfig::default()
        };
        // As builders write it into the history, with and without commas.
        let steps = [
            format!("ENTRYPOINT [\"/app\" \"--password\" \"{password}\"]"),
            format!("/bin/sh -c #(nop)  CMD [\"serve\",\"--password\", \"{password}\"]"),
        ];
        let digest = Digest::from_sha256([1; 32]);
        let layer = |(index, command): (u32, &String)| Layer {
            index,
            digest,
            diff_id: DiffId(digest),
            size: 1,
            build_step: Some(BuildStep { index, created_by: command.clone(), created: None }),
        };
        let mut inventory = Inventory { layers: (0..).zip(&steps).map(layer).collect(), ..Inventory::default() };
        let history: Vec<_> = (0..)
            .zip(&steps)
            .map(|(index, command)| HistoryStep { index, created_by: command, empty_layer: false })
            .collect();
        let image = ImageDescription { execution: &execution, history: &history };
        judge_image(&mut inventory, &image, &EndOfLifeTable::bundled(), "2026-11-25T00:00:00Z".parse().unwrap());
        let secrets = inventory.observations.iter().filter(|seen| seen.kind == ObservationKind::Secret);
        let mut found: Vec<(String, &str)> = secrets
            .map(|seen| match &seen.place {
                Place::Config { field } => (field.clone(), seen.rule.as_str()),
                Place::History { step } => (step.to_string(), seen.rule.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        found.sort_unstable();
        let expected = [
            ("0", "password-assignment"),
            ("1", "password-assignment"),
            ("config.Cmd", "database-url"),
            ("config.Cmd", "secret-assignment"),
            ("config.Entrypoint", "password-assignment"),
            ("config.Healthcheck", "curl-password"),
        ];
        assert_eq!(found, expected.map(|(place, rule)| (place.to_owned(), rule)));
        let shown = serde_json::to_string(&inventory).unwrap();
        assert!(!shown.contains(password) && !shown.contains("hunter22"), "{shown}");
    }

    #[test]
    fn hidden_bytes_are_judged_where_they_were_counted() {
        let digest = Digest::from_sha256([1; 32]);
        let layer = |index| Layer { index, digest, diff_id: DiffId(digest), size: 1, build_step: None };
        let judged = |layer_bytes: Vec<LayerBytes>| {
            let mut inventory = Inventory { layers: vec![layer(0), layer(1)], layer_bytes, ..Inventory::default() };
            let execution = ExecutionConfig::default();
            let image = ImageDescription { execution: &execution, history: &[] };
            let now = "2026-11-25T00:00:00Z".parse().unwrap();
            let unjudged = judge_image(&mut inventory, &image, &EndOfLifeTable::bundled(), now);
            let is_judged = !unjudged.iter().any(|unjudged| unjudged.check == "hidden-bytes");
            (is_judged, inventory.observations.iter().any(|seen| seen.rule == "hidden-bytes"))
        };
        let counted = |layer, bytes, hidden| LayerBytes { layer, bytes, hidden };
        assert_eq!(judged(vec![]), (false, false));
        assert_eq!(judged(vec![counted(0, 100, Some(60)), counted(1, 100, Some(0))]), (true, true));
        assert_eq!(judged(vec![counted(0, 100, Some(10)), counted(1, 100, Some(0))]), (true, false));
        assert_eq!(judged(vec![counted(0, 100, Some(60)), counted(1, 100, None)]), (false, false));
    }
}
