//! The confused deputy: every token with every certificate, EDS and method answers exactly as the policy says.

use model::access::State;

use crate::ask::{Question, SEARCH};
use crate::house::{House, everywhere};
use crate::party::{Identity, Party};
use crate::services::{ALPHA, BETA};

/// Every method: service, verb, path.
const METHODS: [(&str, &str, &str); 6] = [
    (ALPHA, "POST", "/alpha/v1/records/search"),
    (ALPHA, "POST", "/alpha/v1/records/short"),
    (ALPHA, "POST", "/alpha/v1/records/submit"),
    (ALPHA, "GET", "/alpha/v1/records/list"),
    (BETA, "POST", "/beta/v1/records/search"),
    (BETA, "GET", "/beta/v1/records/list"),
];

/// Who: categories, and what each treaty grants.
type Policy = (&'static str, &'static [&'static str], &'static [(&'static str, State, &'static [&'static str])]);

const POLICY: [Policy; 6] = [
    ("all", &["reader", "state-body"], &[(ALPHA, State::Active, &["*"]), (BETA, State::Active, &["*"])]),
    (
        "reader",
        &["reader"],
        &[(ALPHA, State::Active, &["records/search", "records/list"]), (BETA, State::Active, &["*"])],
    ),
    (
        "writer",
        &["writer", "state-body"],
        &[(ALPHA, State::Active, &["*"]), (BETA, State::Active, &["records/search"])],
    ),
    ("ended", &["reader", "state-body"], &[(ALPHA, State::Terminated, &["*"]), (BETA, State::SuspendedUnpaid, &["*"])]),
    ("one", &["reader", "state-body"], &[(ALPHA, State::Active, &["records/submit"])]),
    ("none", &["reader", "state-body"], &[]),
];

/// Which EDS a question bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Eds {
    None,
    Own,
    Others,
}

/// The table: what comes of it, read off the policy and nothing else.
fn expected(policy: &Policy, method: &(&str, &str, &str), own_certificate: bool, eds: Eds) -> &'static str {
    let (_, categories, grants) = policy;
    let (service, _, path) = method;
    if !own_certificate {
        return "token-certificate-mismatch";
    }
    if eds == Eds::Others {
        return "eds-wrong-unp";
    }
    let short = path.splitn(4, '/').nth(3).unwrap();
    let Some((_, state, _)) = grants
        .iter()
        .find(|(granted, _, methods)| granted == service && (methods.contains(&"*") || methods.contains(&short)))
    else {
        return "no-subscription";
    };
    if *state != State::Active {
        return "treaty-not-in-force";
    }
    let served: &[&str] = if *service == ALPHA { &["reader"] } else { &["reader", "writer"] };
    if !categories.iter().any(|own| served.contains(own)) {
        return "category-not-served";
    }
    if *service == BETA && !categories.contains(&"state-body") {
        return "mode-not-open";
    }
    if *service == BETA && eds == Eds::None { "eds-missing" } else { "" }
}

async fn settle(house: &House) -> Vec<Party> {
    let mut parties = Vec::new();
    for (number, (id, categories, grants)) in POLICY.iter().enumerate() {
        let party = house.stranger(id, number, categories).await;
        for (at, (service, state, methods)) in grants.iter().enumerate() {
            house.treaty(&party, &format!("T-{id}-{at}"), *state, &(service, methods, &["*"], 10_000)).await;
        }
        parties.push(party);
    }
    parties
}

fn question(party: &Party, method: &(&str, &'static str, &str), by: Option<&Identity>) -> Question {
    let (_, verb, path) = *method;
    let body = match (verb, path.ends_with("submit")) {
        ("GET", _) => "",
        (_, true) => r#"{"what":"x"}"#,
        _ => SEARCH,
    };
    let question = Question::new(party, verb, path, body.as_bytes());
    match by {
        Some(identity) => question.signed_by(identity),
        None => question,
    }
}

#[tokio::test]
async fn every_answer_is_the_policys() {
    everywhere(async |house| {
        let parties = settle(&house).await;
        let (mut asked, mut answered) = (0, 0);
        for (policy, party) in POLICY.iter().zip(&parties) {
            for holder in &parties {
                for method in &METHODS {
                    for eds in [Eds::None, Eds::Own, Eds::Others] {
                        let other = parties.iter().find(|other| other.id != party.id).unwrap();
                        let by = match eds {
                            Eds::None => None,
                            Eds::Own => Some(&party.sign),
                            Eds::Others => Some(&other.sign),
                        };
                        let told = question(party, method, by).by_peer(&holder.tls).ask(&house).await;
                        let code = if told.status < 300 { String::new() } else { told.code() };
                        let wanted = expected(policy, method, holder.id == party.id, eds);
                        let called = format!("{} by {} {method:?} {eds:?}", party.id, holder.id);
                        assert_eq!(code, wanted, "{called}: {}", told.text());
                        let known = holder.id == party.id;
                        assert_eq!((told.has("nais-receipt"), told.has("sign")), (known, known), "{called}");
                        asked += 1;
                        answered += usize::from(code.is_empty());
                    }
                }
            }
        }
        assert_eq!((asked, house.fake.asked()), (648, answered));
        assert_eq!(answered, 17, "the policy grants something, and not all");
    })
    .await;
}
