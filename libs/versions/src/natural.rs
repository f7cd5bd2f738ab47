//! Natural numbers of any size: versions carry dates, hashes' digits and worse, and none may overflow into a wrong order.

/// A natural number. Numbers that fit `u64` cost no allocation; the derived order is the numeric one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Natural {
    /// Fits.
    Small(u64),
    /// Does not fit: how many digits, then the digits without leading zeros. Built by [`Natural::read`] only.
    Large(usize, Box<str>),
}

impl Natural {
    pub(crate) const ZERO: Self = Self::Small(0);

    /// Reads ASCII digits; no digits at all are zero. The caller has checked that nothing else is in there.
    pub(crate) fn read(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Self::ZERO;
        }
        digits.parse().map_or_else(|_| Self::Large(digits.len(), digits.into()), Self::Small)
    }

    /// Reads numbers between separators; `None` where anything else is in between, or nothing.
    pub(crate) fn list(text: &str, separators: &[char]) -> Option<Vec<Self>> {
        text.split(separators)
            .map(|part| Some(split_digits(part)).filter(|(digits, rest)| !digits.is_empty() && rest.is_empty()))
            .map(|part| part.map(|(digits, _)| Self::read(digits)))
            .collect()
    }
}

/// Splits a text after its leading ASCII digits.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    split_while(text, |byte| byte.is_ascii_digit())
}

/// Splits an ASCII text after the leading bytes that are `wanted`.
pub(crate) fn split_while(text: &str, wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !wanted(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_order_by_value_on_both_sides_of_sixty_four_bits() {
        let ascending =
            ["", "1", "007", "10", "18446744073709551615", "18446744073709551616", "99999999999999999999999"];
        for pair in ascending.windows(2) {
            assert!(Natural::read(pair[0]) < Natural::read(pair[1]), "{pair:?}");
        }
        assert_eq!(Natural::read("00018446744073709551616"), Natural::read("18446744073709551616"));
        assert_eq!(Natural::read("000"), Natural::read(""));
        let numbers = |numbers: &[u64]| Some(numbers.iter().copied().map(Natural::Small).collect::<Vec<_>>());
        for (text, expected) in
            [("1.2-03", numbers(&[1, 2, 3])), ("7", numbers(&[7])), ("1..2", None), ("", None), ("1.a", None)]
        {
            assert_eq!(Natural::list(text, &['.', '-']), expected, "{text}");
        }
    }
}
