//! Packages and programs that nobody's signature or certificate vouches for.

use plimsoll_model::Severity;

use super::package_installs::of_commands;
use crate::{
    check::{Check, CheckOutcome, Image},
    shell::Command,
};

pub(super) const UNVERIFIED_PACKAGES: Check = Check {
    rule: "unverified-packages",
    references: &["CIS-DI-4.11"],
    title: "What is installed is not verified",
    severity: Severity::High,
    looks_at: "history",
    fails_when: "`--allow-unauthenticated`, `--nogpgcheck`, `--allow-untrusted`, `curl ... | sh`, `apt-key adv`, `pip --trusted-host`, `npm strict-ssl false`, `wget --no-check-certificate`, `curl -k` or the like",
    advice: "Install from signed repositories over verified connections, and check what is downloaded against a digest before it runs.",
    judge,
};

/// Programs, and arguments of theirs that switch verification off.
const SWITCHES: &[(&[&str], &[&str])] = &[
    (
        &["apt-get", "apt", "aptitude"],
        &[
            "--allow-unauthenticated",
            "--force-yes",
            "--allow-insecure-repositories",
            "Acquire::AllowInsecureRepositories=true",
            "APT::Get::AllowUnauthenticated=true",
        ],
    ),
    (
        &["yum", "dnf", "dnf5", "microdnf", "tdnf"],
        &["--nogpgcheck", "--no-gpgchecks", "--setopt=gpgcheck=0", "--setopt=*.gpgcheck=0", "--setopt=sslverify=0"],
    ),
    (&["rpm"], &["--nosignature", "--nodigest"]),
    (&["zypper"], &["--no-gpg-checks"]),
    (&["apk"], &["--allow-untrusted"]),
    (&["apt-key"], &["adv"]),
    (&["pip", "pip3", "pip2", "uv"], &["--trusted-host", "--allow-insecure-host"]),
    (&["wget"], &["--no-check-certificate"]),
    (&["curl"], &["--insecure", "--proxy-insecure"]),
    (&["npm", "yarn", "pnpm"], &["--no-strict-ssl", "--strict-ssl=false", "strict-ssl=false"]),
    (&["git"], &["http.sslVerify=false"]),
];

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let switched = of_commands(check, image, switched_off);
    let piped = image.history.runs().filter_map(|(step, commands)| {
        let evidence = piped(commands)?;
        Some(check.observe_step(step, evidence))
    });
    match switched {
        CheckOutcome::Failed(observations) => check.outcome(observations.into_iter().chain(piped)),
        other => match check.outcome(piped) {
            CheckOutcome::Passed => other,
            failed => failed,
        },
    }
}

fn switched_off(command: &Command) -> Option<String> {
    let program = command.program();
    // `python3 -m pip` and `pip3.12` are pip too.
    let name = if is_pip(command) { "pip" } else { program };
    let (_, switches) = SWITCHES.iter().find(|(programs, _)| programs.contains(&name))?;
    let switch = switches.iter().find(|switch| command.arguments().iter().any(|argument| is_switch(argument, switch)));
    if let Some(switch) = switch {
        return Some(format!("{name} {switch}"));
    }
    let follows = |first: &str, second: &str| {
        command.arguments().windows(2).any(|pair| matches!(pair, [a, b] if a.ends_with(first) && b == second))
    };
    if matches!(program, "npm" | "yarn" | "pnpm") && follows("strict-ssl", "false") {
        return Some(format!("{program} strict-ssl false"));
    }
    (program == "curl" && command.arguments().iter().any(|argument| has_insecure_flag(argument)))
        .then(|| "curl -k".to_owned())
}

fn is_switch(argument: &str, switch: &str) -> bool {
    argument == switch
        || (switch.starts_with("--") && argument.strip_prefix(switch).is_some_and(|rest| rest.starts_with('=')))
}

fn is_pip(command: &Command) -> bool {
    let program = command.program();
    let is_module = program.starts_with("python")
        && command.arguments().windows(2).any(|pair| matches!(pair, [m, pip] if m == "-m" && pip == "pip"));
    is_module
        || (program.starts_with("pip")
            && program.trim_start_matches("pip").bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// `-k` in a cluster such as `-fsSLk`, before a flag that takes the rest of the word as its value.
fn has_insecure_flag(argument: &str) -> bool {
    let Some(flags) = argument.strip_prefix('-').filter(|flags| !flags.starts_with('-')) else { return false };
    flags.chars().take_while(|flag| !"AbcCdDeEFhHKmoPQrtTuUwxXyYz".contains(*flag)).any(|flag| flag == 'k')
}

/// A download that an interpreter runs as it comes.
fn piped(commands: &[Command]) -> Option<String> {
    let is_download = |command: &Command| matches!(command.program(), "curl" | "wget");
    for (index, command) in commands.iter().enumerate() {
        if is_download(command) && command.is_piped {
            // To the pipe's end.
            for next in commands.get(index + 1..).unwrap_or_default() {
                if next.is_interpreter() {
                    return Some(format!("{} ... | {}", command.program(), next.program()));
                }
                if !next.is_piped && next.program() != "sudo" {
                    break;
                }
            }
        }
        let runs_download = command.is_interpreter()
            && command.arguments().iter().any(|argument| {
                ["$(curl ", "$(wget ", "`curl ", "`wget "].iter().any(|download| argument.contains(download))
            });
        if runs_download {
            return Some(format!("{} runs what is downloaded", command.program()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::sample::assert_steps;

    #[test]
    fn verification_stays_on() {
        assert_steps(
            "unverified-packages",
            &[
                ("RUN /bin/sh -c apt-get install -y --allow-unauthenticated x", "apt-get --allow-unauthenticated"),
                ("RUN /bin/sh -c apt-get install --force-yes x", "apt-get --force-yes"),
                ("RUN /bin/sh -c yum install -y --nogpgcheck x", "yum --nogpgcheck"),
                ("RUN /bin/sh -c apk add --allow-untrusted x.apk", "apk --allow-untrusted"),
                ("RUN /bin/sh -c apt-key adv --keyserver x --recv-keys y", "apt-key adv"),
                ("RUN /bin/sh -c pip install --trusted-host pypi.local x", "pip --trusted-host"),
                ("RUN /bin/sh -c pip3.12 install --trusted-host=pypi.local x", "pip --trusted-host"),
                ("RUN /bin/sh -c python3 -m pip install --trusted-host a x", "pip --trusted-host"),
                ("RUN /bin/sh -c npm config set strict-ssl false", "npm strict-ssl false"),
                ("RUN /bin/sh -c npm --strict-ssl false install", "npm strict-ssl false"),
                ("RUN /bin/sh -c npm install --strict-ssl=false", "npm --strict-ssl=false"),
                ("RUN /bin/sh -c wget --no-check-certificate https://x", "wget --no-check-certificate"),
                ("RUN /bin/sh -c curl -fsSLk https://x -o y", "curl -k"),
                (
                    "RUN /bin/sh -c curl --insecure https://x; wget --no-check-certificate x",
                    "curl --insecure; wget --no-check-certificate",
                ),
                ("RUN /bin/sh -c apt-get install -y ca-certificates", "passed"),
                ("RUN /bin/sh -c curl -fsSL -okey https://x", "passed"),
                ("RUN /bin/sh -c curl -fsSL https://x/-k", "passed"),
                ("RUN /bin/sh -c apt-key add x", "passed"),
                ("RUN /bin/sh -c npm config set strict-ssl true", "passed"),
                ("RUN /bin/sh -c rpm --import https://x/key", "passed"),
                ("RUN /bin/sh -c echo --nogpgcheck", "passed"),
            ],
        );
    }

    #[test]
    fn what_is_downloaded_does_not_run_as_it_comes() {
        assert_steps(
            "unverified-packages",
            &[
                ("RUN /bin/sh -c curl -fsSL https://x | sh", "curl ... | sh"),
                ("RUN /bin/sh -c curl -fsSL https://x | sudo -E bash -", "curl ... | bash"),
                ("RUN /bin/sh -c wget -qO- https://x | tee y | python3 -", "wget ... | python3"),
                ("RUN /bin/sh -c sh -c \"$(curl -fsSL https://x)\"", "sh runs what is downloaded"),
                ("RUN /bin/sh -c curl -k https://x | sh", "curl -k | curl ... | sh"),
                ("RUN /bin/sh -c curl -fsSL https://x | tar xz", "passed"),
                ("RUN /bin/sh -c curl -fsSL https://x | gpg --dearmor > y && sh z", "passed"),
                ("RUN /bin/sh -c curl -fsSL https://x -o y && echo 'abc  y' | sha256sum -c && sh y", "passed"),
            ],
        );
    }
}
