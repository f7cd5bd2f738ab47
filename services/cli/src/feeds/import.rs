//! `plimsoll feeds import`, and `plimsoll db update --bundle`: the database of a bundle in place of the one that is there.

use std::fs::File;
use std::path::{Path, PathBuf};

use plimsoll_advisory_db::{AdvisoryDb, DbError, Origin, install};
use plimsoll_bundle::{Bundle, BundleError, Header, MOST_BYTES, TrustedKey};
use plimsoll_fetch::{Fetched, Fetcher, Limits, Options, Validators};

use crate::arguments::{Format, ImportArguments, TrustArguments};
use crate::escape::escaped;
use crate::exit::{Failure, Outcome};
use crate::progress::Progress;
use crate::quantity::age;
use crate::{clock, db, feeds, output};

/// What came of an import.
pub struct Imported {
    /// Where the database is.
    path: PathBuf,
    /// When it was built.
    built_at: chrono::DateTime<chrono::Utc>,
    signed_by: String,
    /// What was taken in; `None` where the database is the bundle's already.
    taken: Option<Header>,
}

/// Imports, and tells what came of it.
pub async fn run(arguments: ImportArguments) -> Result<Outcome, Failure> {
    let path = db::path(arguments.database.db.as_ref())?;
    let imported = import(&arguments.bundle, &arguments.trust, &path, &Progress::new()).await?;
    output::print(&match arguments.format {
        Format::Table => told(&imported),
        Format::Json => format!("{}\n", json(&imported)),
    })?;
    Ok(Outcome::Done)
}

/// What came of an import, for people.
pub fn told(imported: &Imported) -> String {
    let path = imported.path.display().to_string();
    let (lines, outcome) = match &imported.taken {
        Some(header) => (feeds::lines(header), "taken"),
        None => (String::new(), "unchanged"),
    };
    let old = age((clock::now() - imported.built_at).max(chrono::TimeDelta::zero()));
    format!("{lines}{}: {outcome}, {old} old, signed by key {}\n", escaped(&path), escaped(&imported.signed_by))
}

fn json(imported: &Imported) -> serde_json::Value {
    let outcome = if imported.taken.is_some() { "changed" } else { "unchanged" };
    serde_json::json!({
        "outcome": outcome, "database": imported.path, "built_at": imported.built_at, "signed_by": imported.signed_by,
        "bundle": imported.taken.as_ref().map(feeds::fields),
    })
}

/// Puts the database of a bundle in place of the one at `path`, which stays as it was where anything is wrong.
pub async fn import(
    bundle: &str,
    trust: &TrustArguments,
    path: &Path,
    progress: &Progress,
) -> Result<Imported, Failure> {
    let keys = keys(trust)?;
    let address: String = plimsoll_fetch::address(bundle).map_err(Failure::undone)?.into();
    let held = held(path, progress);
    // What came by the same address, signed by a key that is trusted still, need not come again.
    let origin = held
        .as_ref()
        .and_then(AdvisoryDb::origin)
        .filter(|origin| origin.address == address && keys.iter().any(|key| key.id().to_string() == origin.signed_by));
    let known = origin.and_then(|origin| serde_json::from_str::<Validators>(origin.validators.as_deref()?).ok());
    let (file, validators) = match (fetch(&address, &known.unwrap_or_default(), progress).await?, &held, origin) {
        (Fetched::Unchanged, Some(held), Some(origin)) => {
            progress.finish();
            let signed_by = origin.signed_by.clone();
            return Ok(Imported { path: path.to_owned(), built_at: held.built_at(), signed_by, taken: None });
        }
        (Fetched::Unchanged, ..) => {
            return Err(Failure::undone("the server says that the bundle did not change, and nothing is held of it"));
        }
        (Fetched::Changed { file, validators, .. }, ..) => (file, validators),
    };
    progress.step("checking and unpacking the bundle", 0);
    let (path, built_at) = (path.to_owned(), held.map(|held| held.built_at()));
    let older_is_allowed = trust.allow_older;
    let taking = tokio::task::spawn_blocking(move || {
        let bundle = Bundle::open(file, &keys).map_err(refused)?;
        if let Some(built_at) = built_at.filter(|at| *at > bundle.header().built_at && !older_is_allowed) {
            return Err(older(bundle.header(), built_at));
        }
        let signed_by = bundle.signed_by().to_string();
        let validators = serde_json::to_string(&validators).ok().filter(|_| !validators.is_empty());
        let origin = Origin { signed_by: signed_by.clone(), imported_at: clock::now(), address, validators };
        take(&bundle, &path, &origin)?;
        let header = bundle.header().clone();
        Ok(Imported { path, built_at: header.built_at, signed_by, taken: Some(header) })
    });
    let taken = taking.await.map_err(Failure::undone)?;
    progress.finish();
    taken
}

fn keys(trust: &TrustArguments) -> Result<Vec<TrustedKey>, Failure> {
    let read = |key: &String| TrustedKey::read(key).map_err(|error| Failure::Usage(format!("--key {error}")));
    let keys: Vec<TrustedKey> =
        trust.keys.iter().filter(|key| !key.trim().is_empty()).map(read).collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(Failure::Usage(
            "say by --key or PLIMSOLL_BUNDLE_KEYS whose bundles are believed: the public key of plimsoll feeds keygen"
                .into(),
        ));
    }
    Ok(keys)
}

/// The database that is there, if it is of use.
fn held(path: &Path, progress: &Progress) -> Option<AdvisoryDb> {
    match AdvisoryDb::open(path) {
        Ok(db) => Some(db),
        Err(DbError::Absent(_)) => None,
        Err(error) => {
            progress.note(format!("{error}: the bundle's takes its place"));
            None
        }
    }
}

async fn fetch(address: &str, known: &Validators, progress: &Progress) -> Result<Fetched, Failure> {
    progress.step("fetching the bundle", 0);
    let told = |event: plimsoll_fetch::Progress<'_>| match event {
        plimsoll_fetch::Progress::Received { bytes, of } => progress.set(bytes, of.unwrap_or(0)),
        plimsoll_fetch::Progress::Retrying { error, after } => {
            progress.note(format!("{error}; trying again in {} s", after.as_secs_f32().ceil()));
        }
    };
    let limits = Limits { size: MOST_BYTES, ..Limits::default() };
    let fetcher = Fetcher::new(Options { limits, ..Options::default() });
    fetcher
        .fetch(address, known, &told)
        .await
        .map_err(|error| Failure::curable(error, "the database is as it was, if there was one: scans go on with it"))
}

fn take(bundle: &Bundle, path: &Path, origin: &Origin) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let named = |error: std::io::Error| Failure::undone(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    let temporary =
        tempfile::Builder::new().prefix(".advisories-").tempfile_in(folder).map_err(named)?.into_temp_path();
    let mut database = File::create(&temporary).map_err(named)?;
    bundle.unpack(&mut database).map_err(refused)?;
    drop(database);
    install(temporary, path, origin).map_err(|error| {
        if error.is_newer() {
            let said = bundle.header();
            return Failure::curable(
                format!(
                    "the bundle's database is of format {}, which a newer release made ({})",
                    said.database.format, said.made_by
                ),
                "update plimsoll; the database is as it was, if there was one",
            );
        }
        Failure::undone(error)
    })
}

/// Why a bundle is refused, and what helps.
fn refused(error: BundleError) -> Failure {
    let cure = match &error {
        BundleError::NewerFormat { .. } => "the database is as it was, if there was one",
        BundleError::NotTrusted { .. } => "if that key is right: --key with its public key",
        BundleError::CutShort { .. } => "fetch it again",
        _ => "nothing of it was used: the database is as it was, if there was one",
    };
    Failure::curable(error, cure)
}

fn older(said: &Header, held: chrono::DateTime<chrono::Utc>) -> Failure {
    let date = |at: chrono::DateTime<chrono::Utc>| at.format("%F %T UTC").to_string();
    Failure::curable(
        format!("the bundle is of {}, and the database that is there of {}", date(said.built_at), date(held)),
        "if older knowledge is wanted: --allow-older",
    )
}
