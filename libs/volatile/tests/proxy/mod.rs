//! Stands between a test and Redis, and can cut the line or let it go silent.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq)]
enum Line {
    Open,
    /// Every connection is closed, and new ones at once.
    Cut,
    /// Connections stay, and nothing comes through.
    Silent,
}

pub struct Proxy {
    line: watch::Sender<Line>,
    url: String,
}

impl Proxy {
    /// Listens on a free port of the loopback and passes on to the server that `url` names.
    pub async fn start(url: &str) -> Self {
        let rest = url.strip_prefix("redis://").expect("a redis:// address");
        let (user, host) = rest.rsplit_once('@').map_or(("", rest), |(user, host)| (user, host));
        let (host, database) = host.split_once('/').unwrap_or((host, ""));
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:6379") };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, state) = watch::channel(Line::Open);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if *state.borrow() != Line::Cut {
                    tokio::spawn(pass(client, host.clone(), state.clone()));
                }
            }
        });
        let at = if user.is_empty() { String::new() } else { format!("{user}@") };
        Self { line, url: format!("redis://{at}{address}/{database}") }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    pub fn hold(&self) {
        self.line.send_replace(Line::Silent);
    }

    pub fn mend(&self) {
        self.line.send_replace(Line::Open);
    }
}

async fn pass(client: TcpStream, host: String, mut state: watch::Receiver<Line>) {
    let server = TcpStream::connect(host).await.unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = one_way(from_client, to_server, state.clone());
    let back = one_way(from_server, to_client, state.clone());
    tokio::select! {
        () = there => {},
        () = back => {},
        _ = state.wait_for(|line| *line == Line::Cut) => {},
    }
}

async fn one_way(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<Line>,
) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let is_over = state.wait_for(|line| *line != Line::Silent).await.is_err();
        if is_over || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
