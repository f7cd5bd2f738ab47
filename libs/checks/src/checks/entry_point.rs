//! How the image's program is started and stopped.

use plimsoll_model::Severity;

use crate::{
    check::{Check, CheckOutcome, Image, quote},
    shell,
};

pub(super) const SHELL_FORM: Check = Check {
    rule: "shell-form",
    references: &["DL3025"],
    title: "The image's program runs under a shell",
    severity: Severity::Negligible,
    looks_at: "`config.Entrypoint`, `config.Cmd`",
    fails_when: "shell form without `exec`, so that signals do not arrive",
    advice: "Write ENTRYPOINT and CMD as JSON lists, or begin the script with exec.",
    judge: shell_form,
};

pub(super) const STOP_SIGNAL: Check = Check {
    rule: "stop-signal",
    references: &[],
    title: "The image is stopped by a signal that no program can handle",
    severity: Severity::Negligible,
    looks_at: "`config.StopSignal`",
    fails_when: "`SIGKILL`, `SIGSTOP`",
    advice: "Use a signal that the program answers by ending cleanly, such as SIGTERM.",
    judge: stop_signal,
};

fn shell_form(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let execution = image.facts.execution;
    let fields = [("config.Entrypoint", &execution.entrypoint), ("config.Cmd", &execution.cmd)];
    check.outcome(fields.into_iter().filter_map(|(field, words)| {
        let [program, flag, script, ..] = words.as_slice() else { return None };
        let is_shell_form =
            shell::is_shell(program) && flag.starts_with('-') && flag.ends_with('c') && !is_replaced(script);
        is_shell_form.then(|| check.observe_config(field, format!("{} {} ...", quote(program), quote(flag))))
    }))
}

/// Whether the shell makes way for the program.
fn is_replaced(script: &str) -> bool {
    script.lines().flat_map(|line| line.split([';', '&'])).any(|command| command.trim_start().starts_with("exec "))
}

fn stop_signal(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let signal = image.facts.execution.stop_signal.trim();
    let name = signal.to_ascii_uppercase();
    let is_deaf = matches!(name.strip_prefix("SIG").unwrap_or(&name), "KILL" | "STOP" | "9" | "19");
    check.outcome(is_deaf.then(|| check.observe_config("config.StopSignal", quote(signal))))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::ExecutionConfig;

    use crate::sample::{Sample, assert_verdicts};

    fn started(entrypoint: &[&str], cmd: &[&str]) -> Sample {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Sample::execution(ExecutionConfig { entrypoint: words(entrypoint), cmd: words(cmd), ..Default::default() })
    }

    #[test]
    fn signals_reach_the_program() {
        assert_verdicts(
            "shell-form",
            vec![
                ("cmd", started(&[], &["/bin/sh", "-c", "python app.py"]), "/bin/sh -c ..."),
                ("entry point", started(&["/bin/bash", "-lc", "x"], &[]), "/bin/bash -lc ..."),
                ("both", started(&["sh", "-c", "x"], &["/bin/sh", "-c", "y"]), "sh -c ... | /bin/sh -c ..."),
                ("exec", started(&[], &["/bin/sh", "-c", "exec python app.py"]), "passed"),
                ("exec at the end", started(&[], &["/bin/sh", "-c", "migrate && exec python app.py"]), "passed"),
                ("list", started(&["/app"], &["serve"]), "passed"),
                ("a shell alone", started(&[], &["bash"]), "passed"),
                ("nothing", started(&[], &[]), "passed"),
            ],
        );
    }

    #[test]
    fn the_program_can_end_cleanly() {
        let signal =
            |signal: &str| Sample::execution(ExecutionConfig { stop_signal: signal.into(), ..Default::default() });
        assert_verdicts(
            "stop-signal",
            vec![
                ("kill", signal("SIGKILL"), "SIGKILL"),
                ("short", signal("kill"), "kill"),
                ("number", signal("9"), "9"),
                ("quit", signal("SIGQUIT"), "passed"),
                ("another number", signal("15"), "passed"),
                ("not set", signal(""), "passed"),
            ],
        );
    }
}
