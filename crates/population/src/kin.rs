//! The family in the Register's published shape: spouse, children, parental rights, former spouses under `history`.

use jiff::civil::Date;
use serde_json::Value;

use crate::around::{Around, Made};
use crate::codes::{Codes, List};
use crate::family::{Child, Ending, Family, Marriage};
use crate::person::{As, Groups, Object, act_document, day, office, person, put};
use crate::record::DocumentStatus;
use model::Sex;

/// Everything that is told about one person.
pub(crate) struct Telling<'a> {
    pub(crate) codes: &'a Codes,
    pub(crate) groups: Groups<'a>,
    pub(crate) around: &'a Around,
}

impl Telling<'_> {
    /// `data` of the answer on this day, and the numbers of all whom it names.
    pub(crate) fn data(&self, today: Date) -> (Object, Vec<String>) {
        let family = Family::on(self.around, today);
        let mut out = self.person(self.around.subject, As::Subject);
        put(&mut out, "family", self.family(&family));
        let mut history = Object::new();
        if self.groups.has(Groups::FAMILY) {
            put(&mut history, "family", self.former(&family));
        }
        put(&mut out, "history", history);
        (out, self.named(&family))
    }

    fn named(&self, family: &Family<'_>) -> Vec<String> {
        let kin = self.groups.has(Groups::FAMILY);
        let spouses = family.current().into_iter().chain(family.former()).map(|marriage| marriage.spouse);
        let rights = self.groups.has(Groups::DEPRIVATION) || self.groups.has(Groups::RESTORATION);
        let children = family.children.iter().filter(|child| kin || rights && child.deprived.is_some());
        let people = children.map(|child| child.person).chain(spouses.filter(|_| kin)).chain([self.around.subject]);
        let mut numbers: Vec<String> = people.filter_map(|one| self.around.identity(one)?.number.clone()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn person(&self, who: i64, shown: As) -> Object {
        let identity = self.around.identity(who);
        identity.map(|one| person(self.codes, self.groups, one, shown, self.around.documents(who))).unwrap_or_default()
    }

    fn family(&self, family: &Family<'_>) -> Object {
        let mut out = Object::new();
        let newest = family.marriages.last();
        put(&mut out, "martial_status", newest.map(|marriage| self.martial(marriage)).unwrap_or_default());
        if self.groups.has(Groups::FAMILY) {
            let status = family.status(self.around);
            put(&mut out, "marital_status", self.codes.value(List::Marital, status.code()));
            if let Some(marriage) = family.current() {
                put(&mut out, self.side(marriage), self.spouse(marriage));
            }
            let children: Vec<Value> = family.children.iter().map(|child| Value::Object(self.child(child))).collect();
            put(&mut out, "child", children);
        }
        let rights = family.children.iter().filter_map(|child| self.rights_over(child));
        put(&mut out, "prnt_rights", rights.collect::<Vec<Value>>());
        out
    }

    fn former(&self, family: &Family<'_>) -> Object {
        let mut out = Object::new();
        for side in ["wife", "husband"] {
            let of_side = family.former().filter(|marriage| self.side(marriage) == side);
            let spouses: Vec<Value> = of_side.map(|marriage| Value::Object(self.spouse(marriage))).collect();
            put(&mut out, side, spouses);
        }
        out
    }

    fn side(&self, marriage: &Marriage<'_>) -> &'static str {
        match self.around.identity(marriage.spouse).map(|spouse| spouse.sex) {
            Some(Sex::Male) => "husband",
            _ => "wife",
        }
    }

    fn spouse(&self, marriage: &Marriage<'_>) -> Object {
        let mut out = Object::new();
        put(&mut out, "person_data", self.person(marriage.spouse, As::Spouse));
        put(&mut out, "documents", self.marriage_documents(marriage));
        out
    }

    fn child(&self, child: &Child<'_>) -> Object {
        let mut out = Object::new();
        put(&mut out, "person_data", self.person(child.person, As::Child));
        put(&mut out, "prnt_rights_info", self.dates(child));
        if self.groups.has(Groups::ACTS) {
            put(&mut out, "documents", vec![act_document(self.codes, child.made, DocumentStatus::Valid)]);
        }
        out
    }

    /// Dates of the newest marriage, each group as far as it was asked for.
    fn martial(&self, marriage: &Marriage<'_>) -> Object {
        let mut dates = Object::new();
        if self.groups.has(Groups::FAMILY) {
            put(&mut dates, "date", day(marriage.made.day));
            put(&mut dates, "region", office(self.codes, &marriage.made.act.office));
        }
        if let Some(ending) = marriage.ending.filter(|ending| self.shows(*ending)) {
            let (date, region) = match ending {
                Ending::Invalid(_) => ("invalid_mrg_date", "invalid_mrg_region"),
                Ending::Divorce(_) | Ending::CourtDivorce(_) => ("dvc_date", "dvc_region"),
            };
            put(&mut dates, date, day(ending.made().day));
            put(&mut dates, region, office(self.codes, &ending.made().act.office));
        }
        let mut out = Object::new();
        put(&mut out, "cert_data", dates);
        put(&mut out, "documents", self.marriage_documents(marriage));
        out
    }

    fn marriage_documents(&self, marriage: &Marriage<'_>) -> Vec<Value> {
        let mut documents = Vec::new();
        if self.groups.has(Groups::ACTS) {
            let status = if marriage.holds() { DocumentStatus::Valid } else { DocumentStatus::Annulled };
            documents.push(act_document(self.codes, marriage.made, status));
        }
        if let Some(ending) = marriage.ending.filter(|ending| self.shows(*ending)) {
            // A certificate belongs to group 9 as well; a court's decision has no other group than its own.
            if ending.made().kind.by_court() || self.groups.has(Groups::ACTS) {
                documents.push(act_document(self.codes, ending.made(), DocumentStatus::Valid));
            }
        }
        documents
    }

    fn shows(&self, ending: Ending<'_>) -> bool {
        self.groups.has(if matches!(ending, Ending::Invalid(_)) { Groups::INVALID } else { Groups::DIVORCE })
    }

    /// Deprivation and restoration of the subject's rights over a child, each as far as it was asked for.
    fn decisions<'c>(&self, child: &Child<'c>) -> [Option<&'c Made>; 2] {
        let shown = |group, made: Option<&'c Made>| made.filter(|_| self.groups.has(group));
        [shown(Groups::DEPRIVATION, child.deprived), shown(Groups::RESTORATION, child.restored)]
    }

    fn dates(&self, child: &Child<'_>) -> Object {
        let mut out = Object::new();
        let [deprived, restored] = self.decisions(child);
        put(&mut out, "deprivation_prnt_rights_date", deprived.map(|made| day(made.day)));
        put(&mut out, "return_prnt_rights_date", restored.map(|made| day(made.day)));
        out
    }

    fn rights_over(&self, child: &Child<'_>) -> Option<Value> {
        let mut info = self.dates(child);
        if info.is_empty() {
            return None;
        }
        put(&mut info, "child_data", self.person(child.person, As::Child));
        let [deprived, restored] = self.decisions(child);
        let valid = |made| act_document(self.codes, made, DocumentStatus::Valid);
        let taken = deprived.map(|made| {
            let status = if restored.is_some() { DocumentStatus::Annulled } else { DocumentStatus::Valid };
            act_document(self.codes, made, status)
        });
        let mut out = Object::new();
        put(&mut out, "prnt_rights_info", info);
        put(&mut out, "documents", taken.into_iter().chain(restored.map(valid)).collect::<Vec<Value>>());
        Some(Value::Object(out))
    }
}
