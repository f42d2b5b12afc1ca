//! Reading a configuration text so that what is wrong names file, key and what was expected.

use serde::de::DeserializeOwned;

use crate::error::Error;

/// The value of a TOML text. Unknown keys are errors when `T` denies them.
pub fn toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    ::toml::from_str(text).map_err(|wrong| {
        let at = wrong.span().map(|span| span.start).unwrap_or(0);
        Error::file(file, key_at(text, at), wrong.message().to_owned())
    })
}

/// The value of a JSON text. Unknown keys are errors when `T` denies them.
pub fn json<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    let value = crate::json::parse(text.as_bytes())
        .map_err(|fault| Error::file(file, fault.pointer.clone(), format!("JSON ({}{})", fault.text, place(&fault))))?;
    serde_json::from_value(value).map_err(|wrong| Error::file(file, "", wrong.to_string()))
}

fn place(fault: &crate::Fault) -> String {
    fault.params.iter().map(|(name, value)| format!(", {name} {value}")).collect()
}

/// The key on the line where the reader stopped, with the table it is in.
fn key_at(text: &str, at: usize) -> String {
    let mut table = String::new();
    let mut start = 0_usize;
    for (number, line) in (1_usize..).zip(text.split_inclusive('\n')) {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[') {
            header.trim_matches(['[', ']']).trim().clone_into(&mut table);
        }
        let end = start.saturating_add(line.len());
        if at < end || end >= text.len() {
            let name = trimmed.split_once('=').map_or("", |(name, _)| name.trim());
            let key = [table.as_str(), name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            return if key.is_empty() { format!("line {number}") } else { format!("{key} (line {number})") };
        }
        start = end;
    }
    "line 1".to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its type matters here")]
        number: u8,
    }

    #[test]
    fn the_key_and_the_line_are_named() {
        let wrong = toml::<Sample>("x.toml", "number = 1\nnumbre = 2\n").unwrap_err().to_string();
        assert!(wrong.starts_with("x.toml: numbre (line 2): unknown field"), "{wrong}");
        let wrong = toml::<Sample>("x.toml", "number = \"a\"\n").unwrap_err().to_string();
        assert!(wrong.starts_with("x.toml: number (line 1): invalid type"), "{wrong}");
        let wrong = toml::<Sample>("x.toml", "number = [").unwrap_err().to_string();
        assert!(wrong.starts_with("x.toml: number"), "{wrong}");
        assert!(toml::<Sample>("x.toml", "").unwrap_err().to_string().contains("missing field `number`"));
    }

    #[test]
    fn json_is_strict() {
        let wrong = json::<Sample>("x.json", "{\"number\":1,\"number\":2}").unwrap_err().to_string();
        assert_eq!(wrong, "x.json: /number: JSON (duplicate-member)");
    }
}
