//! Ports that the image exposes.

use plimsoll_model::Severity;

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const PORT_22: Check = Check {
    rule: "port-22",
    references: &["DS004"],
    title: "The image exposes ssh's port",
    severity: Severity::Medium,
    looks_at: "`config.ExposedPorts`",
    fails_when: "22/tcp",
    advice: "Leave the ssh server out; use the runtime's exec to look into a container.",
    judge: |check, image| judge(check, image, |port| port.first <= 22 && 22 <= port.last && port.is_tcp),
};

pub(super) const PORT_OUT_OF_RANGE: Check = Check {
    rule: "port-out-of-range",
    references: &["DS008", "DL3011"],
    title: "An exposed port does not exist",
    severity: Severity::Low,
    looks_at: "`config.ExposedPorts`",
    fails_when: "over 65535",
    advice: "Expose a port from 1 to 65535.",
    judge: |check, image| judge(check, image, |port| port.last > 65_535),
};

/// `22`, `22/tcp`, `8000-8010/udp`.
struct Ports {
    first: u64,
    last: u64,
    is_tcp: bool,
}

fn judge(check: &Check, image: &Image<'_>, is_wrong: fn(&Ports) -> bool) -> CheckOutcome {
    let exposed = image.facts.execution.exposed_ports.iter();
    let wrong = exposed.filter(|text| ports(text).is_some_and(|ports| is_wrong(&ports)));
    check.outcome(wrong.map(|text| check.observe_config("config.ExposedPorts", quote(text))))
}

fn ports(text: &str) -> Option<Ports> {
    let (range, protocol) = text.trim().split_once('/').unwrap_or((text.trim(), "tcp"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some(Ports { first: number(first)?, last: number(last)?, is_tcp: protocol.eq_ignore_ascii_case("tcp") })
}

/// Digits that no number holds are more than any port.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    fn ports(ports: &[&str]) -> Sample {
        let exposed_ports = ports.iter().map(|port| (*port).to_owned()).collect();
        Sample::execution(ExecutionConfig { exposed_ports, ..Default::default() })
    }

    #[test]
    fn ssh_is_not_exposed() {
        assert_verdicts(
            "port-22",
            vec![
                ("tcp", ports(&["80/tcp", "22/tcp"]), "22/tcp"),
                ("no protocol", ports(&["22"]), "22"),
                ("in a range", ports(&["20-30/tcp"]), "20-30/tcp"),
                ("udp", ports(&["22/udp", "2222/tcp", "220"]), "passed"),
                ("none", ports(&[]), "passed"),
            ],
        );
    }

    #[test]
    fn exposed_ports_exist() {
        assert_verdicts(
            "port-out-of-range",
            vec![
                ("too high", ports(&["65536/tcp"]), "65536/tcp"),
                ("beyond numbers", ports(&["99999999999999999999999"]), "99999999999999999999999"),
                ("a range's end", ports(&["65530-70000/udp"]), "65530-70000/udp"),
                ("highest", ports(&["65535/tcp"]), "passed"),
                ("no number", ports(&["http/tcp", "", "-", "-1"]), "passed"),
            ],
        );
    }
}
