//! The targets: one for each analyser, by its name, and one for each other thing that reads bytes or texts of an image.
//!
//! A target takes any bytes and fails by a panic. The crate's tests run them too: on their seeds, changed a little, and on what fuzzing found.

mod analysers;
mod layers;
mod texts;
mod wrapped;

/// What takes the bytes.
type Run = Box<dyn Fn(&[u8]) + Send + Sync>;
/// Makes an input of a file at a path.
type Seed = Box<dyn Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// One way in for hostile bytes.
pub struct Target {
    /// Unique: the analyser's, or what is read.
    pub name: String,
    /// What a file at a path is as an input for this target, if it is one.
    pub seed: Seed,
    /// Inputs that no file is.
    pub own_seeds: Vec<Vec<u8>>,
    run: Run,
}

impl Target {
    /// One whose inputs are no files.
    fn new(name: &str, own_seeds: Vec<Vec<u8>>, run: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self { name: name.to_owned(), seed: Box::new(|_, _| None), own_seeds, run: Box::new(run) }
    }

    /// Takes the bytes.
    pub fn run(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }
}

/// Every target.
pub fn all() -> Vec<Target> {
    let mut targets = analysers::all();
    targets.extend(wrapped::all());
    targets.extend(layers::all());
    targets.extend(texts::all());
    targets
}
