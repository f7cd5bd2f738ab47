//! Laws that hold of any stated licence.

use plimsoll_licenses::{debian_license, debian_statement, read};
use plimsoll_model::PackageType;
use proptest::prelude::*;

/// Words that licences are stated with, so that some of what is made of them is one.
fn stated() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "MIT",
            "apache",
            "2.0",
            "License,",
            "Version",
            "GPLv2+",
            "LGPL-2.1",
            "BSD",
            "and",
            "OR",
            "with",
            "exception",
            "(",
            ")",
            "/",
            "+",
            "or later",
            "Classpath",
            "LicenseRef-x",
            "DocumentRef-y:",
            ",",
            ";",
            "License ::",
            "https://spdx.org/licenses/",
            "GPL",
            "v3",
            "perl",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    (prop::collection::vec(word, 0..12), prop::sample::select(vec!["", " ", "\n"]))
        .prop_map(|(words, gap)| words.join(gap))
}

fn kind() -> impl Strategy<Value = PackageType> {
    prop::sample::select(PackageType::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_expression_is_one_and_is_read_as_itself(stated in stated(), kind in kind()) {
        let license = read(&stated, kind);
        if let Some(expression) = &license.expression {
            let mode = spdx::ParseMode { allow_deprecated: true, ..spdx::ParseMode::STRICT };
            prop_assert!(spdx::Expression::parse_mode(expression, mode).is_ok(), "{expression}");
            prop_assert_eq!(&read(expression, kind).expression, &license.expression);
        }
        prop_assert!(license.text.is_none_or(|text| text.chars().count() <= 2_000 && !text.chars().any(char::is_control)));
    }

    #[test]
    fn no_copyright_file_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..500), stated in stated()) {
        debian_license(&bytes);
        let file = format!("Format: x\nLicense: {stated}\nLicense: Expat\n");
        let statement = debian_statement(file.as_bytes()).unwrap_or_default();
        prop_assert!(statement.len() <= 2_000 && !statement.contains(char::is_control), "{}", statement);
        let expression = read(&statement, PackageType::Deb).expression;
        prop_assert!(expression.is_some_and(|expression| expression.contains("MIT")), "{}", statement);
    }
}
