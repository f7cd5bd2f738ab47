//! What a statement speaks of.

use crate::{ImagePattern, PackagePattern};

/// A product, and which of its parts are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The product.
    pub product: Product,
    /// The packages in it that are meant; the product as a whole where there are none.
    pub subcomponents: Vec<Product>,
}

impl Claim {
    /// Whether its product is more than a package by itself: an image, something unknown, or something of which parts are meant.
    pub(crate) fn is_of_a_whole(&self) -> bool {
        self.product.package().is_none() || !self.subcomponents.is_empty()
    }
}

/// A product as a document names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// As it is written.
    pub text: String,
    /// What that means here.
    pub meaning: Meaning,
}

/// What a product is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Images.
    Image(ImagePattern),
    /// Packages, wherever they are.
    Package(PackagePattern),
    /// Nothing that is known here: a CPE, an address. It is shown, and matches nothing.
    Other,
}

impl Product {
    /// Reads a package URL, or an image's digest; all else means nothing here.
    ///
    /// What is read of [`Product::text`] is the same product again.
    pub fn read(text: impl Into<String>) -> Self {
        let text = text.into();
        let meaning = if let Ok(digest) = text.parse() {
            Meaning::Image(ImagePattern::of_digest(digest))
        } else if let Some(image) = ImagePattern::of_purl(&text) {
            Meaning::Image(image)
        } else {
            PackagePattern::read(&text).map_or(Meaning::Other, Meaning::Package)
        };
        Self { text, meaning }
    }

    /// The packages that it names, if it does.
    pub const fn package(&self) -> Option<&PackagePattern> {
        match &self.meaning {
            Meaning::Package(package) => Some(package),
            Meaning::Image(_) | Meaning::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_an_image_a_package_or_unknown() {
        let digest = format!("sha256:{}", "1".repeat(64));
        let image = format!("pkg:oci/app@{digest}");
        let cases = [
            (digest.as_str(), 'i'),
            (image.as_str(), 'i'),
            ("pkg:docker/customer/dockerimage@1", 'i'),
            ("pkg:oci/app?repository_url=ghcr.io/a/app", 'i'),
            ("pkg:apk/wolfi/git@2.39.0-r1?arch=armv7", 'p'),
            ("pkg:github/owner/name@1", 'p'),
            ("cpe:/o:redhat:enterprise_linux:9", 'o'),
            ("https://example.com/product", 'o'),
            ("pkg:", 'o'),
            ("", 'o'),
        ];
        for (text, expected) in cases {
            let product = Product::read(text);
            let found = match product.meaning {
                Meaning::Image(_) => 'i',
                Meaning::Package(_) => 'p',
                Meaning::Other => 'o',
            };
            assert_eq!(found, expected, "{text}");
            assert_eq!(Product::read(product.text.clone()), product);
        }
    }
}
