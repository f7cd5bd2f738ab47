//! Volumes over what is the host's or the system's.

use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const SENSITIVE_VOLUMES: Check = Check {
    rule: "sensitive-volumes",
    references: &[],
    title: "A volume lies over a part of the system",
    severity: Severity::High,
    looks_at: "`config.Volumes`",
    fails_when: "`/`, `/etc`, `/dev`, `/proc`, `/sys`, a runtime's socket",
    advice: "Declare volumes for the service's own folders only.",
    judge,
};

const SOCKETS: &[&str] = &["docker.sock", "containerd.sock", "podman.sock", "crio.sock"];

fn judge(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let volumes = image.facts.execution.volumes.iter().filter(|volume| is_sensitive(volume));
    check.outcome(volumes.map(|volume| check.observe_config("config.Volumes", quote(volume))))
}

fn is_sensitive(volume: &str) -> bool {
    if !volume.starts_with('/') {
        return false;
    }
    let parts: Vec<_> = volume.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.as_slice() {
        [] | ["etc" | "dev"] | ["proc" | "sys", ..] => true,
        [.., last] => SOCKETS.contains(last),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    #[test]
    fn volumes_are_the_services_own() {
        let volume =
            |path: &str| Sample::execution(ExecutionConfig { volumes: vec![path.into()], ..Default::default() });
        assert_verdicts(
            "sensitive-volumes",
            vec![
                ("root", volume("/"), "/"),
                ("settings", volume("//etc/./"), "//etc/./"),
                ("docker", volume("/var/run/docker.sock"), "/var/run/docker.sock"),
                ("containerd", volume("/run/containerd/containerd.sock"), "/run/containerd/containerd.sock"),
                ("kernel", volume("/sys/fs/cgroup"), "/sys/fs/cgroup"),
                ("a service's settings", volume("/etc/nginx"), "passed"),
                ("data", volume("/var/lib/postgresql/data"), "passed"),
                ("a named volume", volume("etc"), "passed"),
                ("empty", volume(""), "passed"),
            ],
        );
    }
}
