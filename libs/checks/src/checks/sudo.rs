//! Programs that make root of anyone.

use plimsoll_model::{Observation, Place, Severity};

use crate::check::{Check, CheckOutcome, Image};

pub(super) const SUDO: Check = Check {
    rule: "sudo",
    references: &["DS010", "DL3004"],
    title: "sudo is used or installed",
    severity: Severity::Medium,
    looks_at: "history, inventory",
    fails_when: "a step runs sudo or doas, or a package of them is installed",
    advice: "Run steps as root before USER, and leave sudo out of the image.",
    judge,
};

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let used = image.history.runs().filter_map(|(step, commands)| {
        let uses = commands.iter().any(|command| command.program() == "sudo");
        uses.then(|| check.observe_step(step, "a step runs sudo"))
    });
    let packages = image.facts.packages.unwrap_or_default();
    let installed = packages.iter().filter_map(|installed| {
        let name = installed.package.name.as_str();
        let is_sudo =
            installed.package.kind.is_distribution() && matches!(name, "sudo" | "sudo-rs" | "doas" | "opendoas");
        is_sudo.then(|| Observation {
            layer: Some(installed.layer),
            ..check.observe(Place::Image, format!("the package {name} is installed"))
        })
    });
    match check.outcome_of_history(image, used.chain(installed).collect()) {
        CheckOutcome::Passed if image.facts.packages.is_none() => {
            CheckOutcome::NotJudged("the image's packages were not read")
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{Sample, assert_steps, assert_verdicts};

    #[test]
    fn sudo_is_neither_used_nor_installed() {
        assert_steps(
            "sudo",
            &[
                ("RUN /bin/sh -c sudo apt-get update", "a step runs sudo"),
                ("RUN /bin/sh -c sudo -u app id; doas id", "a step runs sudo"),
                ("RUN /bin/sh -c echo sudo", "passed"),
                ("RUN /bin/sh -c chmod u-s /usr/bin/sudo", "passed"),
            ],
        );
        assert_verdicts(
            "sudo",
            vec![
                ("installed", Sample::packages(&["sudo", "sudo-ldap-doc"]), "the package sudo is installed"),
                ("not read", Sample { packages: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
