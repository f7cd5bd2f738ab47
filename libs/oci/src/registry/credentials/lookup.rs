//! Which file, and which entry of it, is about a registry.

use std::ffi::OsString;
use std::path::PathBuf;

use super::file::CredentialFile;
use super::program;
use super::{CredentialError, Credentials};
use crate::Reference;

/// Docker Hub's name in these files.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The files that may hold credentials, in the order they are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialFiles {
    paths: Vec<PathBuf>,
    /// Where helper programs are looked for, as `PATH`; the process's own where absent.
    program_path: Option<OsString>,
}

impl CredentialFiles {
    /// Exactly these files.
    pub fn at(paths: Vec<PathBuf>) -> Self {
        Self { paths, program_path: None }
    }

    /// Where Docker and the containers tools look: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json` or else `~/.docker/config.json`,
    /// `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`. `variable` reads the environment.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = variable("HOME");
        let in_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let docker = variable("DOCKER_CONFIG").or_else(|| in_home(".docker")).map(|folder| folder.join("config.json"));
        let runtime = variable("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
        let configured = variable("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
        let configured = configured.map(|folder| folder.join("containers/auth.json"));
        let paths = [variable("REGISTRY_AUTH_FILE"), docker, runtime, configured].into_iter().flatten().collect();
        Self { paths, program_path: None }
    }

    /// Looks for helper programs in these folders instead of `PATH`.
    #[must_use]
    pub fn with_program_path(mut self, path: OsString) -> Self {
        self.program_path = Some(path);
        self
    }

    /// The credentials for a reference's registry and repository; [`Credentials::Anonymous`] where no file knows it.
    ///
    /// In each file: the helper named for this registry, then the most specific `auths` entry, then the store for all registries.
    ///
    /// # Errors
    /// [`CredentialError`], for a file or helper that is there and does not work.
    pub async fn credentials_for(&self, reference: &Reference) -> Result<Credentials, CredentialError> {
        for path in &self.paths {
            let Some(file) = CredentialFile::read(path)? else { continue };
            if let Some(credentials) = self.in_file(&file, reference).await? {
                return Ok(credentials);
            }
        }
        Ok(Credentials::Anonymous)
    }

    async fn in_file(
        &self,
        file: &CredentialFile,
        reference: &Reference,
    ) -> Result<Option<Credentials>, CredentialError> {
        let registry = reference.registry();
        let helper_key = if registry == "docker.io" { DOCKER_HUB_KEY } else { registry };
        let own_helper = [registry, helper_key].into_iter().find_map(|key| file.cred_helpers.get(key));
        if let Some(helper) = own_helper {
            return program::ask(helper, helper_key, self.program_path.as_deref()).await;
        }
        let entries = keys(reference).into_iter().filter_map(|key| {
            let entry = file.auths.iter().find(|(known, _)| plain(known) == key)?;
            entry.1.credentials()
        });
        if let Some(credentials) = entries.into_iter().next() {
            return Ok(Some(credentials));
        }
        match &file.creds_store {
            Some(helper) if !helper.is_empty() => program::ask(helper, helper_key, self.program_path.as_deref()).await,
            _ => Ok(None),
        }
    }
}

/// The keys an entry may have for a reference, most specific first: repository, its parents, the host.
fn keys(reference: &Reference) -> Vec<String> {
    let full = format!("{}/{}", reference.registry(), reference.repository());
    let mut keys: Vec<String> = Vec::new();
    let mut rest = full.as_str();
    loop {
        keys.push(rest.to_owned());
        match rest.rsplit_once('/') {
            Some((parent, _)) => rest = parent,
            None => break,
        }
    }
    if reference.registry() == "docker.io" {
        keys.extend(["index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    keys
}

/// `https://index.docker.io/v1/` and `index.docker.io` are the same entry.
fn plain(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key)
}
