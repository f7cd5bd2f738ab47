//! How much of what is held may go at one time: a document that lost most of its records is rather broken than right.

/// The share of a document's records that may go without somebody's word.
pub const MOST_WITHDRAWN: f64 = 0.2;
/// So many may always go.
const HANDFUL: u64 = 20;

/// What goes with a newer document of what is held of the older.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withdrawal {
    /// Records that it lacks, that their source withdrew, or that speak of no package any more. One that could not be read is none of them.
    pub gone: u64,
    /// Records that are held.
    pub held: u64,
}

impl Withdrawal {
    /// Whether no more goes than may: a handful, or this share (0 to 1) of what is held.
    pub fn is_within(self, share: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^52")]
        let going = self.gone as f64 / self.held.max(1) as f64;
        self.gone <= HANDFUL || going <= share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handful_or_a_fifth_may_go_and_by_somebodys_word_all() {
        for (gone, held, is_within) in
            [(0, 0, true), (20, 20, true), (21, 21, false), (21, 105, true), (21, 104, false), (1_156, 1_216, false)]
        {
            let withdrawal = Withdrawal { gone, held };
            assert_eq!(withdrawal.is_within(MOST_WITHDRAWN), is_within, "{gone} of {held}");
            assert!(withdrawal.is_within(1.0), "{gone} of {held}");
        }
    }
}
