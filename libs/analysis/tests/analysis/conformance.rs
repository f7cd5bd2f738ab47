//! The list of hostile inputs of the shared corpus, `conformance/hostile-inputs.md`, rows L1 to L18 and P1 to P12: which test holds which
//! part of which row. Tests here fail when a row has no test, when a test named here is gone, and when one that bears a row's id is not here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::corpus::shared;

const LAYERS: &str = "libs/analysis/tests/analysis/hostile_layers.rs";
const PATHS: &str = "libs/analysis/tests/analysis/hostile_paths.rs";
const ARCHIVES: &str = "libs/analysis/tests/analysis/hostile_archives.rs";
const DATABASES: &str = "libs/analysis/tests/analysis/hostile_databases.rs";
const RPM: &str = "libs/analysis/tests/analysis/hostile_rpm.rs";
const DOCUMENTS: &str = "libs/analysis/tests/analysis/hostile_documents.rs";
const PROGRAMS: &str = "libs/analysis/tests/analysis/hostile_programs.rs";
const MEMORY: &str = "libs/analysis/tests/analysis/hostile_memory.rs";
const SQUASHED: &str = "libs/analysis/tests/analysis/squashed.rs";
const DPKG: &str = "libs/analysis/src/analysers/dpkg/mod.rs";
const APK: &str = "libs/analysis/src/analysers/apk.rs";
const ARCHIVE_READER: &str = "libs/analysis/src/archive/tests.rs";
const IMAGE_ARCHIVES: &str = "libs/oci/src/archive/tests.rs";
const OPERATIONS: &str = "e2e/tests/e2e/operations.rs";
const OFFLINE: &str = "services/cli/tests/cli/offline.rs";
const SECRETS: &str = "libs/secrets/tests/secrets/hostile.rs";

/// Row, part of it, file, test.
const HELD: &[[&str; 4]] = &[
    ["L1", "in the last block and before it", LAYERS, "l1_a_truncated_stream_keeps_what_came_before"],
    [
        "L1",
        "as the command line shows it",
        OFFLINE,
        "a_broken_layer_is_a_problem_of_the_image_and_other_bytes_are_a_failure",
    ],
    ["L2", "checksum, size", LAYERS, "l2_a_wrong_checksum_or_size_is_corrupt"],
    ["L3", "members, padding", LAYERS, "l3_members_in_a_row_and_trailing_zeroes_are_one_stream"],
    ["L4", "past the limit", LAYERS, "l4_bombs_end_at_the_limit"],
    ["L4", "a blob without end", LAYERS, "l4_a_blob_that_never_ends_is_refused"],
    ["L4", "within the limit, gzip", MEMORY, "l4_gibibytes_of_zeroes_take_no_memory"],
    ["L4", "within the limit, zstd and its window", MEMORY, "l4_the_largest_window_of_zstd_is_within_a_workers_memory"],
    ["L5", "the analysis", LAYERS, "l5_a_blob_of_another_digest_is_a_mismatch"],
    [
        "L5",
        "as the command line shows it",
        OFFLINE,
        "a_broken_layer_is_a_problem_of_the_image_and_other_bytes_are_a_failure",
    ],
    ["L5", "the image", LAYERS, "l5_l6_an_image_that_names_other_digests_says_so"],
    [
        "L5",
        "the scan, and no retry",
        OPERATIONS,
        "a_damaged_blob_fails_the_scan_once_and_for_all_and_pushing_the_image_again_after_repair_scans_it",
    ],
    ["L6", "the image", LAYERS, "l5_l6_an_image_that_names_other_digests_says_so"],
    ["L7", "every lie about a size", LAYERS, "l7_sizes_that_lie_end_the_walk"],
    [
        "L7",
        "in the API, with its layer",
        OPERATIONS,
        "an_image_with_a_broken_layer_says_what_is_broken_and_shows_the_rest",
    ],
    ["L7", "in an uploaded archive", IMAGE_ARCHIVES, "hostile_tars_are_errors_within_their_limits"],
    ["L8", "PAX, GNU long names", LAYERS, "l8_headers_past_the_limit_are_not_held"],
    ["L8", "without end", MEMORY, "l8_headers_that_never_end_are_not_held"],
    ["L9", "a layer", LAYERS, "l9_the_pax_size_counts_over_the_header_s"],
    [
        "L9",
        "an uploaded archive",
        IMAGE_ARCHIVES,
        "the_pax_size_counts_and_what_the_other_size_would_hide_does_not_appear",
    ],
    ["L10", "every name", PATHS, "l10_names_are_normalised_inside_the_image_and_shown_escaped"],
    ["L10", "wherever a name stands", PATHS, "l10_names_come_from_every_place_that_tar_has_for_them"],
    ["L10", "members of archives", ARCHIVE_READER, "paths_never_leave_the_archive"],
    ["L11", "symbolic links", PATHS, "l11_links_are_not_followed_out_of_the_image_or_round_in_circles"],
    ["L11", "hard links", PATHS, "l11_a_hard_link_says_what_its_target_in_the_layer_says"],
    ["L12", "three of a path", PATHS, "l12_the_last_of_several_entries_of_one_path_counts"],
    ["L13", "of a directory; opaque", SQUASHED, "what_a_layer_deletes_or_replaces_is_gone"],
    ["L13", "before and after", SQUASHED, "a_layer_s_own_files_outlive_its_whiteouts_wherever_these_stand"],
    ["L13", "those that name nothing", PATHS, "l13_whiteouts_that_name_nothing_are_problems"],
    ["L14", "past the limit", LAYERS, "l14_millions_of_entries_are_bounded"],
    ["L14", "memory", MEMORY, "l14_a_hundred_thousand_entries_are_kept_as_hashes"],
    ["L14", "a deep path", PATHS, "l14_a_path_thousands_of_folders_deep_is_bounded"],
    ["L15", "all", PATHS, "l15_sparse_files_and_devices_are_skipped_without_their_content"],
    ["L16", "not a tar; empty", LAYERS, "l16_what_is_no_layer_is_named"],
    ["L16", "foreign", LAYERS, "l16_a_layer_without_a_body_is_named_and_the_others_are_read"],
    ["L17", "nested", ARCHIVES, "l17_archives_in_archives_that_multiply_end_at_what_they_may_inflate_to"],
    ["L17", "overlapping", ARCHIVES, "l17_members_that_overlap_are_a_bomb"],
    ["L17", "quine", ARCHIVES, "l17_an_archive_that_holds_itself_is_opened_as_deep_as_any"],
    ["L17", "100,000 entries", ARCHIVES, "l17_a_hundred_thousand_members_are_too_many"],
    [
        "L17",
        "central directory, zip64, encrypted",
        ARCHIVES,
        "l17_a_directory_that_lies_and_members_that_are_encrypted_are_named",
    ],
    ["L18", "fifty deep", ARCHIVES, "l18_jars_fifty_deep_stop_at_the_documented_depth"],
    ["P1", "no blank line", DATABASES, "p1_a_status_file_without_an_end_is_read_as_far_as_the_limit"],
    ["P1", "no blank line, memory", MEMORY, "p1_p3_databases_of_a_gibibyte_are_read_as_far_as_their_limits"],
    ["P1", "continuation first, CRLF", DATABASES, "p1_broken_paragraphs_are_named_with_their_line"],
    ["P1", "twice, Latin-1", DPKG, "what_is_broken_is_passed_over_and_named_with_its_line"],
    ["P1", "a long field", DPKG, "a_field_of_ten_mebibytes_is_passed_over"],
    ["P2", "no version", APK, "what_is_broken_is_passed_over_and_named_with_its_line"],
    ["P2", "a million", DATABASES, "p2_a_million_records_are_read_within_the_limit"],
    ["P3", "not SQLite", RPM, "p3_what_is_not_sqlite_is_a_problem"],
    ["P3", "views, triggers", RPM, "p3_views_triggers_and_virtual_tables_named_packages_are_not_run"],
    ["P3", "cycles", RPM, "p3_cycles_of_pages_end"],
    ["P3", "a gibibyte in a row", RPM, "p3_rows_may_say_that_they_have_any_number_of_bytes_and_are_any_number"],
    ["P3", "a file of a gibibyte", MEMORY, "p1_p3_databases_of_a_gibibyte_are_read_as_far_as_their_limits"],
    ["P4", "magic, page size", RPM, "p4_berkeley_db_that_is_none_or_has_absurd_pages_is_a_problem"],
    ["P4", "overflow pages", RPM, "p4_chains_of_overflow_pages_that_lie_end"],
    ["P4", "NDB", RPM, "p4_ndb_with_absurd_slots_is_a_problem"],
    ["P5", "all", RPM, "p5_headers_that_lie_are_problems_and_what_is_left_of_them_is_kept"],
    ["P5", "what multiplies", RPM, "p5_paths_that_multiply_are_not_all_put_together"],
    ["P6", "npm's lock file", DATABASES, "p6_json_that_is_too_deep_too_large_or_odd_is_a_problem_at_most"],
    ["P6", "deep, every format", DOCUMENTS, "p6_json_that_nests_is_bounded"],
    ["P6", "twice, numbers", DOCUMENTS, "p6_json_that_says_things_twice_or_has_absurd_numbers_is_read_or_told"],
    ["P6", "long", DOCUMENTS, "p6_json_of_two_hundred_mebibytes_is_passed_over"],
    ["P7", "all, every format", DOCUMENTS, "p7_yaml_that_laughs_or_goes_round_is_told"],
    ["P8", "TOML, every format", DOCUMENTS, "p8_toml_that_nests_is_told"],
    ["P8", "pom.xml", DATABASES, "p8_entities_of_xml_are_neither_fetched_nor_expanded"],
    ["P8", "all of XML", DOCUMENTS, "p8_entities_of_xml_are_neither_fetched_nor_expanded_wherever_xml_is_read"],
    ["P9", "tables that lie", PROGRAMS, "p9_section_and_program_tables_that_lie_are_bounded"],
    ["P9", "2 GiB", PROGRAMS, "p9_a_program_of_two_gibibytes_is_read_as_far_as_the_limit"],
    ["P10", "refused or stored", DATABASES, "p10_names_that_are_no_names_are_refused_with_a_problem"],
    // Nothing is written as HTML, CSV or Markdown yet; the API's answers are JSON.
    ["P10", "terminal: any text", "services/cli/src/escape.rs", "what_a_terminal_would_act_on_is_written_out"],
    ["P11", "read", "libs/licenses/src/lib.rs", "an_expression_that_nests_ten_thousand_deep_is_a_text"],
    ["P11", "stored", DOCUMENTS, "p11_a_licence_that_nests_ten_thousand_deep_does_not_grow"],
    ["P12", "one character", SECRETS, "a_hundred_mebibytes_of_one_character_take_linear_time"],
    ["P12", "keywords", SECRETS, "texts_of_nothing_but_keywords_take_linear_time"],
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of a file's test functions.
fn tests_of(file: &Path) -> BTreeSet<String> {
    let source = std::fs::read_to_string(file).expect("a file of the table");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let named = lines.windows(2).filter(|pair| pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test"));
    named
        .filter_map(|pair| {
            pair[1].trim_start_matches("async ").strip_prefix("fn ")?.split('(').next().map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_row_is_held_by_tests_that_there_are() {
    for [row, part, file, test] in HELD {
        assert!(tests_of(&workspace().join(file)).contains(*test), "{row}, {part}: no {test} in {file}");
    }
    let rows: BTreeSet<String> = HELD.iter().map(|[row, ..]| (*row).to_owned()).collect();
    let all = (1..=18).map(|row| format!("L{row}")).chain((1..=12).map(|row| format!("P{row}")));
    assert_eq!(rows, all.collect());
}

#[test]
fn every_test_that_bears_a_rows_id_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/analysis");
    let is_id =
        |part: &str| part.starts_with(['l', 'p']) && part.len() > 1 && part[1..].bytes().all(|b| b.is_ascii_digit());
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        for test in tests_of(&file) {
            for id in test.split('_').take_while(|part| is_id(part)) {
                let is_listed = HELD.iter().any(|[row, _, _, held]| row.eq_ignore_ascii_case(id) && *held == test);
                assert!(is_listed, "{test} bears the id of {id}");
            }
        }
    }
}

#[test]
fn the_rows_are_those_of_the_shared_list() {
    let Some(list) = shared("conformance/hostile-inputs.md") else { return };
    let list = std::fs::read_to_string(list).unwrap();
    let ids = list.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let is_ours = |id: &&str| id.starts_with(['L', 'P']) && id[1..].parse::<u8>().is_ok();
    let listed: BTreeSet<&str> = ids.filter(is_ours).collect();
    assert_eq!(HELD.iter().map(|[row, ..]| *row).collect::<BTreeSet<_>>(), listed);
}
