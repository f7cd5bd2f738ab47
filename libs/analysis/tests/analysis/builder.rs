//! Layers made in memory, byte by byte, so that hostile ones can be made too.

use std::io::Write as _;

use plimsoll_analysis::{LayerAnalysis, Limits, SquashLayer, analyse_layer, squash};
use plimsoll_model::{BuildStep, DiffId, Digest, Inventory, ProblemCode};

/// A tar under construction.
#[derive(Default, Clone)]
pub struct Tar(pub Vec<u8>);

/// A header's fields as text, as they stand in the block.
pub struct Header<'a> {
    pub name: &'a [u8],
    pub size: [u8; 12],
    pub flag: u8,
    pub link: &'a [u8],
    pub magic: &'a [u8; 8],
}

impl<'a> Header<'a> {
    pub fn new(name: &'a [u8], flag: u8, size: u64) -> Self {
        Self { name, size: octal(size), flag, link: b"", magic: b"ustar\x0000" }
    }

    pub fn block(&self) -> [u8; 512] {
        let mut block = [0; 512];
        block[..self.name.len().min(100)].copy_from_slice(&self.name[..self.name.len().min(100)]);
        block[100..108].copy_from_slice(b"0000644\0");
        block[124..136].copy_from_slice(&self.size);
        block[156] = self.flag;
        block[157..157 + self.link.len()].copy_from_slice(self.link);
        block[257..265].copy_from_slice(self.magic);
        seal(&mut block);
        block
    }
}

/// Puts the right checksum into a header block.
pub fn seal(block: &mut [u8; 512]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub fn octal(size: u64) -> [u8; 12] {
    format!("{size:011o}\0").into_bytes().try_into().expect("twelve bytes")
}

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// Anything at all.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Content, padded to blocks.
    pub fn content(self, bytes: &[u8]) -> Self {
        let padding = (512 - bytes.len() % 512) % 512;
        self.raw(bytes).raw(&vec![0; padding])
    }

    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let tar = if path.len() > 100 { self.pax(&[("path", path)]) } else { self };
        let name = &path.as_bytes()[..path.len().min(100)];
        tar.raw(&Header::new(name, b'0', content.len() as u64).block()).content(content)
    }

    pub fn directory(self, path: &str) -> Self {
        self.raw(&Header::new(path.as_bytes(), b'5', 0).block())
    }

    pub fn link(self, flag: u8, path: &str, target: &str) -> Self {
        self.raw(&Header { link: target.as_bytes(), ..Header::new(path.as_bytes(), flag, 0) }.block())
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.link(b'2', path, target)
    }

    pub fn hard_link(self, path: &str, target: &str) -> Self {
        self.link(b'1', path, target)
    }

    /// A PAX header for the entry that comes next.
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        let text: String = records.iter().map(|(key, value)| record(key, value)).collect();
        self.extension(b'x', text.as_bytes())
    }

    /// A header that extends the next one: `x`, `g`, `L` or `K`.
    pub fn extension(self, flag: u8, content: &[u8]) -> Self {
        self.raw(&Header::new(b"extension", flag, content.len() as u64).block()).content(content)
    }

    /// The tar with its end mark.
    pub fn end(self) -> Vec<u8> {
        self.raw(&[0; 1024]).0
    }
}

fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// A package's metadata as `METADATA` has it.
pub fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n")
}

/// Where `METADATA` of a Python package lies.
pub fn dist_info(name: &str) -> String {
    format!("usr/lib/python3/site-packages/{name}-1.dist-info/METADATA")
}

/// A dpkg database of packages `name version`.
pub fn dpkg_status(packages: &[(&str, &str)]) -> String {
    let paragraph = |(name, version): &(&str, &str)| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
    };
    packages.iter().map(paragraph).collect()
}

pub fn analyse(blob: &[u8]) -> LayerAnalysis {
    analyse_layer(blob, None, &Limits::default()).unwrap()
}

pub fn codes(layer: &LayerAnalysis) -> Vec<ProblemCode> {
    layer.problems.iter().map(|problem| problem.code).collect()
}

/// `name@version` of every package in the layer, sorted.
pub fn names(layer: &LayerAnalysis) -> Vec<String> {
    let packages = layer.contents.files.values().flat_map(|file| &file.packages);
    let mut names: Vec<String> = packages.map(|package| format!("{}@{}", package.name, package.version)).collect();
    names.sort();
    names
}

/// Layers as an image has them, each with its own digests and a build step.
pub fn layers(analyses: &[LayerAnalysis]) -> Vec<SquashLayer<'_>> {
    let layer = |(index, analysis)| {
        let analysis: &LayerAnalysis = analysis;
        let index = u32::try_from(index).expect("few layers");
        let build_step = BuildStep { index, created_by: format!("RUN step {index}"), created: None };
        SquashLayer {
            index,
            digest: analysis.digest,
            size: analysis.compressed_size,
            diff_id: analysis.diff_id,
            build_step: Some(build_step),
            analysis: Ok(analysis),
        }
    };
    analyses.iter().enumerate().map(layer).collect()
}

/// The inventory of an image of these tars.
pub fn image(tars: &[Tar]) -> Inventory {
    let analyses: Vec<LayerAnalysis> = tars.iter().map(|tar| analyse(&tar.clone().end())).collect();
    squash(&layers(&analyses))
}

/// `name@version layer` of every package.
pub fn found(inventory: &Inventory) -> Vec<String> {
    let line = |package: &plimsoll_model::InstalledPackage| {
        format!("{}@{} {}", package.package.name, package.package.version, package.layer)
    };
    inventory.packages.iter().map(line).collect()
}

/// The digest of bytes, computed apart from the crate's own way.
pub fn sha256(bytes: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest::from_sha256(sha2::Sha256::digest(bytes).into())
}

pub fn diff_id(bytes: &[u8]) -> Option<DiffId> {
    Some(DiffId(sha256(bytes)))
}
