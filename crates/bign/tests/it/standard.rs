//! Tables of the standards' annexes (STB 34.101.45 annex Г; the method of tests of STB 34.101.27; STB 34.101.31).

use bign::{PrivateKey, PublicKey, belt_hash};

/// Table Г.1.
pub(crate) const PRIVATE: &str = "1F66B5B84B7339674533F0329C74F21834281FED0732429E0C79235FC273E269";
/// Table Г.1.
pub(crate) const PUBLIC: &str = "BD1A5650179D79E03FCEE49D4C2BD5DDF54CE46D0CF11E4FF87BF7A890857FD0\
                                 7AC6A60361E8C8173491686D461B2826190C2EDA5909054A9AB84D2AB9D99A90";
/// The first words of the table of the cipher, which the standards take for messages.
const WORDS: &str = "B194BAC80A08F53B366D008E584A5DE48504FA9D1BB6C7AC252E72C202FDCE0D5BE3D61217B96181FE6786AD716B890B";
/// Bytes 192 to 214 of the same table.
const T: &str = "BE32971343FC9A48A02A885F194B09A17ECDA4D01544AF";

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

#[test]
fn belt_hash_of_the_annex() {
    // STB 34.101.31, table A.23.
    for (length, expected) in [
        (13, "abef9725d4c5a83597a367d14494cc2542f20f659ddfecc961a3ec550cba8c75"),
        (32, "749e4c3653aece5e48db4761227742eb6dbe13f4a80f7beff1a9cf8d10ee7786"),
        (48, "9d02ee446fb6a29fe5c982d4b13af9d3e90861bc4cef27cf306bfb0b174a154a"),
    ] {
        assert_eq!(hex::encode(belt_hash(&bytes(WORDS)[..length])), expected, "{length}");
    }
}

#[test]
fn the_key_pair_of_the_annex() {
    let private = PrivateKey::parse(&bytes(PRIVATE)).unwrap();
    assert_eq!(private.to_bytes().as_slice(), bytes(PRIVATE));
    assert_eq!(private.public_key().to_bytes().as_slice(), bytes(PUBLIC));
    assert_eq!(PublicKey::parse(&bytes(PUBLIC)).as_ref(), Ok(private.public_key()));
}

#[test]
fn signatures_of_the_annexes_hold() {
    let public = PublicKey::parse(&bytes(PUBLIC)).unwrap();
    let signatures = [
        // Tables Г.2 and Г.3, with random one-time keys.
        (13, "E36B7F0377AE4C524027C387FADF1B20CE72F1530B71F2B5FD3A8C584FE2E1AED20082E30C8AF65011F4FB54649DFD3D"),
        (48, "47A63C8B9C936E94B5FAB3D9CBD78366290F3210E163EEC8DB4E921E8479D4138F112CC23E6DCE65EC5FF21DF4231C28"),
        // Of the method of tests, with the one-time key of table Г.6.
        (13, "19D32B7E01E25BAE4A70EB6BCA42602CCA6A13944451BCC5D4C54CFD8737619C328B8A58FB9C68FD17D569F7D06495FB"),
    ];
    for (length, signature) in signatures {
        let message = &bytes(WORDS)[..length];
        let signature = bytes(signature);
        assert_eq!(public.verify(message, &signature), Ok(()));
        assert_eq!(public.prepare().verify(message, &signature), Ok(()));
        assert_eq!(public.verify_hash(&belt_hash(message), &signature), Ok(()));
    }
}

#[test]
fn we_make_the_signature_of_the_method_of_tests() {
    let private = PrivateKey::parse(&bytes(PRIVATE)).unwrap();
    let signature = private.sign(&bytes(WORDS)[..13]);
    assert_eq!(
        hex::encode_upper(signature.as_bytes()),
        "19D32B7E01E25BAE4A70EB6BCA42602CCA6A13944451BCC5D4C54CFD8737619C328B8A58FB9C68FD17D569F7D06495FB"
    );
    // With `t` the one-time key is another (table Г.7), and the signature holds as well.
    let hash = belt_hash(&bytes(WORDS));
    let signature = private.sign_hash(&hash, &bytes(T));
    assert_eq!(private.public_key().verify_hash(&hash, signature.as_bytes()), Ok(()));
    assert_ne!(signature, private.sign_hash(&hash, &[]));
}
