//! A GraphQL subscription over a WebSocket (`graphql-transport-ws`), as any client of the protocol begins it.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A subscription that is listened to.
#[derive(Debug)]
pub struct Watching {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    field: String,
}

impl Watching {
    /// Begins a subscription of one field at an API's address, with an organization's key.
    ///
    /// # Panics
    /// When the API refuses it.
    pub async fn begin(api: &str, key: &str, field: &str, query: &str, variables: Value) -> Self {
        let address = format!("{}/graphql", api.replacen("http", "ws", 1));
        let mut request = address.into_client_request().expect("an address");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        let (socket, _) = connect_async(request).await.expect("the API answers");
        let mut watching = Self { socket, field: field.to_owned() };
        let payload = json!({ "Authorization": format!("Bearer {key}") });
        watching.say(json!({ "type": "connection_init", "payload": payload })).await;
        let acknowledged = watching.hear().await;
        assert_eq!(acknowledged["type"], "connection_ack", "{acknowledged}");
        let payload = json!({ "query": query, "variables": variables });
        watching.say(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
        watching
    }

    /// What the field tells next.
    ///
    /// # Panics
    /// When that is an error, or takes more than half a minute.
    pub async fn next(&mut self) -> Value {
        let message = self.hear().await;
        assert!(message["type"] == "next" && message["payload"]["errors"].is_null(), "{message:#}");
        message["payload"]["data"][&self.field].clone()
    }

    async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the API listens");
    }

    async fn hear(&mut self) -> Value {
        let text = async {
            loop {
                match self.socket.next().await.expect("an open socket").expect("a message") {
                    Message::Text(text) => return text,
                    Message::Close(frame) => panic!("the API closed the socket: {frame:?}"),
                    _ => {}
                }
            }
        };
        let text = tokio::time::timeout(Duration::from_secs(30), text).await.expect("a message within half a minute");
        serde_json::from_str(&text).expect("JSON")
    }
}
