//! Types of files that people hand in, known by how their content begins and never by their names.

use serde::Deserialize;

/// A type of files.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Media {
    /// ISO 32000.
    Pdf,
    /// ITU-T T.81, in whatever container.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

impl Media {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// The type of a file with this content.
    pub fn of(content: &[u8]) -> Option<Self> {
        let begins: [&[u8]; 3] = [b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"];
        Self::ALL.into_iter().zip(begins).find(|(_, magic)| content.starts_with(magic)).map(|(kind, _)| kind)
    }

    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        }
    }

    /// As headers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The ends that names of such files have; the first is given to a name without one.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_content() {
        assert_eq!(Media::of(b"%PDF-1.7\n"), Some(Media::Pdf));
        assert_eq!(Media::of(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some(Media::Jpeg));
        assert_eq!(Media::of(b"\x89PNG\r\n\x1a\n\0"), Some(Media::Png));
        for other in [b"".as_slice(), b"MZ", b"<html>%PDF-", b"GIF89a", b"\x89PNG", b"PK\x03\x04"] {
            assert_eq!(Media::of(other), None);
        }
    }
}
