//! A Docker engine of the test's own: private data folder and socket, no network changes on this machine.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Process, output};
use crate::tools::require;

/// A running engine.
#[derive(Debug)]
pub struct Docker {
    // Ends before its folder goes.
    engine: Process,
    folder: TempDir,
}

impl Docker {
    /// Starts an engine that trusts `registry` over plain HTTP. Needs root.
    ///
    /// # Panics
    /// When it does not answer within a minute.
    pub fn start(registry: &str) -> Self {
        require(&["dockerd", "docker"]);
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut command = Command::new("dockerd");
        command
            .args(["--storage-driver", "vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"])
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["--host", &format!("unix://{}", path("socket")), "--insecure-registry", registry]);
        let engine = Process::start("dockerd", command, folder.path().join("log"));
        let mut docker = Self { engine, folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !docker.command().arg("version").output().is_ok_and(|answer| answer.status.success()) {
            docker.engine.assert_running();
            assert!(Instant::now() < deadline, "dockerd does not answer:\n{}", docker.engine.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        docker
    }

    /// The client, with a configuration folder of its own.
    pub fn command(&self) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", format!("unix://{}", self.folder.path().join("socket").display()));
        command.env("DOCKER_CONFIG", self.folder.path().join("config"));
        command
    }

    /// Loads an archive under the name that is in it.
    pub fn load(&self, archive: &PathBuf) {
        output(self.command().arg("load").arg("--input").arg(archive));
    }
}
