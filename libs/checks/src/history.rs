//! Build steps, read back from an image's history.
//!
//! In: `history[].created_by`, as Docker's legacy builder, BuildKit, buildah and kaniko write it. Out: what each step was.
//! Source: moby `builder/dockerfile/dispatchers.go` (`/bin/sh -c #(nop) ADD ...`), BuildKit `dockerfile2llb/convert.go`
//! (`RUN |2 A=b C=d /bin/sh -c ... # buildkit`). Text that no builder writes is no instruction.

use crate::{
    facts::HistoryStep,
    shell::{self, Command},
};

/// Steps that are looked at.
const MOST_STEPS: usize = 1_000;
/// Commands of all steps together.
const MOST_COMMANDS: usize = 20_000;
/// Words of an `ADD`.
const MOST_WORDS: usize = 200;

/// The steps that say something to checks.
pub(crate) struct History {
    pub(crate) steps: Vec<Step>,
    /// Whether every step was read to its end.
    pub(crate) is_complete: bool,
}

/// One step.
pub(crate) struct Step {
    /// Its position among all history entries.
    pub(crate) index: u32,
    /// The layer that it made.
    pub(crate) layer: Option<u32>,
    pub(crate) instruction: Instruction,
}

/// What a step did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// `RUN`, with the commands of its script.
    Run(Vec<Command>),
    /// `ADD`, with its flags, sources and, last, its destination.
    Add(Vec<String>),
    /// Any other.
    Other,
}

impl History {
    pub(crate) fn read(entries: &[HistoryStep<'_>]) -> Self {
        let mut history = Self { steps: Vec::new(), is_complete: entries.len() <= MOST_STEPS };
        let (mut layer, mut commands) = (0, 0);
        for entry in entries.iter().take(MOST_STEPS) {
            let (instruction, is_whole) = instruction(entry.created_by);
            history.is_complete &= is_whole;
            if let Instruction::Run(run) = &instruction {
                commands += run.len();
            }
            if commands > MOST_COMMANDS {
                history.is_complete = false;
                break;
            }
            let made = (!entry.empty_layer).then_some(layer);
            layer += u32::from(!entry.empty_layer);
            history.steps.push(Step { index: entry.index, layer: made, instruction });
        }
        history
    }

    /// The steps that ran commands.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Step, &[Command])> {
        self.steps.iter().filter_map(|step| match &step.instruction {
            Instruction::Run(commands) => Some((step, commands.as_slice())),
            _ => None,
        })
    }
}

fn instruction(created_by: &str) -> (Instruction, bool) {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    if let Some((_, nop)) = text.split_once("#(nop)").filter(|(before, _)| before.len() < 100) {
        return (other(nop.trim_start()), true);
    }
    let run = match text.split_once(char::is_whitespace) {
        Some(("RUN", rest)) => Some(rest.trim_start()),
        // The legacy builder and buildah write no keyword.
        Some((first, _)) if shell::is_shell(first) && first.starts_with('/') || is_arguments(first) => Some(text),
        _ => None,
    };
    let Some(run) = run else { return (other(text), true) };
    let (commands, is_whole) = shell::commands(script(run));
    (Instruction::Run(commands), is_whole)
}

fn other(text: &str) -> Instruction {
    match text.split_once(char::is_whitespace) {
        Some(("ADD", rest)) => {
            Instruction::Add(rest.split_whitespace().take(MOST_WORDS).map(ToOwned::to_owned).collect())
        }
        _ => Instruction::Other,
    }
}

/// `|2`: how many build arguments follow.
fn is_arguments(word: &str) -> bool {
    word.strip_prefix('|').is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What comes after build arguments and `/bin/sh -c`; all of it, where there is no shell.
///
/// Values of build arguments are written without quotes, so that where they end is seen only by the shell that follows.
fn script(run: &str) -> &str {
    let has_arguments = run.split_whitespace().next().is_some_and(is_arguments);
    let mut offset = 0;
    let mut in_shell = false;
    for piece in run.split_inclusive(char::is_whitespace) {
        offset += piece.len();
        let word = piece.trim_end();
        if in_shell && word.starts_with('-') && !word.starts_with("--") && word.ends_with('c') {
            return run.get(offset..).unwrap_or_default();
        }
        if !in_shell {
            in_shell = word.starts_with('/') && shell::is_shell(word);
            if !in_shell && !has_arguments {
                break;
            }
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RUN program ; program`, `ADD word word`, or nothing.
    fn shown(created_by: &str) -> String {
        match instruction(created_by).0 {
            Instruction::Run(commands) => {
                let programs: Vec<_> = commands
                    .iter()
                    .map(|command| format!("{} {}", command.program(), command.arguments().join(" ")))
                    .collect();
                format!("RUN {}", programs.join(" ; "))
            }
            Instruction::Add(words) => format!("ADD {}", words.join(" ")),
            Instruction::Other => String::new(),
        }
    }

    #[test]
    fn each_builders_spelling_is_read() {
        let table = [
            ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", ""),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("/bin/bash -o pipefail -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
            ("RUN /bin/ash -eo pipefail -c apk update # buildkit", "RUN apk update"),
            ("RUN |2 A=b C=d /bin/sh -c echo $A # buildkit", "RUN echo $A"),
            ("RUN |2 A=b c && d C=d /bin/sh -c echo $A # buildkit", "RUN echo $A"),
            ("|1 A=b /bin/sh -c id", "RUN id "),
            ("RUN apt-get update && sh -c id", "RUN apt-get update ; sh -c id ; id "),
            ("RUN /usr/bin/make install # buildkit", "RUN make install"),
            ("ADD https://example.com/x /x # buildkit", "ADD https://example.com/x /x"),
            ("COPY . /app # buildkit", ""),
            ("WORKDIR /app", ""),
            ("# debian.sh --arch 'amd64' out/ 'bookworm' '@1726519152'", ""),
            ("bazel build //x && apt-get update", ""),
            ("", ""),
            ("RUN", ""),
            ("|x /bin/sh -c id", ""),
        ];
        for (created_by, expected) in table {
            assert_eq!(shown(created_by), expected, "{created_by}");
        }
    }

    #[test]
    fn steps_are_counted_and_bounded() {
        let step = |index, created_by, empty_layer| HistoryStep { index, created_by, empty_layer };
        let history = History::read(&[step(0, "RUN a", false), step(1, "ENV", true), step(2, "RUN b", false)]);
        let steps: Vec<_> = history.steps.iter().map(|step| (step.index, step.layer)).collect();
        assert_eq!(steps, [(0, Some(0)), (1, None), (2, Some(1))]);
        assert!(history.is_complete);

        let many: Vec<_> = (0..=MOST_STEPS as u32).map(|index| step(index, "RUN a", true)).collect();
        assert!(!History::read(&many).is_complete);
        let long = format!("RUN {}", "id;".repeat(1_500));
        let long: Vec<_> = (0..100).map(|index| step(index, long.as_str(), true)).collect();
        let history = History::read(&long);
        assert!(!history.is_complete && history.steps.len() < 20);
    }
}
