//! A stand-in for a ClamAV daemon: it speaks `INSTREAM` and `VERSION`, and knows one word that is malicious.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What the stand-in says that it found.
pub const SIGNATURE: &str = "Stand.In.Word";

/// A stand-in for a ClamAV daemon, on a port of its own until the test's process ends.
#[derive(Debug, Clone)]
pub struct StandInClamd {
    address: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    word: String,
    version: Mutex<String>,
    is_out: AtomicBool,
}

impl StandInClamd {
    /// One by which files with this word are malicious.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(word: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("its address"));
        let version = Mutex::new("ClamAV 1.4.3/27800/Sat Nov 28 09:00:00 2026".to_owned());
        let state = Arc::new(State { word: word.to_owned(), version, is_out: AtomicBool::new(false) });
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.answer(stream);
            }
        });
        Self { address, state }
    }

    /// `tcp://127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Hangs up on whoever asks anything, or answers again.
    pub fn set_out(&self, is_out: bool) {
        self.state.is_out.store(is_out, Ordering::SeqCst);
    }

    /// Has other signatures from now on.
    pub fn set_version(&self, version: &str) {
        version.clone_into(&mut self.state.version.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    /// Answers a connection; one that breaks off gets no answer.
    fn answer(&self, mut stream: TcpStream) {
        if self.is_out.load(Ordering::SeqCst) {
            return;
        }
        let answer = match received(&mut stream) {
            Some(Received::Version) => self.version.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Some(Received::File(file)) => {
                let is_malicious = file.windows(self.word.len()).any(|part| part == self.word.as_bytes());
                if is_malicious { format!("stream: {SIGNATURE} FOUND") } else { "stream: OK".to_owned() }
            }
            None => return,
        };
        let _ = stream.write_all(format!("{answer}\0").as_bytes());
    }
}

/// What a connection of a client of ClamAV brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It asks for the version.
    Version,
    /// It sends a file.
    File(Vec<u8>),
}

/// Reads what a client sends, to its end; `None` where it breaks off or says what no client of ours does.
pub fn received(stream: &mut impl Read) -> Option<Received> {
    let mut command = Vec::new();
    while command.last() != Some(&0) {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        command.extend(byte);
    }
    match command.as_slice() {
        b"zVERSION\0" => return Some(Received::Version),
        b"zINSTREAM\0" => {}
        _ => return None,
    }
    let mut file = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        let length = u64::from(u32::from_be_bytes(length));
        if length == 0 {
            return Some(Received::File(file));
        }
        let read = Read::by_ref(stream).take(length).read_to_end(&mut file).ok()?;
        if read as u64 != length {
            return None;
        }
    }
}
