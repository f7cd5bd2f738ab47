//! How build steps install packages.

use plimsoll_model::Severity;

use crate::{
    check::{Check, CheckOutcome, Image},
    shell::Command,
};

pub(super) const UPDATE_ALONE: Check = Check {
    rule: "update-alone",
    references: &["CIS-DI-4.7", "DS017", "DL3009"],
    title: "Package lists are fetched in a step of their own",
    severity: Severity::Low,
    looks_at: "history",
    fails_when: "`apt-get update`, `apk update`, `yum update` or the like, and no install in the same step",
    advice: "Fetch lists and install in one RUN: a cached step with old lists keeps new fixes out.",
    judge: update_alone,
};

pub(super) const DIST_UPGRADE: Check = Check {
    rule: "dist-upgrade",
    references: &["DS020", "DS024", "DL3005"],
    title: "The whole distribution is upgraded in the build",
    severity: Severity::Low,
    looks_at: "history",
    fails_when: "`dist-upgrade`, `full-upgrade`, `do-release-upgrade`, `zypper dup`",
    advice: "Build on a newer base image instead.",
    judge: dist_upgrade,
};

pub(super) const INTERACTIVE_INSTALL: Check = Check {
    rule: "interactive-install",
    references: &["DS021", "DL3014"],
    title: "An install asks for confirmation",
    severity: Severity::Negligible,
    looks_at: "history",
    fails_when: "`apt-get install`, `yum install` or `zypper install` without a yes",
    advice: "Add -y (zypper: --non-interactive).",
    judge: interactive_install,
};

pub(super) const RECOMMENDED_PACKAGES: Check = Check {
    rule: "recommended-packages",
    references: &["DS029", "DL3015"],
    title: "Recommended packages are installed too",
    severity: Severity::Negligible,
    looks_at: "history",
    fails_when: "`apt-get install` without `--no-install-recommends`",
    advice: "Add --no-install-recommends and name what is needed.",
    judge: recommended_packages,
};

const APT: &[&str] = &["apt-get", "apt", "aptitude"];
const YUM: &[&str] = &["yum", "dnf", "dnf5", "microdnf", "tdnf"];

/// Programs, the words that fetch lists, the words that then use them.
const MANAGERS: &[(&[&str], &[&str], &[&str])] = &[
    (
        APT,
        &["update"],
        &[
            "install",
            "upgrade",
            "dist-upgrade",
            "full-upgrade",
            "safe-upgrade",
            "build-dep",
            "download",
            "source",
            "satisfy",
        ],
    ),
    (&["apk"], &["update"], &["add", "upgrade", "fetch"]),
    (
        YUM,
        &["update", "makecache", "check-update"],
        &["install", "localinstall", "groupinstall", "reinstall", "builddep", "group", "module"],
    ),
    (&["zypper"], &["refresh", "ref", "update", "up"], &["install", "in", "dup", "dist-upgrade", "patch"]),
];

fn update_alone(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let found = image.history.runs().filter_map(|(step, commands)| {
        let (program, word) = commands.iter().find_map(|command| {
            let program = command.program();
            let (programs, updates, uses) = MANAGERS.iter().find(|(programs, ..)| programs.contains(&program))?;
            let word = updates.iter().find(|word| command.has(&[word]))?;
            let used = commands.iter().any(|other| programs.contains(&other.program()) && other.has(uses));
            (!used).then_some((program, word))
        })?;
        Some(check.observe_step(step, format!("{program} {word}, and no install after it")))
    });
    check.outcome_of_history(image, found.collect())
}

fn dist_upgrade(check: &Check, image: &Image<'_>) -> CheckOutcome {
    of_commands(check, image, |command| {
        let program = command.program();
        let word = match program {
            "do-release-upgrade" => return Some(program.to_owned()),
            "zypper" => ["dup", "dist-upgrade"].into_iter().find(|word| command.has(&[word])),
            _ if APT.contains(&program) => {
                ["dist-upgrade", "full-upgrade"].into_iter().find(|word| command.has(&[word]))
            }
            _ => None,
        };
        word.map(|word| format!("{program} {word}"))
    })
}

fn interactive_install(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let found = image.history.runs().flat_map(|(step, commands)| {
        let mut answered = false;
        commands.iter().filter_map(move |command| {
            let is_answered = std::mem::replace(
                &mut answered,
                command.is_piped && matches!(command.program(), "yes" | "echo" | "printf"),
            );
            let asks = asks(command)? && !is_answered;
            asks.then(|| check.observe_step(step, format!("{} install without a yes", command.program())))
        })
    });
    check.outcome_of_history(image, found.collect())
}

/// Whether an install would ask; `None` of any other command.
fn asks(command: &Command) -> Option<bool> {
    let program = command.program();
    let arguments = command.arguments();
    let installs = |words: &[&str]| arguments.iter().any(|argument| words.contains(&argument.as_str()));
    if APT.contains(&program) {
        let says_yes = arguments.iter().any(|argument| {
            matches!(argument.as_str(), "--yes" | "--assume-yes" | "--force-yes" | "--quiet=2" | "-q=2")
                || argument.to_ascii_lowercase().contains("assume-yes=")
                || cluster(argument).is_some_and(|flags| flags.contains('y') || flags.matches('q').count() > 1)
        });
        let quiet = arguments.iter().filter(|argument| matches!(argument.as_str(), "-q" | "--quiet")).count();
        return installs(&["install"]).then_some(!says_yes && quiet < 2 && !is_dry(command));
    }
    if YUM.contains(&program) {
        let says_yes = arguments.iter().any(|argument| {
            matches!(argument.as_str(), "--assumeyes" | "--setopt=assumeyes=1" | "--setopt=assumeyes=True")
                || cluster(argument).is_some_and(|flags| flags.contains('y'))
        });
        return installs(&["install", "localinstall", "groupinstall"]).then_some(!says_yes && program != "microdnf");
    }
    (program == "zypper" && installs(&["install", "in"])).then(|| {
        !arguments.iter().any(|argument| {
            matches!(argument.as_str(), "--non-interactive" | "--no-confirm")
                || cluster(argument).is_some_and(|flags| flags.contains(['n', 'y']))
        })
    })
}

fn recommended_packages(check: &Check, image: &Image<'_>) -> CheckOutcome {
    of_commands(check, image, |command| {
        let program = command.program();
        if !APT.contains(&program) || !command.has(&["install"]) || is_dry(command) {
            return None;
        }
        let without = command.arguments().iter().any(|argument| {
            let argument = argument.to_ascii_lowercase();
            argument.starts_with("--no-install-recommends")
                || argument == "--without-recommends"
                || argument.contains("install-recommends=false")
                || argument.contains("install-recommends=0")
                || (program == "aptitude" && argument == "-r")
        });
        (!without).then(|| format!("{program} install without --no-install-recommends"))
    })
}

fn is_dry(command: &Command) -> bool {
    command.has(&["-s", "--simulate", "--dry-run", "--download-only", "--print-uris"])
}

/// The letters of `-qy`.
fn cluster(argument: &str) -> Option<&str> {
    argument.strip_prefix('-').filter(|flags| !flags.is_empty() && flags.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// One observation for each different thing that a step's commands show.
pub(super) fn of_commands(
    check: &Check,
    image: &Image<'_>,
    evidence: impl Fn(&Command) -> Option<String>,
) -> CheckOutcome {
    let mut found = Vec::new();
    for (step, commands) in image.history.runs() {
        let mut seen: Vec<_> = commands.iter().filter_map(&evidence).collect();
        seen.sort_unstable();
        seen.dedup();
        if !seen.is_empty() {
            found.push(check.observe_step(step, seen.join("; ")));
        }
    }
    check.outcome_of_history(image, found)
}

#[cfg(test)]
mod tests {
    use crate::sample::{Sample, assert_steps, assert_verdicts};

    #[test]
    fn lists_are_fetched_where_they_are_used() {
        assert_steps(
            "update-alone",
            &[
                ("RUN /bin/sh -c apt-get update # buildkit", "apt-get update, and no install after it"),
                ("/bin/sh -c apt-get -qq update", "apt-get update, and no install after it"),
                ("RUN /bin/sh -c apk update", "apk update, and no install after it"),
                ("RUN /bin/sh -c yum -y update", "yum update, and no install after it"),
                ("RUN /bin/sh -c apt-get update && apt-get install -y curl", "passed"),
                ("RUN /bin/sh -c apt-get update && apt-get upgrade -y", "passed"),
                ("RUN /bin/sh -c apt-get update\napt install -y curl", "passed"),
                ("RUN /bin/sh -c yum update -y && yum install -y curl", "passed"),
                ("RUN /bin/sh -c apk update && apk add curl", "passed"),
                ("RUN /bin/sh -c apt-get update && apk add curl", "apt-get update, and no install after it"),
                ("RUN /bin/sh -c echo apt-get update", "passed"),
                ("CMD apt-get update", "passed"),
            ],
        );
        let split = Sample::history(&["RUN /bin/sh -c apt-get update", "RUN /bin/sh -c apt-get install -y curl"]);
        let observations = split.observations("update-alone");
        assert_eq!((observations.len(), observations[0].layer), (1, Some(0)));
        assert_verdicts("update-alone", vec![("none", Sample { history: vec![], ..Sample::default() }, "not judged")]);
    }

    #[test]
    fn the_base_image_is_what_upgrades_a_distribution() {
        assert_steps(
            "dist-upgrade",
            &[
                ("RUN /bin/sh -c apt-get update && apt-get -y dist-upgrade", "apt-get dist-upgrade"),
                ("RUN /bin/sh -c apt full-upgrade -y", "apt full-upgrade"),
                ("RUN /bin/sh -c zypper -n dup", "zypper dup"),
                ("RUN /bin/sh -c apt-get -y upgrade", "passed"),
                ("RUN /bin/sh -c echo dist-upgrade", "passed"),
            ],
        );
    }

    #[test]
    fn an_install_must_not_ask() {
        assert_steps(
            "interactive-install",
            &[
                ("RUN /bin/sh -c apt-get install curl", "apt-get install without a yes"),
                ("RUN /bin/sh -c DEBIAN_FRONTEND=noninteractive apt-get install curl", "apt-get install without a yes"),
                ("RUN /bin/sh -c yum install curl", "yum install without a yes"),
                ("RUN /bin/sh -c zypper install curl", "zypper install without a yes"),
                ("RUN /bin/sh -c apt-get -y install curl", "passed"),
                ("RUN /bin/sh -c apt-get install -qqy curl", "passed"),
                ("RUN /bin/sh -c apt-get -q -q install curl", "passed"),
                ("RUN /bin/sh -c apt-get -o APT::Get::Assume-Yes=true install curl", "passed"),
                ("RUN /bin/sh -c yes | apt-get install curl", "passed"),
                ("RUN /bin/sh -c dnf -y install curl", "passed"),
                ("RUN /bin/sh -c zypper -n in curl", "passed"),
                ("RUN /bin/sh -c apk add curl", "passed"),
                ("RUN /bin/sh -c apt-get install -y curl | cat", "passed"),
            ],
        );
    }

    #[test]
    fn only_what_is_named_is_installed() {
        assert_steps(
            "recommended-packages",
            &[
                ("RUN /bin/sh -c apt-get install -y curl", "apt-get install without --no-install-recommends"),
                ("RUN /bin/sh -c apt-get install -y --no-install-recommends curl", "passed"),
                ("RUN /bin/sh -c apt-get -o APT::Install-Recommends=false install -y curl", "passed"),
                ("RUN /bin/sh -c aptitude install -R curl", "passed"),
                ("RUN /bin/sh -c yum install -y curl", "passed"),
            ],
        );
    }
}
