//! The real image that the main job is judged on: a Debian root file system by `debootstrap`, real `pip` and `npm` installs on
//! top, and a deleted package. Built once for a checkout, under `target/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::layout::{Compression, Layout, tar_of, tar_of_folder};
use crate::process::{output, programs};
use crate::tools::require;

/// What an image is made of.
struct Recipe {
    /// Where it is kept; raised when the recipe changes.
    name: &'static str,
    /// What `debootstrap` is told.
    debootstrap: &'static [&'static str],
    /// What `pip` installs.
    pip: &'static [&'static str],
    /// What `npm` installs.
    npm: &'static [&'static str],
}

/// The image that the main job is judged on.
const MAIN: Recipe =
    Recipe { name: "debian-image-2", debootstrap: &["--variant=minbase", "bookworm"], pip: &PIP, npm: &NPM };

/// A large one, of old trees, for benchmarks: some 850 MB of tar, 60,000 files, 2,300 packages.
const LARGE: Recipe = Recipe {
    name: "debian-large-1",
    debootstrap: &["bookworm"],
    pip: &[
        "django==3.2",
        "jinja2==2.10",
        "urllib3==1.24.1",
        "notebook==6.4.9",
        "numpy==1.24.0",
        "pandas==1.5.3",
        "scipy==1.10.0",
        "botocore==1.29.0",
        "sqlalchemy==1.4.46",
        "cryptography==39.0.0",
        "requests==2.28.0",
        "flask==2.2.0",
        "pillow==9.4.0",
    ],
    npm: &["react-scripts@4.0.0", "lodash@4.17.11", "minimist@1.2.0", "ws@7.4.0"],
};

const MIRROR: &str = "http://deb.debian.org/debian";
const PYTHON: &str = "usr/local/lib/python3.11/dist-packages";

/// What `pip` installs; Jinja2 is removed again by the last layer.
pub const PIP: [&str; 5] = ["django==3.2", "jinja2==2.10", "urllib3==1.24.1", "notebook==6.4.9", "numpy==1.24.0"];
/// What `npm` installs.
pub const NPM: [&str; 4] = ["@fastify/passport@2.2.0", "lodash@4.17.11", "minimist@1.2.0", "ws@7.4.0"];

/// The image.
#[derive(Debug)]
pub struct DebianImage {
    /// Its OCI layout.
    pub layout: PathBuf,
}

impl DebianImage {
    /// The image, built if it was not yet. Takes about a minute then, and the Debian, PyPI and npm registries.
    ///
    /// # Panics
    /// When a tool fails, or is not there, or this is not root (`debootstrap` must be).
    pub fn get() -> Self {
        Self::made_by(&MAIN)
    }

    /// A larger one of the same kind, for benchmarks. Takes some minutes when it is built.
    ///
    /// # Panics
    /// As [`DebianImage::get`].
    pub fn large() -> Self {
        Self::made_by(&LARGE)
    }

    fn made_by(recipe: &Recipe) -> Self {
        require(&["debootstrap", "pip", "npm", "tar"]);
        let folder = programs().parent().expect("the target folder").join("e2e").join(recipe.name);
        fs::create_dir_all(&folder).expect("a folder");
        // Tests are processes of their own: one builds, the others wait.
        let lock = File::create(folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        let image = Self { layout: folder.join("layout") };
        if !image.layout.join("index.json").exists() {
            build(recipe, &folder, &image.layout);
        }
        image
    }

    /// The layout as `skopeo` names it.
    pub fn skopeo(&self) -> String {
        format!("oci:{}:debian", self.layout.display())
    }

    /// The files of its layer blobs, lowest first.
    ///
    /// # Panics
    /// When the layout is broken.
    pub fn layers(&self) -> Vec<PathBuf> {
        let json = |file: PathBuf| -> serde_json::Value {
            serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON")
        };
        let blob = |descriptor: &serde_json::Value| {
            let digest = descriptor["digest"].as_str().expect("a digest");
            self.layout.join("blobs/sha256").join(digest.trim_start_matches("sha256:"))
        };
        let manifest = json(blob(&json(self.layout.join("index.json"))["manifests"][0]));
        manifest["layers"].as_array().expect("layers").iter().map(blob).collect()
    }
}

fn build(recipe: &Recipe, folder: &Path, layout: &Path) {
    let work = folder.join("work");
    let _ = fs::remove_dir_all(&work);
    let _ = fs::remove_dir_all(layout);
    let (root, python, node) = (work.join("root"), work.join("python"), work.join("node"));
    fs::create_dir_all(&work).expect("a folder");
    output(Command::new("debootstrap").args(recipe.debootstrap).arg(&root).arg(MIRROR));
    // Device nodes are no content, and an unprivileged reader of the layout could not make them.
    output(
        Command::new("sh")
            .arg("-c")
            .arg(format!("rm -rf '{0}'/dev/* '{0}'/var/cache/apt/archives/*.deb", root.display())),
    );
    output(
        Command::new("pip")
            .args(["install", "--no-deps", "--no-compile", "--quiet", "--only-binary=:all:", "--python-version=3.11"])
            .args(["--root-user-action=ignore", "--target"])
            .arg(python.join(PYTHON))
            .args(recipe.pip),
    );
    output(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(node.join("srv/app"))
            .args(recipe.npm),
    );
    let removed =
        tar_of(&[(&format!("{PYTHON}/.wh.jinja2"), ""), (&format!("{PYTHON}/.wh.Jinja2-2.10.dist-info"), "")]);
    let unfinished = folder.join("layout.unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    Layout::create(&unfinished)
        .layer(&tar_of_folder(&root), Compression::Gzip, &format!("RUN debootstrap {} /", recipe.debootstrap.join(" ")))
        .step("CMD [\"bash\"]")
        .layer(&tar_of_folder(&python), Compression::Gzip, &format!("RUN pip install {}", recipe.pip.join(" ")))
        .layer(&tar_of_folder(&node), Compression::Gzip, &format!("RUN npm install {}", recipe.npm.join(" ")))
        .layer(&removed, Compression::None, "RUN pip uninstall -y jinja2")
        .finish("debian");
    fs::rename(&unfinished, layout).expect("a folder");
    fs::remove_dir_all(&work).expect("the work folder goes");
}
