//! Tests of reading, RFC 8785 and what must be refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn code(bytes: &[u8]) -> (String, String) {
    let fault = parse(bytes).unwrap_err();
    (fault.code.into_owned(), fault.pointer)
}

#[test]
fn duplicate_members_are_named() {
    let (code, pointer) = code(br#"{"a":[{"x/y":1,"x\u002fy":2}]}"#);
    assert_eq!((code.as_str(), pointer.as_str()), ("body-duplicate-member", "/a/0/x~1y"));
}

#[test]
fn depth_is_bounded_exactly() {
    let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(nest(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(code(nest(MAX_DEPTH + 1).as_bytes()).0, "body-too-deep");
    assert_eq!(code("[".repeat(100_000).as_bytes()).0, "body-too-deep");
    assert_eq!(code(r#"{"a":"#.repeat(100_000).as_bytes()).0, "body-too-deep");
}

#[test]
fn what_readers_differ_about_is_refused() {
    for bytes in [
        b"{} x".as_slice(),
        b"",
        b"1e999",
        b"-1e999",
        b"[1,]",
        b"NaN",
        b"01",
        br#""\ud800""#,
        br#""\udc00\ud800""#,
        br#""\u0000""#,
        br#"{"\u0000":1}"#,
        b"\"\x01\"",
        b"{'a':1}",
        b"// a\n1",
    ] {
        assert_eq!(code(bytes).0, "body-malformed", "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(code(b"\"\xff\"").0, "body-not-utf8");
    assert_eq!(code(b"\"\xed\xa0\x80\"").0, "body-not-utf8");
    assert_eq!(code(b"\xef\xbb\xbf{}").0, "body-not-utf8");
    assert_eq!(code(b"{\x00}").0, "body-malformed");
}

#[test]
fn a_fault_says_where() {
    let fault = parse(b"{\n  \"a\": }").unwrap_err();
    assert_eq!(fault.params, vec![("line", "2".to_owned()), ("column", "8".to_owned())]);
}

/// RFC 8785 §3.2.2 (its example) and §3.2.3 (its sorting vector).
#[test]
fn the_vectors_of_rfc_8785() {
    let example = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
        "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
    let value = parse(example.as_bytes()).unwrap();
    let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
        \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), expected);

    let sorting = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
        "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let bytes = canonical(&parse(sorting.as_bytes()).unwrap()).unwrap();
    let sorted: Value = serde_json::from_slice(&bytes).unwrap();
    let values: Vec<&str> = sorted.as_object().unwrap().values().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(
        values,
        [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh"
        ]
    );
}

/// RFC 8785 appendix B, the finite samples.
#[test]
fn the_numbers_of_rfc_8785() {
    for (bits, text) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        assert_eq!(canonical(&f64::from_bits(bits)).unwrap(), text.as_bytes());
    }
    // Values that messages bear are finite (the parser sees to it); of others no digest may ever be taken.
    assert!(canonical(&f64::NAN).is_err());
    assert!(canonical(&f64::INFINITY).is_err());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|n| json!(n)),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| json!(n)),
        "[^\0]{0,12}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("[^\0]{0,6}", inner, 0..6).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        // Whatever the strict parser accepts the lenient one reads the same.
        if let Ok(value) = parse(&bytes) {
            prop_assert_eq!(value, serde_json::from_slice::<Value>(&bytes).unwrap());
        }
    }

    #[test]
    fn what_is_written_is_read_again(value in values()) {
        prop_assert_eq!(&parse(&serde_json::to_vec(&value).unwrap()).unwrap(), &value);
    }

    #[test]
    fn canonical_is_a_fixed_point(value in values()) {
        let once = canonical(&value).unwrap();
        let again = canonical(&parse(&once).unwrap()).unwrap();
        prop_assert_eq!(once, again);
    }

    #[test]
    fn order_of_members_does_not_matter(members in prop::collection::btree_map("[a-zА-я😀]{1,4}", any::<i32>(), 0..8)) {
        let forward: Map<String, Value> = members.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        let backward: Map<String, Value> = members.iter().rev().map(|(k, v)| (k.clone(), json!(v))).collect();
        prop_assert_eq!(canonical(&forward).unwrap(), canonical(&backward).unwrap());
    }
}
