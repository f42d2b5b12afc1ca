//! OpenSSL of the system as the other side: it verifies what we make, we verify what it makes.

use eds::pki::{Profile, Subject};
use eds::{Algorithm, Certificate, Crl, Error, Form, PathError, Purpose, SigningKey, Trust};

use crate::bench::Bench;
use crate::house::{House, INTERNATIONAL, days, noon};

#[test]
fn it_accepts_our_chain_and_our_lists() {
    for algorithm in INTERNATIONAL {
        let bench = Bench::new();
        let mut house = House::new(algorithm);
        let profile = Profile {
            unp: Some("100000007".into()),
            identification_number: Some("3010190A001PB9".into()),
            ..house.profile("Янка Купала", Purpose::Signature)
        };
        let (certificate, _) = house.issue(&profile, algorithm);
        let (revoked, _) = house.issue(&profile, algorithm);
        house.issuing.revoke(&revoked.serial_hex(), noon() - days(1)).unwrap();
        bench.write("root.pem", house.root.certificate().to_pem());
        bench.write("ca.pem", house.issuing.certificate().to_pem());
        bench.write("end.pem", certificate.to_pem());
        bench.write("revoked.pem", revoked.to_pem());
        let lists: String = house.crls().iter().map(Crl::to_pem).collect();
        bench.write("crls.pem", lists);
        let verify = format!(
            "verify -x509_strict -crl_check_all -attime {} -CAfile root.pem -untrusted ca.pem -CRLfile crls.pem",
            noon().as_second()
        );
        bench.must(&format!("{verify} end.pem"));
        let (content, said) = bench.run(&format!("{verify} revoked.pem"));
        assert!(!content && said.contains("certificate revoked"), "{said}");
        let shown = bench.must("x509 -in end.pem -noout -text -nameopt utf8,sep_comma_plus");
        assert!(shown.contains("CN=Янка Купала") && shown.contains("1.2.112.1.2.1.1.1.1.2"), "{shown}");
        assert!(bench.must("crl -in crls.pem -noout -text").contains("X509v3 CRL Number"));
    }
}

#[test]
fn it_verifies_our_signatures_and_reads_our_keys() {
    for (algorithm, form) in [(Algorithm::EcdsaP256Sha256, Form::Der), (Algorithm::Ed25519, Form::Der)] {
        let bench = Bench::new();
        let (certificate, key) = House::new(algorithm).signer(algorithm);
        bench.write("message", "паведамленне");
        bench.write("end.pem", certificate.to_pem());
        bench.write("public.pem", bench.must("x509 -in end.pem -noout -pubkey"));
        bench.write("signature", key.sign("паведамленне".as_bytes(), form).unwrap());
        let digest = if algorithm == Algorithm::Ed25519 { "" } else { "-digest sha256" };
        let verify = format!("pkeyutl -verify -pubin -inkey public.pem -rawin {digest} -in message -sigfile signature");
        bench.must(&verify);
        bench.write("message", "паведамленнi");
        assert!(!bench.run(&verify).0, "altered");

        bench.write("key.pem", key.to_pkcs8_pem().unwrap().as_bytes());
        bench.must("pkey -in key.pem -check -noout");
        bench.write("locked.pem", key.to_encrypted_pkcs8_pem(&"пароль-1".into()).unwrap());
        bench.must("pkey -in locked.pem -passin pass:пароль-1 -noout");
        assert!(!bench.run("pkey -in locked.pem -passin pass:пароль-2 -noout").0);
    }
}

#[test]
fn we_read_its_keys_and_verify_its_signatures() {
    let kinds = [
        (Algorithm::EcdsaP256Sha256, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-digest sha256"),
        (Algorithm::Ed25519, "-algorithm ED25519", ""),
    ];
    for (algorithm, options, digest) in kinds {
        let bench = Bench::new();
        bench.must(&format!("genpkey {options} -out key.pem"));
        let key = SigningKey::from_pkcs8_pem(&bench.read("key.pem")).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        for cipher in ["aes-256-cbc", "aes-128-cbc"] {
            bench.must(&format!("pkcs8 -topk8 -v2 {cipher} -in key.pem -out locked.pem -passout pass:secret"));
            let open = SigningKey::from_encrypted_pkcs8_pem(&bench.read("locked.pem"), &"secret".into()).unwrap();
            assert_eq!(open.verifying_key(), key.verifying_key());
        }
        bench.must("pkcs8 -topk8 -scrypt -in key.pem -out locked.pem -passout pass:secret");
        assert!(SigningKey::from_encrypted_pkcs8_pem(&bench.read("locked.pem"), &"secret".into()).is_ok());

        bench.write("message", "message");
        bench.must(&format!("pkeyutl -sign -inkey key.pem -rawin {digest} -in message -out signature"));
        let signature = bench.bytes("signature");
        assert_eq!(key.verifying_key().verify(b"message", &signature, Form::Der), Ok(()));
        assert_eq!(key.verifying_key().verify(b"massage", &signature, Form::Der), Err(Error::Invalid));
    }
    let bench = Bench::new();
    bench.must("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem");
    assert_eq!(SigningKey::from_pkcs8_pem(&bench.read("key.pem")).err(), Some(Error::Algorithm));
}

/// A root, an authority and an end certificate, all made by OpenSSL.
struct Theirs {
    bench: Bench,
}

const CONFIG: &str = "
[req]
distinguished_name = dn
prompt = no
[dn]
C = BY
O = NCES
CN = OpenSSL root
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[end]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[index]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 3650
";

impl Theirs {
    /// A root, an authority whose section gets `ca` added, an end certificate whose section gets `end` added.
    fn new(ca: &str, end: &str, subject: &str) -> Self {
        let bench = Bench::new();
        let config = CONFIG.replace("[ca]", &format!("[ca]\n{ca}")).replace("[end]", &format!("[end]\n{end}"));
        bench.write("openssl.cnf", config);
        bench.write("index.txt", "");
        bench.write("crlnumber", "01\n");
        let days = "-days 3650 -sha256";
        for name in ["root", "ca", "end"] {
            bench.must(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"));
        }
        bench.must(&format!("req -config openssl.cnf -x509 -new -key root.key -extensions root {days} -out root.pem"));
        let issue = |name: &str, subject: &str, issuer: &str, section: &str| {
            bench.must(&format!("req -config openssl.cnf -new -key {name}.key -subj {subject} -out {name}.csr"));
            bench.must(&format!(
                "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -extfile openssl.cnf -extensions \
                 {section} {days} -out {name}.pem"
            ));
        };
        issue("ca", "/C=BY/O=NCES/CN=ca", "root", "ca");
        issue("end", subject, "ca", "end");
        for name in ["root", "ca"] {
            bench.must(&format!(
                "ca -config openssl.cnf -name index -gencrl -keyfile {name}.key -cert {name}.pem -out {name}.crl"
            ));
        }
        Self { bench }
    }

    fn check(&self, purpose: Purpose) -> Result<(), PathError> {
        let certificate = |name: &str| Certificate::from_pem(&self.bench.read(name)).unwrap();
        let lists =
            ["root.crl", "ca.crl"].into_iter().flat_map(|name| Crl::all_from_pem(&self.bench.read(name)).unwrap());
        let end = certificate("end.pem");
        let now = model::Clock::system().now();
        Trust::new([certificate("root.pem")])
            .with_intermediates([certificate("ca.pem")])
            .with_crls(lists)
            .check(&end, purpose, now)
    }
}

#[test]
fn we_accept_its_chain_and_its_lists() {
    let theirs = Theirs::new("", "", "/C=BY/O=NCES/CN=end");
    assert_eq!(theirs.check(Purpose::TlsClient), Ok(()));
    assert_eq!(theirs.check(Purpose::TlsServer), Err(PathError::WrongPurpose));
    assert_eq!(theirs.check(Purpose::Signature), Err(PathError::WrongPurpose));
}

#[test]
fn constraints_of_its_authorities_bind() {
    let verdict = |ca: &str, end: &str| Theirs::new(ca, end, "/C=BY/O=NCES/CN=end").check(Purpose::TlsClient);
    let violated = Err(PathError::ConstraintViolated);
    let gov = "subjectAltName = DNS:mvd.gov.by";
    for (ca, end, expected) in [
        ("nameConstraints = critical, permitted;DNS:gov.by", gov, Ok(())),
        ("nameConstraints = critical, permitted;DNS:edu.by", gov, violated),
        ("nameConstraints = critical, excluded;DNS:gov.by", gov, violated),
        ("nameConstraints = critical, permitted;DNS:edu.by", "", Ok(())),
        ("nameConstraints = critical, permitted;IP:10.0.0.0/255.0.0.0", "subjectAltName = IP:10.1.2.3", Ok(())),
        ("nameConstraints = critical, permitted;IP:10.0.0.0/255.0.0.0", "subjectAltName = IP:11.1.2.3", violated),
        ("nameConstraints = critical, permitted;email:gov.by", "subjectAltName = email:a@gov.by", Ok(())),
        ("nameConstraints = critical, excluded;URI:gov.by", "subjectAltName = URI:https://edu.by/", Ok(())),
        ("nameConstraints = critical, permitted;dirName:ours\n[ours]\nC = BY\nO = nces\n[x]", "", Ok(())),
        ("nameConstraints = critical, permitted;dirName:ours\n[ours]\nC = BY\nO = other\n[x]", "", violated),
        ("nameConstraints = critical, excluded;dirName:ours\n[ours]\nC = BY\nO = NCES\n[x]", "", violated),
        ("1.2.3.4 = critical, ASN1:NULL", "", Err(PathError::UnknownCritical)),
        ("", "1.2.3.4 = critical, ASN1:NULL", Err(PathError::UnknownCritical)),
        ("", "1.2.3.4 = ASN1:NULL", Ok(())),
        ("extendedKeyUsage = serverAuth", "", Err(PathError::WrongPurpose)),
        ("policyConstraints = critical, requireExplicitPolicy:0", "", Err(PathError::NoPolicy)),
    ] {
        // A section of its own for the name, then the authority's section goes on under its own heading.
        let ca = ca.replace("[x]", "[ca]");
        assert_eq!(verdict(&ca, end), expected, "{ca} / {end}");
    }
}

#[test]
fn what_is_no_authority_issues_nothing() {
    for (section, expected) in [
        ("basicConstraints = critical, CA:FALSE", Err(PathError::WrongPurpose)),
        ("keyUsage = critical, digitalSignature", Err(PathError::WrongPurpose)),
        ("keyUsage = critical, keyCertSign", Err(PathError::CrlMissing)),
    ] {
        // The last line of a name wins in OpenSSL's configuration, so the section's own lines must go.
        let (name, _) = section.split_once(" =").unwrap();
        let theirs = Theirs::new("", "", "/CN=end");
        let config = theirs.bench.read("openssl.cnf");
        let (head, ca) = config.split_once("[ca]").unwrap();
        let ca: String = ca.lines().filter(|line| !line.starts_with(name)).map(|line| format!("{line}\n")).collect();
        theirs.bench.write("openssl.cnf", format!("{head}[ca]\n{section}\n{ca}"));
        theirs.bench.must(
            "x509 -req -in ca.csr -CA root.pem -CAkey root.key -extfile openssl.cnf -extensions ca -days 3650 -out ca.pem",
        );
        assert_eq!(theirs.check(Purpose::TlsClient), expected, "{section}");
    }
}

#[test]
fn a_root_may_allow_no_authority_below() {
    let theirs = Theirs::new("", "", "/CN=end");
    assert_eq!(theirs.check(Purpose::TlsClient), Ok(()));
    let config = theirs.bench.read("openssl.cnf");
    theirs.bench.write("openssl.cnf", config.replacen("CA:TRUE", "CA:TRUE, pathlen:0", 1));
    theirs.bench.must("req -config openssl.cnf -x509 -new -key root.key -extensions root -days 3650 -out root.pem");
    assert_eq!(theirs.check(Purpose::TlsClient), Err(PathError::PathTooLong));
}

#[test]
fn our_subjects_may_be_anybody() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let profile = Profile { subject: Subject::new("Ў".repeat(64)), ..house.profile("", Purpose::TlsServer) };
    let (certificate, _) = house.issue(&profile, Algorithm::EcdsaP256Sha256);
    let bench = Bench::new();
    bench.write("end.pem", certificate.to_pem());
    bench.must("x509 -in end.pem -noout -text");
}
