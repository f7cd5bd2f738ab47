//! A small HTTP server that answers as a test tells it, rightly or wrongly.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What came.
#[derive(Debug, Clone)]
pub(super) struct Received {
    /// `GET /v2/?a=b`.
    pub(super) line: String,
    /// Names in lower case.
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// How a connection goes on after what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Close,
    /// Nothing more comes, and the connection stays open.
    Stall,
    /// The body's last part again and again, without end.
    Repeat,
    /// A byte at a time, without end.
    Trickle,
}

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), end: End::Close }
    }

    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(super) fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&received));
        let accepting = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move {
                    let _ = serve(connection, &*answer, &log).await;
                });
            }
        });
        Self { address, received, accepting }
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.received().into_iter().map(|received| received.line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut connection: TcpStream,
    answer: &(dyn Fn(&Received) -> Reply + Send + Sync),
    log: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    let received = receive(&mut connection).await?;
    log.lock().unwrap().push(received.clone());
    let reply = answer(&received);
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let says_length = reply.headers.iter().any(|(name, _)| name == "Content-Length" || name == "Transfer-Encoding");
    if !says_length && reply.end == End::Close {
        head += &format!("Content-Length: {}\r\n", reply.body.len());
    }
    connection.write_all(head.as_bytes()).await?;
    if reply.end == End::Repeat && reply.status == 200 && reply.body.starts_with(b"X-") {
        // Headers that never end.
        loop {
            connection.write_all(&reply.body).await?;
        }
    }
    connection.write_all(b"\r\n").await?;
    if !received.line.starts_with("HEAD") {
        connection.write_all(&reply.body).await?;
    }
    match reply.end {
        End::Close => {}
        End::Stall => drop(connection.read(&mut [0; 1]).await?),
        End::Repeat => loop {
            connection.write_all(&reply.body).await?;
        },
        End::Trickle => loop {
            connection.write_all(b" ").await?;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        },
    }
    connection.shutdown().await
}

async fn receive(connection: &mut TcpStream) -> std::io::Result<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        read_more(connection, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: HashMap<String, String> =
        lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
    let mut body = bytes.split_off(head_end + 4);
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        read_more(connection, &mut body).await?;
    }
    Ok(Received { line, headers, body })
}

async fn read_more(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match connection.read_buf(bytes).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
