//! Tests of the decision: each reason alone, their order, and the way of a treaty.

use proptest::prelude::*;

use super::*;

const PASSPORT: &str = r#"
code = "3.11.01"
context = "minjust-31101/v1"
owner = "minjust"
provider = "embedded:enforcement"
modes = ["system", "system-state-bodies"]
recipients = ["court"]
ground = "Edict 418 of 19.11.2019"
consent = "none"
eds = "optional"
[term]
kind = "real-time"
[tariff]
kind = "free"
[[methods]]
path = "proceedings/search"
fields = ["proceedings.*.executor_full_name", "proceedings.*.proceeding_number"]
"#;

struct Case {
    passport: Passport,
    consumer: Consumer,
    treaty: Option<Treaty>,
    subscription: Option<Subscription>,
}

impl Case {
    fn good() -> Self {
        let category = |name| Category::parse(name).unwrap();
        Self {
            passport: Passport::parse(PASSPORT).unwrap(),
            consumer: Consumer {
                id: "supreme-court".to_owned(),
                title: "Supreme Court".into(),
                unp: Unp::parse("191000015").unwrap(),
                source_code: "VS".to_owned(),
                categories: vec![category("court")],
            },
            treaty: Some(Treaty {
                number: "T-1".to_owned(),
                consumer: "supreme-court".to_owned(),
                owner: "minjust".to_owned(),
                valid_from: Date::constant(2025, 1, 1),
                valid_to: Some(Date::constant(2025, 12, 31)),
                identity_to: None,
                state: State::Active,
            }),
            subscription: Some(Subscription {
                service: ServiceCode::parse("3.11.01").unwrap(),
                methods: vec!["proceedings/search".to_owned()],
                mode: Mode::System,
                fields: vec!["*".to_owned()],
                quota_per_minute: 60,
                roles: Vec::new(),
            }),
        }
    }

    fn at(&self, now: &str) -> Result<Ground, Refusal> {
        let grounds = Grounds {
            consumer: &self.consumer,
            treaty: self.treaty.as_ref(),
            subscription: self.subscription.as_ref(),
        };
        permits(grounds, &self.passport, &self.passport.methods[0], now.parse().unwrap())
    }

    fn code(&self) -> &'static str {
        self.at("2025-06-02T12:00:00Z").unwrap_err().code
    }

    fn subscription(&mut self) -> &mut Subscription {
        self.subscription.as_mut().unwrap()
    }

    fn treaty(&mut self) -> &mut Treaty {
        self.treaty.as_mut().unwrap()
    }
}

#[test]
fn the_ground_is_told() {
    let ground = Case::good().at("2025-06-02T12:00:00Z").unwrap();
    assert_eq!((ground.act.as_str(), ground.treaty.as_str()), ("Edict 418 of 19.11.2019", "T-1"));
    assert!(ground.fields.covers("proceedings.*.proceeding_number"));
    assert!(permits_fields(&ground, ["proceedings.*.proceeding_number"]).is_ok());
    assert_eq!(permits_fields(&ground, ["proceedings.*.debtor"]).unwrap_err().code, "field-not-granted");
}

#[test]
fn each_reason_is_found() {
    let with = |change: fn(&mut Case)| {
        let mut case = Case::good();
        change(&mut case);
        case.code()
    };
    assert_eq!(with(|c| c.subscription = None), "no-subscription");
    assert_eq!(with(|c| c.subscription().methods = vec!["proceedings/changes".to_owned()]), "no-subscription");
    assert_eq!(with(|c| c.subscription().service = ServiceCode::parse("3.88.01").unwrap()), "no-subscription");
    assert_eq!(with(|c| c.treaty = None), "no-treaty");
    assert_eq!(with(|c| c.treaty().owner = "mvd".to_owned()), "no-treaty");
    assert_eq!(with(|c| c.treaty().consumer = "bank".to_owned()), "no-treaty");
    assert_eq!(with(|c| c.treaty().state = State::SuspendedUnpaid), "treaty-not-in-force");
    assert_eq!(with(|c| c.treaty().valid_to = Some(Date::constant(2025, 6, 1))), "treaty-not-in-force");
    assert_eq!(with(|c| c.treaty().valid_from = Date::constant(2025, 6, 3)), "treaty-not-in-force");
    assert_eq!(with(|c| c.consumer.categories.clear()), "category-not-served");
    assert_eq!(with(|c| c.subscription().mode = Mode::Strong), "mode-not-open");
    assert_eq!(with(|c| c.subscription().mode = Mode::SystemStateBodies), "mode-not-open");
    assert_eq!(with(|c| c.subscription().fields = vec!["proceedings.*.debtor".to_owned()]), "field-not-granted");
}

#[test]
fn the_portals_modes_are_the_portals() {
    let mut case = Case::good();
    case.passport.modes.push(Mode::Weak);
    case.subscription().mode = Mode::Weak;
    assert_eq!(case.code(), "mode-not-open");
    case.consumer.categories.push(Category::parse(Category::PORTAL).unwrap());
    assert!(case.at("2025-06-02T12:00:00Z").is_ok());
}

#[test]
fn who_asks_for_people_needs_the_agreement_with_uis_ile() {
    let mut case = Case::good();
    case.treaty().identity_to = Some(Date::constant(2025, 5, 31));
    assert!(case.at("2025-06-02T12:00:00Z").is_ok(), "a system asks in its own name");
    case.passport.modes.push(Mode::Strong);
    case.subscription().mode = Mode::Strong;
    case.consumer.categories.push(Category::parse(Category::PORTAL).unwrap());
    assert!(case.at("2025-05-31T20:59:59Z").is_ok(), "the last day is inside, in Minsk");
    assert_eq!(case.at("2025-05-31T21:00:00Z").unwrap_err().code, "identity-agreement-ended");
    let text = serde_json::to_string(&case.treaty).unwrap();
    assert!(text.contains("\"identity_to\":\"2025-05-31\""), "{text}");
}

#[test]
fn a_state_body_may_use_its_mode() {
    let mut case = Case::good();
    case.subscription().mode = Mode::SystemStateBodies;
    case.consumer.categories.push(Category::parse(Category::STATE_BODY).unwrap());
    assert!(case.at("2025-06-02T12:00:00Z").is_ok());
}

#[test]
fn days_are_counted_in_minsk() {
    let case = Case::good();
    assert!(case.at("2024-12-31T20:59:59Z").is_err());
    assert!(case.at("2024-12-31T21:00:00Z").is_ok());
    assert!(case.at("2025-12-31T20:59:59Z").is_ok());
    assert!(case.at("2025-12-31T21:00:00Z").is_err());
}

#[test]
fn the_way_of_a_treaty() {
    let mut treaty = Case::good().treaty.unwrap();
    treaty.state = State::Draft;
    for to in &State::ALL[1..9] {
        treaty = treaty.transition(*to).unwrap();
    }
    assert_eq!(treaty.state, State::Active);
    treaty = treaty.transition(State::SuspendedUnpaid).unwrap().transition(State::Active).unwrap();
    let wrong = treaty.transition(State::Draft).unwrap_err().to_string();
    let expected = "treaty is active: cannot become draft; allowed: suspended-unpaid, suspended-violation, terminated";
    assert_eq!(wrong, expected);
    let ended = treaty.transition(State::Terminated).unwrap();
    assert!(State::ALL.iter().all(|to| ended.transition(*to).is_err()));
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()).unwrap(), state);
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
}

#[test]
fn treaties_are_written_and_read() {
    let treaty = Case::good().treaty.unwrap();
    let text = serde_json::to_string(&treaty).unwrap();
    assert!(text.contains("\"valid_from\":\"2025-01-01\""), "{text}");
    assert_eq!(serde_json::from_str::<Treaty>(&text).unwrap(), treaty);
}

proptest! {
    /// Nothing is permitted unless the treaty is active, whatever else holds.
    #[test]
    fn only_an_active_treaty_permits(index in 0_usize..12, seconds in 1_700_000_000_i64..1_800_000_000) {
        let mut case = Case::good();
        case.treaty().state = State::ALL[index];
        let now = Timestamp::from_second(seconds).unwrap();
        let in_year = calendar::minsk_day(now).year() == 2025;
        let permitted = case.at(&now.to_string()).is_ok();
        prop_assert_eq!(permitted, in_year && State::ALL[index] == State::Active);
    }
}
