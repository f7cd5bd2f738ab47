//! Names of products and their versions: `cpe:2.3:a:nodejs:node.js:10.13.0:*:*:*:lts:*:*:*`.
//!
//! Source: NISTIR 7695 (naming, the "formatted string") and 7696 (matching).

/// How many attributes a name has.
const ATTRIBUTES: usize = 11;

/// A name, as far as anything is asked of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Cpe<'c> {
    /// `a` for an application, `o` for an operating system, `h` for hardware.
    pub part: &'c str,
    pub vendor: Attribute,
    pub product: Attribute,
    pub version: Attribute,
    /// What NVD keeps apart from the version: `beta1`, `update_292`.
    pub update: Attribute,
    /// The edition of the program: `lts`, `enterprise`.
    pub edition: Attribute,
    /// What it runs on or in: `windows`, `wordpress`.
    pub target: Attribute,
}

/// What a name says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// `*`: any.
    Any,
    /// `-`: nothing, or nothing that is told.
    Absent,
    /// Several that look alike: `1.2.*`.
    Pattern,
    /// One, without its escapes.
    Text(String),
}

impl<'c> Cpe<'c> {
    /// Reads a name; `None` for what is none.
    pub fn parse(name: &'c str) -> Option<Self> {
        let mut is_escaped = false;
        let attributes = name.strip_prefix("cpe:2.3:")?.split(|c: char| {
            let is_end = c == ':' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        let attributes: Vec<&str> = attributes.take(ATTRIBUTES + 1).collect();
        let [part, vendor, product, version, update, _, _, edition, target, _, _] =
            <[&str; ATTRIBUTES]>::try_from(attributes).ok()?;
        let [vendor, product, version, update, edition, target] =
            [vendor, product, version, update, edition, target].map(Attribute::read);
        Some(Self { part, vendor, product, version, update, edition, target })
    }

    /// Its vendor and product, where it names one of each.
    pub fn named(&self) -> Option<(&str, &str)> {
        Some((self.vendor.text()?, self.product.text()?))
    }
}

impl Attribute {
    fn read(raw: &str) -> Self {
        match raw {
            "*" => return Self::Any,
            "-" => return Self::Absent,
            _ => {}
        }
        let (mut text, mut is_escaped) = (String::with_capacity(raw.len()), false);
        for c in raw.chars() {
            match c {
                '\\' if !is_escaped => is_escaped = true,
                '*' | '?' if !is_escaped => return Self::Pattern,
                _ => {
                    text.push(c);
                    is_escaped = false;
                }
            }
        }
        Self::Text(text)
    }

    /// The one that it says.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Any | Self::Absent | Self::Pattern => None,
        }
    }

    /// Whether it sets nothing, or one of these.
    pub fn is_free_or(&self, texts: &[&str]) -> bool {
        match self {
            Self::Any | Self::Absent => true,
            Self::Pattern => false,
            Self::Text(text) => texts.contains(&text.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_with_its_escapes() {
        let otp = Cpe::parse(r"cpe:2.3:a:erlang:erlang\/otp:26.0:rc1:*:*:*:windows:*:*").unwrap();
        assert_eq!((otp.part, otp.named()), ("a", Some(("erlang", "erlang/otp"))));
        assert_eq!(
            (otp.version.text(), otp.update.text(), otp.target.text()),
            (Some("26.0"), Some("rc1"), Some("windows"))
        );
        let odd = Cpe::parse(r"cpe:2.3:a:a\:b:c\\:1\-2:-:*:*:lts:*:*:*").unwrap();
        assert_eq!((odd.named(), odd.version.text()), (Some(("a:b", "c\\")), Some("1-2")));
        assert_eq!((odd.update, odd.edition), (Attribute::Absent, Attribute::Text("lts".into())));
        assert_eq!(Cpe::parse("cpe:2.3:a:x:y:1.2.*:*:*:*:*:*:*:*").unwrap().version, Attribute::Pattern);
        assert_eq!(Cpe::parse(r"cpe:2.3:a:x:y:\*:*:*:*:*:*:*:*").unwrap().version, Attribute::Text("*".into()));
        for none in ["", "cpe:/a:x:y:1", "cpe:2.3:a:x:y:1", "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*:*", "cpe:2.3:"] {
            assert_eq!(Cpe::parse(none), None, "{none}");
        }
    }
}
