//! Time-based one-time passwords (RFC 6238): HMAC-SHA-1, six digits, 30 seconds, one step of leeway, each step once.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq as _;

/// Length of a step in seconds.
const STEP: i64 = 30;
/// Bytes of a secret (RFC 4226 §4 recommends 160 bits).
pub(crate) const SECRET: usize = 20;
/// How many recovery codes there are.
pub(crate) const RECOVERY: usize = 10;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step that `code` proves, later than `used`; `None` when it proves none.
pub(crate) fn step(secret: &[u8], code: &str, seconds: i64, used: i64) -> Option<i64> {
    let now = seconds.div_euclid(STEP);
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let proves = |step: &i64| *step > used && bool::from(password(secret, *step).as_bytes().ct_eq(code.as_bytes()));
    [now, now - 1, now + 1].into_iter().find(proves)
}

/// The password of a step.
fn password(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 15);
    let four = bytes.get(offset..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// The secret as people type it: base32, in groups of four.
pub(crate) fn typed(secret: &[u8]) -> String {
    let text = base32(secret);
    let groups: Vec<&str> =
        (0..text.len()).step_by(4).filter_map(|at| text.get(at..(at + 4).min(text.len()))).collect();
    groups.join(" ")
}

/// The address that authenticator programs read.
pub(crate) fn uri(secret: &[u8], issuer: &str, holder: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, holder) = (encode(issuer), encode(holder));
    format!(
        "otpauth://totp/{issuer}:{holder}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
        base32(secret)
    )
}

/// A recovery code: 50 random bits, in letters that are not taken for each other.
pub(crate) fn recovery_code() -> String {
    let draw = || crate::secret::below(32) as usize;
    let letters: String = (0..10).filter_map(|_| BASE32.get(draw())).map(|c| char::from(*c)).collect();
    let (first, second) = letters.split_at_checked(5).unwrap_or_default();
    format!("{first}-{second}").to_ascii_lowercase()
}

/// A recovery code as it is compared.
pub(crate) fn folded_recovery(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for five in bytes.chunks(5) {
        let word = (0..5).fold(0_u64, |word, at| word << 8 | u64::from(five.get(at).copied().unwrap_or(0)));
        let letters = (five.len() * 8).div_ceil(5);
        let letter = |at: usize| BASE32.get((word >> (35 - 5 * at) & 31) as usize).map(|c| char::from(*c));
        out.extend((0..letters).filter_map(letter));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn the_published_passwords() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(SEED, code, seconds, 0), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_step_counts_once_and_only_near_its_time() {
        let code = password(SEED, 100);
        assert_eq!(step(SEED, &format!(" {} {}", &code[..3], &code[3..]), 3000, 99), Some(100));
        assert_eq!(step(SEED, &code, 3000, 100), None);
        assert_eq!(step(SEED, &code, 2970, 0), Some(100));
        assert_eq!(step(SEED, &code, 3059, 0), Some(100));
        assert_eq!(step(SEED, &code, 3060, 0), None);
        assert_eq!(step(SEED, "", 3000, 0), None);
    }

    #[test]
    fn secrets_are_typed_in_base32() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(typed(SEED), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(uri(SEED, "UIS ILE", "a@b.by").starts_with("otpauth://totp/UIS%20ILE:a%40b.by?secret=GEZDGNBV"));
        let code = recovery_code();
        assert_eq!((code.len(), folded_recovery(&code.to_uppercase()).len()), (11, 10));
    }
}
