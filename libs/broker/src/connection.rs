//! Connections that are made anew when they break: a channel of the old one is never waited for.

use std::future::Future;
use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};

use crate::{BrokerError, topology};

const PATIENCE: Duration = Duration::from_secs(10);

/// Every wait for the broker ends: lapin's own waits may not (lapin issue 450).
pub(crate) async fn within<T>(
    doing: &'static str,
    answer: impl Future<Output = Result<T, lapin::Error>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(BrokerError::Timeout(PATIENCE.as_secs(), doing)),
    }
}

/// A connection with one channel, after every queue was declared.
pub(crate) async fn open(url: &str, name: &str) -> Result<(Connection, Channel), BrokerError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connection = within("connecting", Connection::connect(url, properties)).await?;
    let channel = within("opening a channel", connection.create_channel()).await?;
    topology::declare(&channel).await?;
    Ok((connection, channel))
}

/// Closes what [`open`] gave. A connection that is broken already is closed, too.
pub(crate) async fn close(connection: Connection) {
    let _ = within("closing", connection.close(200, "done".into())).await;
}

/// Asks the broker to answer at all.
///
/// # Errors
/// When it does not.
pub async fn ping(url: &str) -> Result<(), BrokerError> {
    let properties = ConnectionProperties::default().with_connection_name("plimsoll readiness".into());
    let connection = within("connecting", Connection::connect(url, properties)).await?;
    close(connection).await;
    Ok(())
}
