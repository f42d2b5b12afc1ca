//! A receipt: `c2sp.org/tlog-proof@v1`, the proof that one entry is in the log, with the checkpoint it leads to.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Error;
use crate::checkpoint::parse_hash;
use crate::note::MAX_NOTE;
use crate::proof::MAX_PROOF;
use crate::tile::decimal;
use crate::tree::Hash;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A receipt taken apart. Nothing in it is believed before [`crate::verify_receipt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Opaque bytes that nobody signed; NAIS puts the record's salt there when it hands the receipt to those entitled.
    pub extra: Option<Vec<u8>>,
    /// The entry's number in the log, from 0.
    pub index: u64,
    /// Siblings from the leaf upwards.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

impl Receipt {
    /// Reads a receipt as text, or as the base64 of it that the header `Nais-Receipt` bears.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |expected| Error::format("receipt", expected);
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("UTF-8 was expected"))?;
        if text.starts_with(FIRST_LINE) {
            return Self::parse(text);
        }
        let decoded =
            STANDARD.decode(text.trim()).map_err(|_| wrong("`c2sp.org/tlog-proof@v1` or its base64 was expected"))?;
        Self::parse(std::str::from_utf8(&decoded).map_err(|_| wrong("UTF-8 was expected"))?)
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::format("receipt", expected);
        if text.len() > 2 * MAX_NOTE {
            return Err(wrong("too long"));
        }
        let rest = text.strip_prefix(FIRST_LINE).and_then(|rest| rest.strip_prefix('\n'));
        let rest = rest.ok_or_else(|| wrong("the first line must be `c2sp.org/tlog-proof@v1`"))?;
        let (head, checkpoint) =
            rest.split_once("\n\n").ok_or_else(|| wrong("an empty line before the checkpoint was expected"))?;
        let mut lines = head.split('\n').peekable();
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                let extra = STANDARD.decode(extra).map_err(|_| wrong("`extra` must be base64"))?;
                lines.next();
                Some(extra)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or_else(|| wrong("a line `index N` was expected"))?;
        let proof: Option<Vec<Hash>> = lines.map(parse_hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF);
        let proof = proof.ok_or_else(|| wrong("at most 63 hashes in base64 were expected"))?;
        Ok(Self { extra, index, proof, checkpoint: checkpoint.to_owned() })
    }

    /// The same bearing these extra bytes.
    #[must_use]
    pub fn with_extra(mut self, extra: &[u8]) -> Self {
        self.extra = Some(extra.to_vec());
        self
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_forms_are_refused() {
        let good = "c2sp.org/tlog-proof@v1\nindex 0\n\no\n1\nAAAA\n";
        assert!(Receipt::parse(good).is_ok());
        for bad in [
            "",
            "c2sp.org/tlog-proof@v1",
            "c2sp.org/tlog-proof@v2\nindex 0\n\nx\n",
            "c2sp.org/tlog-proof@v1\n\nx\n",
            "c2sp.org/tlog-proof@v1\nindex 00\n\nx\n",
            "c2sp.org/tlog-proof@v1\nindex -1\n\nx\n",
            "c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\nx\n",
            "c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\nx\n",
            "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx\n",
            "c2sp.org/tlog-proof@v1\r\nindex 0\n\nx\n",
        ] {
            assert!(Receipt::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_receipt_is_read_again(
            extra in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
            index in 0..u64::MAX,
            proof in prop::collection::vec(any::<[u8; 32]>(), 0..64),
            checkpoint in "[a-z\n—+=]{0,80}",
        ) {
            let receipt = Receipt { extra, index, proof, checkpoint };
            prop_assert_eq!(&Receipt::parse(&receipt.to_string()).unwrap(), &receipt);
            prop_assert_eq!(&Receipt::read(STANDARD.encode(receipt.to_string()).as_bytes()).unwrap(), &receipt);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Receipt::read(&bytes);
        }
    }
}
