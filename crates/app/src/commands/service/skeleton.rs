//! The folder of a new service whose owner's system answers over HTTPS: complete, and passes the check as it is.

use model::ServiceCode;

/// What the skeleton names.
pub struct Skeleton<'a> {
    /// The new code.
    pub code: &'a ServiceCode,
    /// The owner of the information.
    pub owner: &'a str,
    /// The owner's system.
    pub url: &'a str,
}

impl Skeleton<'_> {
    /// The gateway's context: owner and digits of the code.
    pub fn context(&self) -> String {
        let digits: String = self.code.as_str().chars().filter(char::is_ascii_digit).collect();
        format!("{}-{digits}/v1", self.owner)
    }

    /// Paths inside the folder with their texts.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let fill = |text: &str| {
            text.replace("{code}", self.code.as_str())
                .replace("{context}", &self.context())
                .replace("{owner}", self.owner)
                .replace("{url}", self.url)
        };
        [
            ("passport.toml", PASSPORT),
            ("text.en.toml", TEXT_EN),
            ("text.be.toml", TEXT_BE),
            ("text.ru.toml", TEXT_RU),
            ("methods/search.schema.json", SCHEMA),
            ("examples/search.json", EXAMPLE),
            ("examples/search-without-number.json", REFUSED),
        ]
        .map(|(path, text)| (path, fill(text)))
        .to_vec()
    }
}

const PASSPORT: &str = r#"# The service's passport. Every key is explained in docs/services.md.
code = "{code}"
context = "{context}"
owner = "{owner}"
modes = ["system"]                 # weak strong strong-id-card system system-state-bodies intermediary
recipients = ["state-body"]        # categories of consumers
ground = "Name the legal act that lets the information be furnished"
consent = "none"                   # none written electronic self
eds = "optional"                   # none optional required
roles = []

# The owner's system. The method's path is appended: POST {url}/records/search
[upstream]
url = "{url}"
timeout_ms = 5000
attempts = 3

[term]
kind = "real-time"                 # real-time working-days calendar-days

[tariff]
kind = "free"                      # free paid

[[methods]]
path = "records/search"
verb = "POST"
schema = "search"                  # methods/search.schema.json
idempotent = true
max_body = 65536
fields = ["*"]
"#;

const TEXT_EN: &str = r#"title = "Information of {owner}"
description = ["What is furnished, by whom, from which information resource.", "Legal act: name it here."]
how_to_get = ["System to system: a request over the gateway of NAIS.", "A treaty, a certificate and an access token are needed."]
term = "In real time (request – response)."
cost = "Free of charge."
recipients = "State bodies."
result = "The records that fit the request."

[methods."records/search"]
title = "Find records by number"
"#;

const TEXT_BE: &str = r#"title = "Звесткі {owner}"
description = ["Што прадастаўляецца, кім, з якога інфармацыйнага рэсурсу.", "Прававы акт: назавіце яго тут."]
how_to_get = ["Сістэма – сістэма: запыт праз шлюз АДАІС.", "Патрэбны дагавор, сертыфікат і маркер доступу."]
term = "У рэжыме рэальнага часу (запыт – адказ)."
cost = "Бясплатна."
recipients = "Дзяржаўныя органы."
result = "Запісы, якія адпавядаюць запыту."

[methods."records/search"]
title = "Пошук запісаў па нумары"
"#;

const TEXT_RU: &str = r#"title = "Сведения {owner}"
description = ["Что предоставляется, кем, из какого информационного ресурса.", "Правовой акт: назовите его здесь."]
how_to_get = ["Система – система: запрос через шлюз ОАИС.", "Нужны договор, сертификат и маркер доступа."]
term = "В режиме реального времени (запрос – ответ)."
cost = "Бесплатно."
recipients = "Государственные органы."
result = "Записи, соответствующие запросу."

[methods."records/search"]
title = "Поиск записей по номеру"
"#;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Search of records",
  "$defs": {
    "request": {
      "type": "object",
      "additionalProperties": false,
      "required": ["number"],
      "properties": {
        "number": { "title": "Number of the record", "type": "string", "minLength": 1, "maxLength": 30 }
      }
    },
    "response": {
      "type": "object",
      "required": ["records"],
      "properties": {
        "records": { "type": "array", "items": { "type": "object" } }
      }
    }
  }
}
"#;

const EXAMPLE: &str = r#"{
  "name": "a record is found by its number",
  "as": "mia",
  "method": "POST",
  "path": "records/search",
  "body": { "number": "1" },
  "expect": { "status": 200, "subset": { "records": [] } }
}
"#;

const REFUSED: &str = r#"{
  "name": "a search without a number is refused",
  "as": "mia",
  "method": "POST",
  "path": "records/search",
  "body": {},
  "expect": { "status": 400 }
}
"#;
