//! DER taken apart and put together again, so that tests can make what no honest program makes.

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tlv {
    pub(crate) tag: u8,
    /// Of a primitive element.
    pub(crate) value: Vec<u8>,
    /// Of a constructed one.
    pub(crate) members: Vec<Tlv>,
}

impl Tlv {
    pub(crate) fn leaf(tag: u8, value: &[u8]) -> Self {
        Self { tag, value: value.to_vec(), members: Vec::new() }
    }

    pub(crate) fn branch(tag: u8, members: Vec<Tlv>) -> Self {
        Self { tag, value: Vec::new(), members }
    }

    pub(crate) fn read(der: &[u8]) -> Self {
        let (one, rest) = Self::take(der);
        assert!(rest.is_empty());
        one
    }

    fn take(der: &[u8]) -> (Self, &[u8]) {
        let (tag, first) = (der[0], usize::from(der[1]));
        let (length, start) = if first < 0x80 {
            (first, 2)
        } else {
            let digits = &der[2..2 + first - 0x80];
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), 2 + digits.len())
        };
        let (mut inside, rest) = der[start..].split_at(length);
        if tag & 0x20 == 0 {
            return (Self::leaf(tag, inside), rest);
        }
        let mut members = Vec::new();
        while !inside.is_empty() {
            let (one, left) = Self::take(inside);
            members.push(one);
            inside = left;
        }
        (Self::branch(tag, members), rest)
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let inside =
            if self.tag & 0x20 == 0 { self.value.clone() } else { self.members.iter().flat_map(Self::der).collect() };
        let mut out = vec![self.tag];
        if inside.len() < 0x80 {
            out.push(inside.len() as u8);
        } else {
            let digits: Vec<u8> = inside.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
        out.extend(inside);
        out
    }

    /// The element at the end of this path of indices.
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Tlv {
        path.iter().fold(self, |one, index| &mut one.members[*index])
    }
}
