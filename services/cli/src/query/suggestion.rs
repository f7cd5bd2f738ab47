//! Which ecosystem is meant by a name that is slightly off: `Debian:12` by `debian 12`, `Alpine:v3.18` by `alpine:3.18`, `Maven` by `Maven Central`.

use plimsoll_model::Ecosystem;

/// Names that ecosystems go by elsewhere, folded as [`folded`] does, and OSV's name.
const OTHER_NAMES: [(&str, &str); 38] = [
    ("pip", "PyPI"),
    ("python", "PyPI"),
    ("node", "npm"),
    ("nodejs", "npm"),
    ("yarn", "npm"),
    ("golang", "Go"),
    ("gomod", "Go"),
    ("gomodules", "Go"),
    ("cargo", "crates.io"),
    ("crate", "crates.io"),
    ("crates", "crates.io"),
    ("rust", "crates.io"),
    ("mavencentral", "Maven"),
    ("java", "Maven"),
    ("gradle", "Maven"),
    ("gem", "RubyGems"),
    ("gems", "RubyGems"),
    ("ruby", "RubyGems"),
    ("dotnet", "NuGet"),
    ("composer", "Packagist"),
    ("php", "Packagist"),
    ("dart", "Pub"),
    ("elixir", "Hex"),
    ("erlang", "Hex"),
    ("swift", "SwiftURL"),
    ("haskell", "Hackage"),
    ("alpinelinux", "Alpine"),
    ("debiangnulinux", "Debian"),
    ("rocky", "Rocky Linux"),
    ("alma", "AlmaLinux"),
    ("rhel", "Red Hat"),
    ("redhatenterpriselinux", "Red Hat"),
    ("amazon", "Amazon Linux"),
    ("amzn", "Amazon Linux"),
    ("oracle", "Oracle Linux"),
    ("photon", "Photon OS"),
    ("azure", "Azure Linux"),
    ("mariner", "Azure Linux"),
];

/// Releases by the names that people call them.
const CODENAMES: [(&str, &str); 11] = [
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("trusty", "14.04"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("focal", "20.04"),
    ("jammy", "22.04"),
    ("noble", "24.04"),
];

/// The longest name that is looked at: those of ecosystems are far shorter.
const LONGEST: usize = 64;

/// The ecosystem among `known` that is likely meant; none where no name is near, or the release that is asked for is not there.
pub fn suggested<'k>(asked: &Ecosystem, known: &'k [Ecosystem]) -> Option<&'k Ecosystem> {
    let text = asked.to_string();
    if text.len() > LONGEST {
        return None;
    }
    let meant = partings(&text).find_map(|(name, release)| Some((named(name, known)?, release)));
    // A letter that is wrong, dropped or added: of the whole name before the release.
    let (name, release) = meant.or_else(|| {
        let (name, release) = partings(&text).next()?;
        Some((misspelt(name, known)?, release))
    })?;
    let of_name = known.iter().filter(|ecosystem| ecosystem.name() == name);
    let found = match release {
        "" => of_name.max_by_key(|ecosystem| numbers(ecosystem.release().unwrap_or_default())),
        release => of_name.max_by_key(|ecosystem| nearness(release, ecosystem.release().unwrap_or_default())),
    }?;
    let is_it = release.is_empty() || nearness(release, found.release().unwrap_or_default()) > 0;
    (is_it && found != asked).then_some(found)
}

/// What may be name and release in a text: parted at the first colon, before the first digit, not at all, and at the last gap.
fn partings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let digit = text.find(|letter: char| letter.is_ascii_digit());
    let gap = text.rfind([' ', '-', '_', '@', '/']);
    let at = [text.find(':'), digit, Some(text.len()), gap];
    at.into_iter().flatten().filter_map(|at| {
        let (name, release) = text.split_at_checked(at)?;
        // The letter of `v3.18` is the release's.
        let name = name.strip_suffix(['v', 'V']).filter(|name| name.ends_with([' ', ':', '-'])).unwrap_or(name);
        Some((name, release.trim_start_matches([':', ' ', '-', '_', '@', '/'])))
    })
}

/// The name of the known ecosystem that is written so, or called so elsewhere.
fn named<'k>(name: &str, known: &'k [Ecosystem]) -> Option<&'k str> {
    let folded_name = folded(name);
    let meant = OTHER_NAMES.iter().find(|(other, _)| *other == folded_name).map(|(_, meant)| folded(meant));
    known.iter().map(Ecosystem::name).find(|known| {
        let known = folded(known);
        known == folded_name || Some(&known) == meant.as_ref()
    })
}

fn misspelt<'k>(name: &str, known: &'k [Ecosystem]) -> Option<&'k str> {
    let name = folded(name);
    let near = known.iter().map(Ecosystem::name).find(|known| is_one_letter_off(&folded(known), &name));
    near.filter(|near| near.len() > 3)
}

/// Letters and digits, in lower case.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether one letter changed, added or dropped makes the one of the other.
fn is_one_letter_off(a: &str, b: &str) -> bool {
    let common = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| {
        a.zip(b).take_while(|(a, b)| a == b).count()
    };
    let (long, short) = (a.chars().count().max(b.chars().count()), a.chars().count().min(b.chars().count()));
    let before = common(&mut a.chars(), &mut b.chars());
    let after = common(&mut a.chars().rev(), &mut b.chars().rev());
    a != b && long - short <= 1 && before + after + 1 >= long
}

/// How near a release is to the one that is asked for: 2 where it is the same, 1 where the asked one is of it (`3.18.4`), 0 where it is another.
fn nearness(asked: &str, release: &str) -> u8 {
    let plain = |text: &str| {
        let text = text.to_lowercase();
        let text = text.strip_prefix('v').map_or(text.clone(), str::to_owned);
        text.trim_end_matches("lts").trim_end_matches([':', ' ', '-']).to_owned()
    };
    let (asked, release) = (plain(asked), plain(release));
    let asked = CODENAMES.iter().find(|(name, _)| *name == asked).map_or(asked, |(_, number)| (*number).to_owned());
    let is_part = || asked.strip_prefix(&release).is_some_and(|rest| rest.starts_with('.'));
    if asked == release { 2 } else { u8::from(!release.is_empty() && is_part()) }
}

/// The numbers in a release, for the newest of several.
fn numbers(release: &str) -> Vec<u64> {
    release.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_slightly_off_is_led_to_the_right_one() {
        let known: Vec<Ecosystem> = [
            "Alpine:v3.9",
            "Alpine:v3.18",
            "AlmaLinux:9",
            "Debian:11",
            "Debian:12",
            "Maven",
            "PyPI",
            "Rocky Linux:8",
            "Rocky Linux:9",
            "Ubuntu:22.04:LTS",
            "Ubuntu:Pro:16.04:LTS",
            "crates.io",
            "npm",
            "openSUSE:Leap 15.5",
        ]
        .map(|name| name.parse().unwrap())
        .into();
        for (asked, expected) in [
            ("debian", Some("Debian:12")),
            ("Debian", Some("Debian:12")),
            ("Debian 12", Some("Debian:12")),
            ("debian:12", Some("Debian:12")),
            ("debian-11", Some("Debian:11")),
            ("Debian:12.4", Some("Debian:12")),
            ("debian:bookworm", Some("Debian:12")),
            ("Debian bookworm", Some("Debian:12")),
            ("debian:13", None),
            ("Debian:13", None),
            ("alpine:3.18", Some("Alpine:v3.18")),
            ("Alpine 3.18.4", Some("Alpine:v3.18")),
            ("alpine v3.9", Some("Alpine:v3.9")),
            ("alpine", Some("Alpine:v3.18")),
            ("pypi", Some("PyPI")),
            ("PiPI", Some("PyPI")),
            ("pip", Some("PyPI")),
            ("Maven Central", Some("Maven")),
            ("maven", Some("Maven")),
            ("NPM", Some("npm")),
            ("cargo", Some("crates.io")),
            ("rocky", Some("Rocky Linux:9")),
            ("rocky8", Some("Rocky Linux:8")),
            ("RockyLinux:9.3", Some("Rocky Linux:9")),
            ("ubuntu:22.04", Some("Ubuntu:22.04:LTS")),
            ("Ubuntu 22.04 LTS", Some("Ubuntu:22.04:LTS")),
            ("jammy", None),
            ("ubuntu:jammy", Some("Ubuntu:22.04:LTS")),
            ("opensuse:leap 15.5", Some("openSUSE:Leap 15.5")),
            ("Klingon", None),
            ("PyPI", None),
            ("golang", None),
            ("", None),
            (":", None),
            ("é9", None),
        ] {
            let found = suggested(&asked.parse().unwrap(), &known).map(ToString::to_string);
            assert_eq!(found.as_deref(), expected, "{asked}");
        }
        assert_eq!(suggested(&"d".repeat(10_000).parse().unwrap(), &known), None);
        assert_eq!(suggested(&"debian".parse().unwrap(), &[]), None);
    }
}
