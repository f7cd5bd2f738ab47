//! Shell scripts of build steps, split into commands.
//!
//! In: a script as `RUN` has it. Out: its commands in order, as words without their quotes. Not a shell: nothing is expanded, and a substitution's
//! commands stand beside those of the script. Source: POSIX.1-2024, Shell Command Language, token recognition; BuildKit's heredocs.

use std::mem;

/// Bytes of one script that are looked at. Real ones stay below a few KiB.
const MOST_BYTES: usize = 64 << 10;
/// Commands of one script.
const MOST_COMMANDS: usize = 2_000;
/// Heredocs of one script whose bodies are told from commands.
const MOST_HEREDOCS: usize = 50;
/// How deep `sh -c '...'` is followed.
const MOST_DEPTH: usize = 3;
/// Words before a command that are not it.
const PREFIXES: &[&str] = &[
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "}", "time", "exec", "env", "command", "nice",
    "nohup", "eval", "sudo", "doas",
];
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "ksh", "zsh"];

/// One command of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    words: Vec<String>,
    /// Whether its output is the next command's input.
    pub(crate) is_piped: bool,
}

impl Command {
    /// The program's name without its folder: `apt-get`.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", |word| base_name(word))
    }

    /// What follows the program's name.
    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether one of the arguments is one of these.
    pub(crate) fn has(&self, arguments: &[&str]) -> bool {
        self.arguments().iter().any(|argument| arguments.contains(&argument.as_str()))
    }

    /// Whether it is a shell or another interpreter that runs what it reads.
    pub(crate) fn is_interpreter(&self) -> bool {
        let program = self.program();
        SHELLS.contains(&program)
            || ["python", "perl", "ruby", "node", "php"].iter().any(|name| program.starts_with(name))
    }
}

/// The commands of a script, and whether they are all: not past a bound.
pub(crate) fn commands(script: &str) -> (Vec<Command>, bool) {
    let mut found = Commands { list: Vec::new(), is_complete: true };
    found.read(script, 0);
    (found.list, found.is_complete)
}

/// Whether a program is a shell.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&base_name(program))
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

struct Commands {
    list: Vec<Command>,
    is_complete: bool,
}

impl Commands {
    fn read(&mut self, script: &str, depth: usize) {
        let (script, is_whole) = clipped(script);
        self.is_complete &= is_whole;
        let mut lexer = Lexer { rest: script, ..Lexer::default() };
        while let Some(command) = lexer.next_command() {
            self.take(command, depth);
            if self.list.len() > MOST_COMMANDS {
                self.list.truncate(MOST_COMMANDS);
                self.is_complete = false;
                return;
            }
        }
    }

    /// Keeps a command without what stands before it; `sudo` is a command of its own.
    fn take(&mut self, mut command: Command, depth: usize) {
        let mut start = 0;
        while let Some(word) = command.words.get(start) {
            let is_prefix = PREFIXES.contains(&word.as_str());
            if word == "sudo" || word == "doas" {
                self.list.push(Command { words: vec!["sudo".to_owned()], is_piped: false });
            }
            if !is_prefix && !is_assignment(word) {
                break;
            }
            start += 1;
            while let Some(flag) = command.words.get(start).filter(|word| is_prefix && word.starts_with('-')) {
                start += if ["-u", "-g", "-n"].contains(&flag.as_str()) { 2 } else { 1 };
            }
        }
        command.words.drain(..start.min(command.words.len()));
        if command.words.is_empty() {
            return;
        }
        let inner = inner_script(&command).filter(|_| depth < MOST_DEPTH).map(ToOwned::to_owned);
        self.list.push(command);
        if let Some(inner) = inner {
            self.read(&inner, depth + 1);
        }
    }
}

/// The script of `sh -c SCRIPT`.
fn inner_script(command: &Command) -> Option<&str> {
    if !SHELLS.contains(&command.program()) {
        return None;
    }
    let arguments = command.arguments();
    let flag =
        arguments.iter().position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))?;
    arguments.get(flag + 1).map(String::as_str)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn clipped(script: &str) -> (&str, bool) {
    let end = script.floor_char_boundary(MOST_BYTES.min(script.len()));
    (script.get(..end).unwrap_or_default(), end == script.len())
}

#[derive(Default)]
struct Lexer<'a> {
    rest: &'a str,
    /// Ends of heredocs whose bodies begin after this line.
    heredocs: Vec<String>,
    /// How many there were: each costs a search for its end.
    heredoc_count: usize,
    word: String,
    /// Whether `word` is one even if empty: it had quotes.
    is_word: bool,
    words: Vec<String>,
}

impl Lexer<'_> {
    /// The next command that has words, or `None` at the end.
    fn next_command(&mut self) -> Option<Command> {
        while let Some(c) = self.bump() {
            let is_piped = c == '|' && !self.rest.starts_with('|');
            if self.ends_command(c) {
                self.end_word();
                if !self.words.is_empty() {
                    return Some(Command { words: mem::take(&mut self.words), is_piped });
                }
            }
        }
        self.end_word();
        (!self.words.is_empty()).then(|| Command { words: mem::take(&mut self.words), is_piped: false })
    }

    /// Takes a character outside of quotes; says whether a command ends with it.
    fn ends_command(&mut self, c: char) -> bool {
        match c {
            '\n' => {
                self.skip_heredocs();
                return true;
            }
            ';' | '(' | ')' | '`' => {
                // What is before a substitution is no word: `$(`, `<(`.
                if c == '(' && matches!(self.word.as_str(), "$" | "<" | ">") {
                    self.word.clear();
                }
                return true;
            }
            // A redirection: `2>&1`, `&>file`.
            '&' if self.word.ends_with(['>', '<']) || self.rest.starts_with('>') => self.word.push(c),
            '&' | '|' => {
                if self.rest.starts_with(c) {
                    self.bump();
                }
                return true;
            }
            '#' if !self.has_word() => self.skip_comment(),
            '\\' => match self.bump() {
                Some('\n') | None => {}
                Some(escaped) => self.word.push(escaped),
            },
            '\'' | '"' => self.quoted(c),
            '<' if self.rest.starts_with('<') && !self.rest.starts_with("<<") => self.heredoc(),
            c if c.is_whitespace() => self.end_word(),
            c => self.word.push(c),
        }
        false
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn has_word(&self) -> bool {
        self.is_word || !self.word.is_empty()
    }

    fn end_word(&mut self) {
        if self.has_word() {
            self.words.push(mem::take(&mut self.word));
            self.is_word = false;
        }
    }

    fn quoted(&mut self, quote: char) {
        self.is_word = true;
        while let Some(c) = self.bump() {
            match c {
                c if c == quote => return,
                '\\' if quote == '"' => self.escaped(),
                c => self.word.push(c),
            }
        }
    }

    /// Within double quotes a backslash escapes few characters, and else is one.
    fn escaped(&mut self) {
        match self.bump() {
            Some(c @ ('$' | '`' | '"' | '\\')) => self.word.push(c),
            Some('\n') | None => {}
            Some(c) => {
                self.word.push('\\');
                self.word.push(c);
            }
        }
    }

    fn skip_comment(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..).unwrap_or_default();
    }

    /// After the first `<` of `<<[-]WORD`.
    fn heredoc(&mut self) {
        self.bump();
        let rest = self.rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let word: String = rest.chars().take_while(|c| !c.is_whitespace() && !";&|()<>".contains(*c)).collect();
        let name = word.trim_matches(['\'', '"']);
        if self.heredoc_count < MOST_HEREDOCS && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            self.heredoc_count += 1;
            self.heredocs.push(name.to_owned());
            self.rest = rest.get(word.len()..).unwrap_or_default();
        } else {
            self.word.push_str("<<");
        }
    }

    /// A body is no commands, unless a shell reads it. One whose end is missing is taken for none.
    fn skip_heredocs(&mut self) {
        let is_script = self.words.first().is_some_and(|word| is_shell(word));
        for name in mem::take(&mut self.heredocs) {
            let mut offset = 0;
            let end = self.rest.split_inclusive('\n').find_map(|line| {
                let start = offset;
                offset += line.len();
                (line.trim() == name).then_some((start, offset))
            });
            if let Some((_, after)) = end.filter(|_| !is_script) {
                self.rest = self.rest.get(after..).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

    use super::*;

    /// Words joined by a space, commands by ` ; `, a pipe as ` | `.
    fn shown(script: &str) -> String {
        let (commands, _) = commands(script);
        let mut text = String::new();
        for command in &commands {
            text.push_str(&command.words.join(" "));
            text.push_str(if command.is_piped { " | " } else { " ; " });
        }
        text.trim_end_matches(" ; ").to_owned()
    }

    #[test]
    fn scripts_are_split_into_commands() {
        let table = [
            ("apt-get update", "apt-get update"),
            ("apt-get update && apt-get install -y curl", "apt-get update ; apt-get install -y curl"),
            ("a;b||c & d\ne", "a ; b ; c ; d ; e"),
            ("curl -fsSL https://x | sh -s -- -y", "curl -fsSL https://x | sh -s -- -y"),
            ("echo 'a && b; c' \"d | e\" f\\ g", "echo a && b; c d | e f g"),
            ("echo \"a \\\"b\\\" \\n\"", "echo a \"b\" \\n"),
            ("set -ex;  \\\n  apt-get \\\n update", "set -ex ; apt-get update"),
            ("make > /dev/null 2>&1 && true &> x", "make > /dev/null 2>&1 ; true &> x"),
            ("DEBIAN_FRONTEND=noninteractive apt-get update", "apt-get update"),
            ("if ! which curl; then apk add curl; fi", "which curl ; apk add curl ; fi"),
            ("sudo -E -u app apt-get update", "sudo ; apt-get update"),
            ("(cd /x && make)", "cd /x ; make"),
            ("x=$(curl -k https://x)", "curl -k https://x"),
            ("bash <(curl https://x)", "bash ; curl https://x"),
            ("sh -c 'apt-get update; id'", "sh -c apt-get update; id ; apt-get update ; id"),
            ("# apt-get update\nid # x\necho a#b", "id ; echo a#b"),
            ("cat <<'EOF' > f\napt-get update\nEOF\nid", "cat > f ; id"),
            ("bash <<EOF\napt-get update\nEOF", "bash ; apt-get update ; EOF"),
            ("cat <<EOF\nid", "cat ; id"),
            ("echo $((1<<2)) && id", "echo ; 1<<2 ; id"),
            ("echo '", "echo "),
            ("echo 'never closed && id", "echo never closed && id"),
            ("", ""),
            (" \n;;&&|| ( ) ` \\", ""),
        ];
        for (script, expected) in table {
            assert_eq!(shown(script), expected, "{script}");
        }
    }

    #[test]
    fn a_command_says_its_program_and_arguments() {
        let (commands, _) = commands("/usr/bin/apt-get -qq install --no-install-recommends curl");
        let command = &commands[0];
        assert_eq!((command.program(), command.arguments().len()), ("apt-get", 4));
        assert!(command.has(&["--no-install-recommends"]) && !command.has(&["apt-get"]));
    }

    #[test]
    fn what_is_past_a_bound_is_said_to_be_missing() {
        assert!(!commands(&"id;".repeat(MOST_COMMANDS + 1)).1);
        assert_eq!(commands(&"id;".repeat(MOST_COMMANDS + 1)).0.len(), MOST_COMMANDS);
        assert!(!commands(&"é".repeat(MOST_BYTES)).1);
        assert!(commands(&"id;".repeat(MOST_COMMANDS)).1);
        let nested = (0..8).fold("id".to_owned(), |script, _| {
            format!("sh -c '{}'", script.replace('\'', "'\\''")).chars().take(60_000).collect()
        });
        assert!(commands(&nested).0.len() <= MOST_DEPTH + 2);
        assert_eq!(commands(&"(".repeat(MOST_BYTES)).0, []);
        for hostile in ["cat <<A\n", "A=b ", "sudo -u ", "'", "\\", "$(", "| "] {
            assert!(commands(&hostile.repeat(MOST_BYTES / hostile.len())).0.len() <= MOST_COMMANDS, "{hostile}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_script_is_too_odd(words in proptest::collection::vec(proptest::prop_oneof![
            proptest::sample::select(vec!["sh", "-c", "sudo", "<<EOF", "EOF", "\n", "|", "&&", "'", "\"", "\\", "$(", ")", "`", "#", "A=b", "-u", "2>&1"])
                .prop_map(str::to_owned),
            "\\PC{0,6}",
        ], 0..40)) {
            let script = words.join(" ");
            let (commands, is_complete) = commands(&script);
            proptest::prop_assert!(is_complete && commands.iter().all(|command| !command.words.is_empty()));
            proptest::prop_assert!(commands.len() <= (script.len() + 1) * (MOST_DEPTH + 1));
        }
    }
}
