//! The server and organization that the user's address and key name.

use super::Server;
use crate::arguments::AccessArguments;
use crate::exit::Failure;
use crate::scan::online::api_key;

/// Connects to the server that the user names; gives the slug of the key's organization, too.
pub async fn connect(access: &AccessArguments) -> Result<(Server, String), Failure> {
    let address = access
        .server
        .clone()
        .ok_or_else(|| Failure::Usage("no server: say --server URL or set PLIMSOLL_SERVER".into()))?;
    let server = Server::connect(address, api_key(access)?).await?;
    let slug = server.organization().await?;
    Ok((server, slug))
}
