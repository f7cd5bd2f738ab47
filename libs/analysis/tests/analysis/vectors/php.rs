//! PHP: Composer's lock file.

use super::{Exception, exception};

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("composer.lock-20c7f3c99f", "pkg:composer/theseer/tokenizer@", "for developing: in packages-dev"),
    exception("composer.lock-48ef5b04b1", "pkg:composer/drupal/field_time@", "for developing: in packages-dev"),
];
