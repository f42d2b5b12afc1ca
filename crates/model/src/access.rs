//! Who may ask what, and on which ground: treaties, subscriptions and the decision over them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar;
use crate::error::Error;
use crate::fields::Fields;
use crate::identifier::Unp;
use crate::lang::Title;
use crate::passport::{Category, ConsentClass, Method, Mode, Passport, ServiceCode};
use crate::refusal::{Kind, Refusal};

/// An organisation that asks through NAIS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Its name in NAIS, such as `border-committee`.
    pub id: String,
    /// Its official name in the operator's records.
    pub title: Title,
    /// Its taxpayer number.
    pub unp: Unp,
    /// Its `message_source`, such as `GPK`.
    pub source_code: String,
    /// Categories of recipients it belongs to.
    pub categories: Vec<Category>,
}

impl Consumer {
    /// Whether it belongs to the category of this name.
    pub fn belongs(&self, category: &str) -> bool {
        self.categories.iter().any(|own| own.as_str() == category)
    }
}

/// Where a treaty is on its way (`domain.md` §9.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being written.
    Draft,
    /// Sent to the operator.
    Submitted,
    /// The operator looks at it and asks the owner.
    UnderReview,
    /// Operator and owner agree.
    Approved,
    /// The text went to the consumer.
    TreatySent,
    /// Both have signed.
    TreatySigned,
    /// The protected channel works: certificate issued.
    ChannelIssued,
    /// The access token is issued.
    TokenIssued,
    /// In force.
    Active,
    /// Stopped until paid.
    SuspendedUnpaid,
    /// Stopped for a violation.
    SuspendedViolation,
    /// Ended for good.
    Terminated,
}

impl State {
    /// All states, in the order of the way.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Submitted,
        Self::UnderReview,
        Self::Approved,
        Self::TreatySent,
        Self::TreatySigned,
        Self::ChannelIssued,
        Self::TokenIssued,
        Self::Active,
        Self::SuspendedUnpaid,
        Self::SuspendedViolation,
        Self::Terminated,
    ];

    /// As rows and files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::UnderReview => "under-review",
            Self::Approved => "approved",
            Self::TreatySent => "treaty-sent",
            Self::TreatySigned => "treaty-signed",
            Self::ChannelIssued => "channel-issued",
            Self::TokenIssued => "token-issued",
            Self::Active => "active",
            Self::SuspendedUnpaid => "suspended-unpaid",
            Self::SuspendedViolation => "suspended-violation",
            Self::Terminated => "terminated",
        }
    }

    /// The state written so.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(Error::Unlisted { what: "treaty state" })
    }

    /// States that may follow. A review may send the draft back; everything but the end can end.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted, Self::Terminated],
            Self::Submitted => &[Self::UnderReview, Self::Terminated],
            Self::UnderReview => &[Self::Approved, Self::Draft, Self::Terminated],
            Self::Approved => &[Self::TreatySent, Self::Terminated],
            Self::TreatySent => &[Self::TreatySigned, Self::Terminated],
            Self::TreatySigned => &[Self::ChannelIssued, Self::Terminated],
            Self::ChannelIssued => &[Self::TokenIssued, Self::Terminated],
            Self::TokenIssued => &[Self::Active, Self::Terminated],
            Self::Active => &[Self::SuspendedUnpaid, Self::SuspendedViolation, Self::Terminated],
            Self::SuspendedUnpaid | Self::SuspendedViolation => &[Self::Active, Self::Terminated],
            Self::Terminated => &[],
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An agreement between a consumer, the operator and the owner of the information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treaty {
    /// Its number in the operator's register.
    pub number: String,
    /// [`Consumer::id`].
    pub consumer: String,
    /// [`Passport::owner`].
    pub owner: String,
    /// First day.
    #[serde(with = "calendar::day")]
    pub valid_from: Date,
    /// Last day; none: until ended.
    #[serde(with = "calendar::some_day", default)]
    pub valid_to: Option<Date>,
    /// Last day of the consumer's agreement on the use of UIS ILE, by which it knows people; none: no such agreement is
    /// part of the treaty. After it nothing is asked for people who sign in.
    #[serde(with = "calendar::some_day", default, skip_serializing_if = "Option::is_none")]
    pub identity_to: Option<Date>,
    /// Where it is on its way.
    pub state: State,
}

impl Treaty {
    /// The treaty in state `to`, or an error that names the states allowed.
    pub fn transition(&self, to: State) -> Result<Self, Error> {
        let allowed = self.state.next();
        if !allowed.contains(&to) {
            let allowed: Vec<&str> = allowed.iter().map(|state| state.as_str()).collect();
            let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
            return Err(Error::Transition { from: self.state.as_str(), to: to.as_str(), allowed });
        }
        Ok(Self { state: to, ..self.clone() })
    }

    /// Whether it is in force on the day that `now` is in Minsk.
    pub fn in_force(&self, now: Timestamp) -> bool {
        let today = calendar::minsk_day(now);
        self.state == State::Active && self.valid_from <= today && self.valid_to.is_none_or(|last| today <= last)
    }
}

/// What a treaty lets its consumer ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Which service.
    pub service: ServiceCode,
    /// Paths of methods; `*` for all.
    pub methods: Vec<String>,
    /// In which way.
    pub mode: Mode,
    /// Members of answers that are granted; `*` for all the passport permits.
    pub fields: Vec<String>,
    /// Calls in a minute.
    pub quota_per_minute: u32,
    /// Roles its people have.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl Subscription {
    /// Whether it names the method.
    pub fn covers(&self, path: &str) -> bool {
        self.methods.iter().any(|method| method == "*" || method == path)
    }
}

/// What is known of who asks, as far as the decision needs it.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// Who asks.
    pub consumer: &'a Consumer,
    /// Its treaty with the owner, if any.
    pub treaty: Option<&'a Treaty>,
    /// Its subscription to the service, if any.
    pub subscription: Option<&'a Subscription>,
}

/// Why a request is permitted: what the ledger records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The legal act.
    pub act: String,
    /// Number of the treaty.
    pub treaty: String,
    /// How it is asked.
    pub mode: Mode,
    /// Whose consent must be shown yet.
    pub consent: ConsentClass,
    /// What of the answer may leave.
    pub fields: Fields,
}

/// Whether `method` of the service may be asked so now, or the first reason why not.
///
/// Pure. The order of reasons is the order in which a consumer can mend them: subscription, treaty, category, mode,
/// the agreement with UIS ILE, fields (contract §3).
pub fn permits(grounds: Grounds<'_>, passport: &Passport, method: &Method, now: Timestamp) -> Result<Ground, Refusal> {
    let refuse = |code| Refusal::new(Kind::Forbidden, code).with("service", &passport.code);
    let Grounds { consumer, treaty, subscription } = grounds;
    let subscription = subscription
        .filter(|subscription| subscription.service == passport.code && subscription.covers(&method.path))
        .ok_or_else(|| refuse("no-subscription").with("method", &method.path))?;
    let treaty = treaty
        .filter(|treaty| treaty.consumer == consumer.id && treaty.owner == passport.owner)
        .ok_or_else(|| refuse("no-treaty").with("owner", &passport.owner))?;
    if !treaty.in_force(now) {
        return Err(refuse("treaty-not-in-force").with("treaty", &treaty.number).with("state", treaty.state));
    }
    if !passport.recipients.iter().any(|category| consumer.belongs(category.as_str())) {
        let served: Vec<&str> = passport.recipients.iter().map(Category::as_str).collect();
        return Err(refuse("category-not-served").with("categories", served.join(", ")));
    }
    let state_only = subscription.mode == Mode::SystemStateBodies && !consumer.belongs(Category::STATE_BODY);
    // The portal's own modes are for the portal: nobody else says how a person has signed in.
    let fitting = subscription.mode.is_system() || consumer.belongs(Category::PORTAL);
    if !fitting || !passport.modes.contains(&subscription.mode) || state_only {
        let open: Vec<&str> = passport.modes.iter().map(|mode| mode.as_str()).collect();
        return Err(refuse("mode-not-open").with("mode", subscription.mode).with("modes", open.join(", ")));
    }
    // A system asks in its own name; who asks for people knows them by UIS ILE, as long as it may (seed 3.40.01/1).
    let known_until = treaty.identity_to.filter(|_| !subscription.mode.is_system());
    if let Some(last) = known_until.filter(|last| *last < calendar::minsk_day(now)) {
        return Err(refuse("identity-agreement-ended").with("treaty", &treaty.number).with("last", last));
    }
    let fields = granted(subscription, method).map_err(|field| refuse("field-not-granted").with("field", field))?;
    Ok(Ground {
        act: passport.ground.clone(),
        treaty: treaty.number.clone(),
        mode: subscription.mode,
        consent: passport.consent,
        fields,
    })
}

/// Every field asked for by name is granted, or the first that is not.
pub fn permits_fields<'a>(ground: &Ground, asked: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
    match ground.fields.missing(asked) {
        None => Ok(()),
        Some(field) => Err(Refusal::new(Kind::Forbidden, "field-not-granted").with("field", field)),
    }
}

/// The members granted: the subscription's when the passport permits all of them, or the first it does not.
fn granted(subscription: &Subscription, method: &Method) -> Result<Fields, String> {
    let permitted = method.permitted();
    if subscription.fields.iter().any(|field| field == "*") {
        return Ok(permitted);
    }
    match permitted.missing(subscription.fields.iter().map(String::as_str)) {
        None => Ok(Fields::new(&subscription.fields)),
        Some(field) => Err(field.to_owned()),
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
