//! Credential helper programs: `docker-credential-NAME get` reads a registry's name and prints a JSON object.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::{CredentialError, Credentials};

/// Helpers may ask a person or a cloud; those that hang are ended.
const PATIENCE: Duration = Duration::from_secs(30);
const OUTPUT_BYTES: u64 = 64 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(default)]
    username: String,
    secret: SecretString,
}

/// Asks a helper; `None` where it does not know the registry.
pub(super) async fn ask(
    name: &str,
    registry: &str,
    program_path: Option<&OsStr>,
) -> Result<Option<Credentials>, CredentialError> {
    let failed = |why: String| CredentialError::Helper {
        name: crate::reference::excerpt(name),
        registry: registry.to_owned(),
        why,
    };
    // The name comes from a file and becomes part of a program's name: it must not lead to another folder.
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Err(failed("that is no helper's name".into()));
    }
    let mut command = Command::new(format!("docker-credential-{name}"));
    if let Some(path) = program_path {
        command.env("PATH", path);
    }
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let conversation = async {
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not read its input is not at fault yet.
            let _ = input.write_all(registry.as_bytes()).await;
        }
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(OUTPUT_BYTES).read_to_end(&mut output).await?;
        }
        Ok::<_, std::io::Error>((child.wait().await?, output))
    };
    let (status, output) = tokio::time::timeout(PATIENCE, conversation)
        .await
        .map_err(|_| failed(format!("no answer within {} s", PATIENCE.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        // The protocol's words for "I have none", on standard output.
        let is_unknown = String::from_utf8_lossy(&output).contains("credentials not found");
        return if is_unknown { Ok(None) } else { Err(failed(format!("it failed ({status})"))) };
    }
    let output: Output = serde_json::from_slice(&output).map_err(|_| failed("it printed no credentials".into()))?;
    Ok(match output.username.as_str() {
        _ if output.secret.expose_secret().is_empty() => None,
        "<token>" => Some(Credentials::IdentityToken(output.secret)),
        _ => Some(Credentials::Basic { username: output.username, password: output.secret }),
    })
}
