//! The form of 200.12.14.1 as its folder has it, and what is not a form.

use std::collections::BTreeMap;
use std::path::Path;

use model::Service;
use serde_json::{Value, json};
use web::pages;

use super::{Form, Message, read};

/// The folder's files, as the program reads them.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/200.12.14.1");
    let mut files = BTreeMap::new();
    for place in [folder.clone(), folder.join("methods"), folder.join("classifiers")] {
        for path in std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn form() -> Form {
    Form::of(&Service::from_files(&files()).unwrap()).unwrap().unwrap()
}

fn typed(pairs: &[(&str, &str)]) -> pages::Form {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    pages::Form::parse(body.as_bytes())
}

fn ids(form: &Form, answers: &Value) -> Vec<String> {
    form.way(answers).iter().map(|page| page.id.clone()).collect()
}

#[test]
fn the_six_blocks_are_six_pages_whatever_is_answered() {
    let form = form();
    let blocks = ["person", "document", "insurance", "visa", "stay", "applicant"];
    for answers in [
        json!({}),
        json!({"visa": {"regime": "visa"}, "applicant": {"kind": "self"}}),
        json!({"visa": {"regime": "visa-free", "ground": "event"}, "applicant": {"kind": "host"}}),
        json!({"entry": {"route": "from-russia"}, "stay": {"address": {"region": "brest"}}}),
    ] {
        assert_eq!(ids(&form, &answers), blocks, "{answers}");
    }
}

#[test]
fn answers_of_a_branch_not_chosen_are_neither_asked_for_nor_kept() {
    let form = form();
    let visa = form.page(&json!({}), "visa").unwrap();
    // Without a script the browser sends every part of the page.
    let everything = [
        ("visa.number", "BY1234567"),
        ("visa.type", "C"),
        ("visa.multiplicity", "1"),
        ("visa.valid_from-day", "31"),
        ("visa.valid_from-month", "2"),
        ("visa.valid_from-year", "2026"),
        ("visa.ground", "airport30"),
        ("visa.event_document", "ED00000055"),
    ];
    let mut answers = json!({});
    let given = typed(&[&[("visa.regime", "visa-free")], everything.as_slice()].concat());
    assert_eq!(read(&form, visa, &given, &mut answers), []);
    assert_eq!(form.asked(&answers), json!({"visa": {"regime": "visa-free", "ground": "airport30"}}));

    let given = typed(&[&[("visa.regime", "visa")], everything.as_slice()].concat());
    let wrong = read(&form, visa, &given, &mut answers);
    let pointers: Vec<_> = wrong.iter().map(|wrong| (&*wrong.pointer, &wrong.message)).collect();
    assert_eq!(
        pointers,
        [
            ("/visa/valid_from", &Message::Own("date")),
            ("/visa/valid_to", &Message::Own("missing-date")),
            ("/visa/stay_days", &Message::Own("missing")),
        ],
        "one mistake costs no other answer"
    );
    let kept = json!({"visa": {"regime": "visa", "number": "BY1234567", "type": "C", "multiplicity": "1"}});
    assert_eq!(form.asked(&answers), kept);
    // A condition does not hold on an answer that is itself not asked.
    let chained = json!({"visa": {"regime": "visa", "ground": "event", "event_document": "ED00000055"}});
    assert_eq!(form.asked(&chained), json!({"visa": {"regime": "visa"}}));
    let chained = json!({"visa": {"regime": "visa-free", "ground": "event", "event_document": "ED00000055"}});
    assert_eq!(form.asked(&chained), chained);
}

#[test]
fn a_street_is_needed_in_minsk_only() {
    let form = form();
    let street = form.field("/stay/address/street").unwrap();
    for (region, needed) in [("minsk", true), ("brest", false)] {
        let answers = json!({"stay": {"address": {"region": region}}});
        assert_eq!(form.requires(street, &answers), needed, "{region}");
    }
    assert!(!form.requires(street, &json!({})));
}

#[test]
fn the_first_open_page_is_one_with_missing_answers_or_mistakes() {
    let form = form();
    assert_eq!(form.open(&json!({}), |_| false).unwrap().id, "person");
    let person = json!({"foreigner": {"surname_lat": "A", "given_names_lat": "B", "birth_date": "19850615", "sex": "F",
        "citizenship": "DEU"}});
    assert_eq!(form.open(&person, |_| false).unwrap().id, "document");
    assert_eq!(form.open(&person, |page| page == "person").unwrap().id, "person");
    assert_eq!(form.page_of(&person, "/visa/number").map(|page| &*page.id), None, "not asked yet");
    let visa = json!({"visa": {"regime": "visa"}});
    assert_eq!(form.page_of(&visa, "/visa/number").map(|page| &*page.id), Some("visa"));
}

#[test]
fn files_are_shared_with_guests_who_say_nothing_else_beside_them() {
    let form = form();
    let copy = json!([{"id": "0197a000-0000-7000-8000-000000000901", "name": "policy.pdf", "media_type": "application/pdf",
        "size": 8, "sha256": "00"}]);
    let first = json!({"insurance": {"policy_number": "MC-1", "copies": copy}, "applicant": {"kind": "host"}});
    let of = |own: Value| form.all_attached(&form.of_guest(&first, &own)).len();
    assert_eq!(form.all_attached(&first).len(), 1);
    assert_eq!(of(json!({"foreigner": {"surname_lat": "TESTER"}})), 1);
    assert_eq!(of(json!({"insurance": {"policy_number": "MC-2"}})), 0, "an own policy");
    assert!(form.columns().iter().all(|field| !field.is_file()), "no cell of a table holds a file");
    // A page read without its files keeps them.
    let mut answers = first.clone();
    let page = form.page(&answers, "insurance").unwrap();
    read(&form, page, &typed(&[("insurance.insurer", "X")]), &mut answers);
    assert_eq!(form.all_attached(&answers).len(), 1);
}

#[test]
fn what_is_no_form_is_refused_with_its_place() {
    let refused = |from: &str, to: &str| {
        let mut files = files();
        let text = files.get_mut("form.toml").unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        Form::of(&Service::from_files(&files).unwrap()).unwrap_err().to_string()
    };
    for (from, to, told) in [
        ("check = \"registrations/check\"", "check = \"nothing\"", "check"),
        ("zone = \"documents/read\"", "zone = \"nothing\"", "zone"),
        ("in = [\"visa\"]", "", "visa"),
        ("field = \"/visa/regime\"", "field = \"/visa/number\"", "visa"),
        ("when = \"visa\"", "when = \"other\"", "/visa/number"),
        ("required_when = \"minsk\"", "required_when = \"nowhere\"", "/stay/address/street"),
        ("options = \"sexes\"", "options = \"none\"", "/foreigner/sex"),
        ("id = \"person\"", "id = \"nobody\"", "nobody"),
        ("[when.minsk]", "[when.nowhere]", "nowhere"),
        ("kind = \"file\"\n", "kind = \"text\"\n", "/insurance/copies"),
        ("kind = \"number\"", "kind = \"file\"", "/insurance/sum"),
        ("megabytes = 3", "megabytes = 0", "/insurance/copies"),
        ("megabytes = 3", "megabytes = 4", "files"),
        ("id = \"insurance\"", "guest = true\nid = \"insurance\"", "/insurance/copies"),
    ] {
        let error = refused(from, to);
        assert!(error.contains("form.toml") && error.contains(told), "{to}: {error}");
    }
}
