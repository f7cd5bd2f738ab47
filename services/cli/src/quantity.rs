//! Counts and ages in words.

use chrono::TimeDelta;

/// `1 layer`, `2 layers`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// An age in words.
pub fn age(age: TimeDelta) -> String {
    let of = |count: i64, unit| counted(count.unsigned_abs(), unit);
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (days @ 2.., ..) => of(days, "day"),
        (_, hours @ 1.., _) => of(hours, "hour"),
        (_, _, minutes @ 1..) => of(minutes, "minute"),
        _ => "less than a minute".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_matters() {
        for (minutes, expected) in [
            (0, "less than a minute"),
            (1, "1 minute"),
            (59, "59 minutes"),
            (60, "1 hour"),
            (47 * 60, "47 hours"),
            (48 * 60, "2 days"),
        ] {
            assert_eq!(age(TimeDelta::minutes(minutes)), expected);
        }
    }
}
