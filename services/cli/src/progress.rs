//! How the work is getting on, on standard error: a line that moves on a terminal, else a line now and then.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::escape::escaped;

/// How often a line is printed where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// Tells the user. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<Inner>);

struct Inner {
    /// The moving line, on a terminal.
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

struct State {
    step: String,
    told: Instant,
    done: u64,
    of: u64,
}

impl Progress {
    /// On this process's standard error.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        let state = State { step: String::new(), told: Instant::now(), done: 0, of: 0 };
        Self(Arc::new(Inner { bar, state: Mutex::new(state) }))
    }

    /// The next step begins, of so many bytes; 0 where that is not known.
    pub fn step(&self, step: impl Into<String>, of: u64) {
        let step = escaped(&step.into()).into_owned();
        match &self.0.bar {
            Some(bar) => {
                bar.set_style(style(of));
                bar.set_length(of);
                bar.set_position(0);
                bar.set_message(step.clone());
            }
            None => anstream::eprintln!("{step}"),
        }
        *self.state() = State { step, told: Instant::now(), done: 0, of };
    }

    /// So many more bytes of the step are done; negative where something starts over.
    pub fn add(&self, bytes: i64) {
        let mut state = self.state();
        state.done = state.done.saturating_add_signed(bytes);
        self.tell(&mut state);
    }

    /// So many bytes of the step are done.
    pub fn set(&self, bytes: u64, of: u64) {
        let mut state = self.state();
        (state.done, state.of) = (bytes, of);
        if let Some(bar) = &self.0.bar {
            bar.set_style(style(of));
            bar.set_length(of);
        }
        self.tell(&mut state);
    }

    fn tell(&self, state: &mut State) {
        if let Some(bar) = &self.0.bar {
            bar.set_position(state.done);
        } else if state.told.elapsed() >= INTERVAL {
            state.told = Instant::now();
            let of: Cow<'_, str> =
                if state.of == 0 { "".into() } else { format!(" of {}", HumanBytes(state.of)).into() };
            anstream::eprintln!("{}: {}{of}", state.step, HumanBytes(state.done));
        }
    }

    /// Something that stays on the screen.
    pub fn note(&self, line: impl AsRef<str>) {
        let line = escaped(line.as_ref());
        match &self.0.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{line}")),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// Writes something else to the terminal without the moving line in its way.
    pub fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// The work is over: the moving line goes.
    pub fn finish(&self) {
        if let Some(bar) = &self.0.bar {
            bar.finish_and_clear();
        }
    }

    /// Counts what is read.
    pub fn reading<R: Read>(&self, inner: R) -> Reading<R> {
        Reading { inner, progress: self.clone() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn style(of: u64) -> ProgressStyle {
    let template = if of == 0 { "{spinner} {msg}" } else { "{spinner} {msg} {bar:24} {bytes} of {total_bytes}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A reader whose bytes are counted.
pub struct Reading<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Reading<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(i64::try_from(count).unwrap_or(i64::MAX));
        Ok(count)
    }
}
