//! Certificates of any shape: what our own authority would never issue, well signed.

use std::str::FromStr;

use const_oid::{AssociatedOid, ObjectIdentifier};
use der::flagset::FlagSet;
use der::{Decode, Encode};
use eds::{Algorithm, Certificate, Form, SigningKey};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints,
    PolicyConstraints, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use crate::tlv::Tlv;

/// A certificate to be made. What is not said is as it should be.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) subject: String,
    pub(crate) serial: Vec<u8>,
    pub(crate) version: u8,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Identifier, critical, value.
    pub(crate) extensions: Vec<(String, bool, Vec<u8>)>,
    pub(crate) key: SigningKey,
    pub(crate) signature_unused_bits: u8,
}

pub(crate) fn oid<T: AssociatedOid>() -> String {
    T::OID.to_string()
}

pub(crate) fn dns(name: &str) -> GeneralName {
    GeneralName::DnsName(der::asn1::Ia5String::new(name).unwrap())
}

/// A name constraint over these subtrees.
pub(crate) fn constraints(permitted: &[GeneralName], excluded: &[GeneralName]) -> (String, bool, Vec<u8>) {
    let trees = |bases: &[GeneralName]| {
        let tree = |base: &GeneralName| GeneralSubtree { base: base.clone(), minimum: 0, maximum: None };
        (!bases.is_empty()).then(|| bases.iter().map(tree).collect())
    };
    let value = NameConstraints { permitted_subtrees: trees(permitted), excluded_subtrees: trees(excluded) };
    (oid::<NameConstraints>(), true, value.to_der().unwrap())
}

impl Forge {
    fn new(subject: &str) -> Self {
        let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let identifier =
            SubjectKeyIdentifier(der::asn1::OctetString::new(&key.verifying_key().spki_der()[27..47]).unwrap());
        Self {
            subject: subject.to_owned(),
            serial: vec![0x11; 16],
            version: 2,
            from: "700101000000Z",
            to: "400101000000Z",
            extensions: vec![(oid::<SubjectKeyIdentifier>(), false, identifier.to_der().unwrap())],
            key,
            signature_unused_bits: 0,
        }
    }

    /// An authority.
    pub(crate) fn authority(subject: &str) -> Self {
        let basic = BasicConstraints { ca: true, path_len_constraint: None };
        Self::new(subject)
            .with::<BasicConstraints>(true, &basic)
            .with::<KeyUsage>(true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))
    }

    /// A server's certificate for `example.com`.
    pub(crate) fn leaf() -> Self {
        let usage = ExtendedKeyUsage(vec![const_oid::db::rfc5280::ID_KP_SERVER_AUTH]);
        Self::new("CN=leaf")
            .with::<BasicConstraints>(true, &BasicConstraints { ca: false, path_len_constraint: None })
            .with::<KeyUsage>(true, &KeyUsage(KeyUsages::DigitalSignature.into()))
            .with::<ExtendedKeyUsage>(false, &usage)
            .with::<SubjectAltName>(false, &SubjectAltName(vec![dns("example.com")]))
    }

    /// The same with this extension, in place of one of its kind.
    pub(crate) fn with<T: AssociatedOid>(self, critical: bool, value: &impl Encode) -> Self {
        self.raw((oid::<T>(), critical, value.to_der().unwrap()))
    }

    pub(crate) fn raw(mut self, extension: (String, bool, Vec<u8>)) -> Self {
        self.extensions.retain(|(kind, ..)| *kind != extension.0);
        self.extensions.push(extension);
        self
    }

    pub(crate) fn san(self, critical: bool, names: Vec<GeneralName>) -> Self {
        self.with::<SubjectAltName>(critical, &SubjectAltName(names))
    }

    pub(crate) fn uses(self, uses: impl Into<FlagSet<KeyUsages>>) -> Self {
        self.with::<KeyUsage>(true, &KeyUsage(uses.into()))
    }

    pub(crate) fn for_usage(self, usage: ObjectIdentifier) -> Self {
        self.with::<ExtendedKeyUsage>(false, &ExtendedKeyUsage(vec![usage]))
    }

    pub(crate) fn basic(self, ca: bool, path_len_constraint: Option<u8>) -> Self {
        self.with::<BasicConstraints>(true, &BasicConstraints { ca, path_len_constraint })
    }

    pub(crate) fn demanding_a_policy(self) -> Self {
        let now = PolicyConstraints { require_explicit_policy: Some(0), inhibit_policy_mapping: None };
        self.with::<PolicyConstraints>(true, &now)
    }

    /// The same with these bytes as a value that may not be one.
    pub(crate) fn hex(self, kind: &str, critical: bool, value: &str) -> Self {
        self.raw((kind.to_owned(), critical, hex::decode(value).unwrap()))
    }

    pub(crate) fn without<T: AssociatedOid>(mut self) -> Self {
        self.extensions.retain(|(kind, ..)| *kind != oid::<T>());
        self
    }

    fn identifier(&self) -> Option<der::asn1::OctetString> {
        let found = self.extensions.iter().find(|(kind, ..)| *kind == oid::<SubjectKeyIdentifier>())?;
        Some(SubjectKeyIdentifier::from_der(&found.2).unwrap().0)
    }

    /// The certificate, signed by that issuer; names the issuer's key.
    pub(crate) fn by(&self, issuer: &Forge) -> Vec<u8> {
        let identifier = AuthorityKeyIdentifier { key_identifier: issuer.identifier(), ..Default::default() };
        self.clone().with::<AuthorityKeyIdentifier>(false, &identifier).signed(issuer)
    }

    /// The certificate as it is, signed by that issuer.
    pub(crate) fn signed(&self, issuer: &Forge) -> Vec<u8> {
        let name = |text: &str| match text {
            "" => Tlv::branch(0x30, Vec::new()),
            text => Tlv::read(&Name::from_str(text).unwrap().to_der().unwrap()),
        };
        let time = |text: &str| Tlv::leaf(if text.len() == 13 { 0x17 } else { 0x18 }, text.as_bytes());
        let algorithm = Tlv::read(&hex::decode("300a06082a8648ce3d040302").unwrap());
        let extension = |(kind, critical, value): &(String, bool, Vec<u8>)| {
            let kind = ObjectIdentifier::new(kind).unwrap().to_der().unwrap();
            let mut members = vec![Tlv::read(&kind)];
            if *critical {
                members.push(Tlv::leaf(1, &[0xff]));
            }
            members.push(Tlv::leaf(4, value));
            Tlv::branch(0x30, members)
        };
        let extensions = Tlv::branch(0x30, self.extensions.iter().map(extension).collect());
        let tbs = Tlv::branch(
            0x30,
            vec![
                Tlv::branch(0xa0, vec![Tlv::leaf(2, &[self.version])]),
                Tlv::leaf(2, &self.serial),
                algorithm.clone(),
                name(&issuer.subject),
                Tlv::branch(0x30, vec![time(self.from), time(self.to)]),
                name(&self.subject),
                Tlv::read(self.key.verifying_key().spki_der()),
                Tlv::branch(0xa3, vec![extensions]),
            ],
        );
        let signature = issuer.key.sign(&tbs.der(), Form::Der).unwrap();
        let bits = [&[self.signature_unused_bits][..], &signature].concat();
        Tlv::branch(0x30, vec![tbs, algorithm, Tlv::leaf(3, &bits)]).der()
    }

    /// A root, signed by itself.
    pub(crate) fn root(&self) -> Vec<u8> {
        self.signed(self)
    }
}

pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
    Certificate::from_der(der).ok()
}
