//! How the image is cut into layers.

use plimsoll_model::{Place, Severity};

use crate::check::{Check, CheckOutcome, Image, size};

pub(super) const TOO_MANY_LAYERS: Check = Check {
    rule: "too-many-layers",
    references: &[],
    title: "The image has more layers than runtimes can mount",
    severity: Severity::Negligible,
    looks_at: "layers",
    fails_when: "over 127",
    advice: "Put steps that belong together into one.",
    judge: too_many,
};

pub(super) const HIDDEN_BYTES: Check = Check {
    rule: "hidden-bytes",
    references: &[],
    title: "Much of the image is deleted or replaced again",
    severity: Severity::Negligible,
    looks_at: "layers",
    fails_when: "bytes hidden by later layers are over a quarter of the image",
    advice: "Delete in the step that makes, or build in a stage of its own.",
    judge: hidden,
};

/// What overlayfs mounts take.
const MOST_LAYERS: usize = 127;

fn too_many(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let count = image.facts.layers.len();
    check.outcome((count > MOST_LAYERS).then(|| check.observe(Place::Image, format!("{count} layers"))))
}

fn hidden(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let (mut all, mut hidden) = (0u64, 0u64);
    for layer in image.facts.layers {
        let Some(bytes) = layer.hidden_bytes else {
            return CheckOutcome::NotJudged("nobody counted what later layers hide");
        };
        all = all.saturating_add(layer.bytes);
        hidden = hidden.saturating_add(bytes);
    }
    let evidence = || format!("{} of {} are hidden by later layers", size(hidden), size(all));
    check.outcome((hidden > all / 4).then(|| check.observe(Place::Image, evidence())))
}

#[cfg(test)]
mod tests {
    use crate::{
        LayerSize,
        sample::{Sample, assert_verdicts},
    };

    fn layers(layers: &[(u64, Option<u64>)]) -> Sample {
        let layers =
            layers.iter().map(|(bytes, hidden_bytes)| LayerSize { bytes: *bytes, hidden_bytes: *hidden_bytes });
        Sample { layers: layers.collect(), ..Sample::default() }
    }

    #[test]
    fn runtimes_can_mount_every_layer() {
        assert_verdicts(
            "too-many-layers",
            vec![
                ("over", layers(&[(1, None); 128]), "128 layers"),
                ("most", layers(&[(1, None); 127]), "passed"),
                ("none", layers(&[]), "passed"),
            ],
        );
    }

    #[test]
    fn little_is_deleted_again() {
        let most = u64::MAX;
        assert_verdicts(
            "hidden-bytes",
            vec![
                (
                    "half",
                    layers(&[(1024, Some(1024)), (1024, Some(0))]),
                    "1.0 KiB of 2.0 KiB are hidden by later layers",
                ),
                ("a quarter", layers(&[(300, Some(100)), (100, Some(0))]), "passed"),
                ("nothing", layers(&[(0, Some(0))]), "passed"),
                ("lying sizes", layers(&[(most, Some(0)), (most, Some(1))]), "passed"),
                ("not counted", layers(&[(10, Some(10)), (10, None)]), "not judged"),
            ],
        );
    }
}
