//! BER made DER: signing programs stream, so lengths are left open and strings come in pieces (X.690 §8.1.3.6, §8.7.3).
//!
//! Lengths become the shortest definite ones, an OCTET STRING in pieces becomes one. Nothing is sorted and no value is
//! touched: what has to be DER inside is still checked by whoever reads it. DER goes through unchanged.

use super::CmsError;

/// The largest message read.
pub(super) const LIMIT: usize = 16 * 1024 * 1024;
/// The deepest nesting read; a message with a time stamp and its certificates stays below twenty.
const DEPTH: usize = 32;

const OCTETS: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// The one element that the bytes are, in DER.
pub(super) fn to_der(bytes: &[u8]) -> Result<Vec<u8>, CmsError> {
    if bytes.len() > LIMIT {
        return Err(CmsError::TooLarge);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    element(&mut rest, DEPTH, &mut out).ok_or(CmsError::Unreadable)?;
    if rest.is_empty() { Ok(out) } else { Err(CmsError::Leftovers) }
}

/// Reads one element and appends it to `out`.
fn element(input: &mut &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let (tag, length) = header(input)?;
    if tag & CONSTRUCTED == 0 {
        write(tag, take(input, length?)?, out);
        return Some(());
    }
    let mut inner = Vec::new();
    match tag {
        tag if tag == OCTETS | CONSTRUCTED => {
            members(input, length, depth, &mut |input, depth| piece(input, depth, &mut inner))?;
            write(OCTETS, &inner, out);
        }
        // A universal type in constructed form that is neither: other strings, which nobody here needs in pieces.
        tag if tag < 0x40 && tag != SEQUENCE && tag != SET => return None,
        tag => {
            members(input, length, depth, &mut |input, depth| element(input, depth, &mut inner))?;
            write(tag, &inner, out);
        }
    }
    Some(())
}

/// Reads a piece of an OCTET STRING, itself in pieces perhaps, and appends its bytes to `out`.
fn piece(input: &mut &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let (tag, length) = header(input)?;
    match tag {
        OCTETS => out.extend(take(input, length?)?),
        tag if tag == OCTETS | CONSTRUCTED => {
            members(input, length, depth, &mut |input, depth| piece(input, depth, out))?;
        }
        _ => return None,
    }
    Some(())
}

/// Reads what stands inside a constructed element, up to its length or its end mark.
fn members(
    input: &mut &[u8],
    length: Option<usize>,
    depth: usize,
    read: &mut dyn FnMut(&mut &[u8], usize) -> Option<()>,
) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    if let Some(length) = length {
        let mut inside = take(input, length)?;
        while !inside.is_empty() {
            read(&mut inside, depth)?;
        }
        return Some(());
    }
    loop {
        if let [0, 0, rest @ ..] = input {
            *input = rest;
            return Some(());
        }
        read(input, depth)?;
    }
}

/// The tag, and the length unless it is left open.
fn header(input: &mut &[u8]) -> Option<(u8, Option<usize>)> {
    let [tag, first, rest @ ..] = input else { return None };
    // An end mark out of place, and tags of several bytes, which CMS does not have.
    if *tag == 0 || tag & 0x1f == 0x1f {
        return None;
    }
    *input = rest;
    let length = match first {
        0..0x80 => Some(usize::from(*first)),
        0x80 if tag & CONSTRUCTED != 0 => None,
        0x81..=0x84 => {
            let digits = take(input, usize::from(first & 0x7f))?;
            Some(digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
        }
        _ => return None,
    };
    Some((*tag, length))
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}

/// Appends an element with the shortest definite length.
fn write(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let digits = value.len().to_be_bytes();
    let skip = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(skip..).unwrap_or_default();
    match (digits, u8::try_from(digits.len())) {
        ([], _) => out.push(0),
        ([one @ 0..0x80], _) => out.push(*one),
        (digits, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(digits);
        }
        (_, Err(_)) => {} // a length has at most eight digits
    }
    out.extend(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value and one of its spellings.
    #[derive(Clone, Debug)]
    enum Node {
        Leaf(u8, Vec<u8>),
        /// Octets, cut into pieces of this size; open length.
        Pieces(Vec<u8>, usize, bool),
        /// Tag, members, open length, padded length.
        Branch(u8, Vec<Node>, bool, bool),
    }

    fn der(node: &Node, out: &mut Vec<u8>) {
        match node {
            Node::Leaf(tag, value) => write(*tag, value, out),
            Node::Pieces(value, ..) => write(OCTETS, value, out),
            Node::Branch(tag, members, ..) => {
                let mut inner = Vec::new();
                members.iter().for_each(|member| der(member, &mut inner));
                write(*tag, &inner, out);
            }
        }
    }

    fn ber(node: &Node, out: &mut Vec<u8>) {
        let wrap = |tag: u8, inner: &[u8], open: bool, padded: bool, out: &mut Vec<u8>| {
            out.push(tag);
            if open {
                out.push(0x80);
            } else if padded {
                out.push(0x84);
                out.extend((inner.len() as u32).to_be_bytes());
            } else {
                out.pop();
                return write(tag, inner, out);
            }
            out.extend(inner);
            if open {
                out.extend([0, 0]);
            }
        };
        match node {
            Node::Leaf(tag, value) => write(*tag, value, out),
            Node::Pieces(value, size, open) => {
                let mut inner = Vec::new();
                value.chunks(*size).for_each(|piece| write(OCTETS, piece, &mut inner));
                wrap(OCTETS | CONSTRUCTED, &inner, *open, false, out);
            }
            Node::Branch(tag, members, open, padded) => {
                let mut inner = Vec::new();
                members.iter().for_each(|member| ber(member, &mut inner));
                wrap(*tag, &inner, *open, *padded, out);
            }
        }
    }

    fn tree() -> impl Strategy<Value = Node> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
        let leaf = prop_oneof![
            (prop_oneof![Just(0x02), Just(0x04), Just(0x06), Just(0x0c), Just(0x80)], bytes())
                .prop_map(|(tag, value)| Node::Leaf(tag, value)),
            (bytes(), 1..50_usize, any::<bool>()).prop_map(|(value, size, open)| Node::Pieces(value, size, open)),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            let members = proptest::collection::vec(inner, 0..6);
            (prop_oneof![Just(SEQUENCE), Just(SET), Just(0xa0)], members, any::<bool>(), any::<bool>())
                .prop_map(|(tag, members, open, padded)| Node::Branch(tag, members, open, padded))
        })
    }

    proptest! {
        #[test]
        fn every_spelling_becomes_the_one(node in tree()) {
            let (mut canonical, mut streamed) = (Vec::new(), Vec::new());
            der(&node, &mut canonical);
            ber(&node, &mut streamed);
            prop_assert_eq!(to_der(&streamed).unwrap(), canonical.clone());
            prop_assert_eq!(to_der(&canonical).unwrap(), canonical.clone());
            streamed.push(0);
            prop_assert_eq!(to_der(&streamed), Err(CmsError::Leftovers));
        }

        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(der) = to_der(&bytes) {
                prop_assert_eq!(to_der(&der).unwrap(), der);
            }
        }
    }

    #[test]
    fn bounds() {
        let nested = |depth: usize| [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
        assert!(to_der(&nested(DEPTH)).is_ok());
        assert_eq!(to_der(&nested(DEPTH + 1)), Err(CmsError::Unreadable));
        assert_eq!(to_der(&nested(1_000_000)), Err(CmsError::Unreadable));
        let strings = [[0x24, 0x80].repeat(100_000), [0, 0].repeat(100_000)].concat();
        assert_eq!(to_der(&strings), Err(CmsError::Unreadable));
        assert_eq!(to_der(&vec![0; LIMIT + 1]), Err(CmsError::TooLarge));
        for bad in [
            &[][..],
            &[0x30],
            &[0, 0],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0x80],
            &[0x30, 0x80, 0],
            &[0x1f, 0x21, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 1],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x24, 0x80, 0x02, 1, 1, 0, 0],
            &[0x2c, 0x80, 0x0c, 1, 0x61, 0, 0],
            &[0x30, 0x02, 0x30, 0x80, 0, 0],
        ] {
            assert_eq!(to_der(bad), Err(CmsError::Unreadable), "{bad:02x?}");
        }
    }
}
