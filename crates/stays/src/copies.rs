//! Copies of papers that come with an application: each is what is said about it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::media::Media;
use serde_json::Value;

/// Where they are.
pub(crate) const COPIES: &str = "/insurance/copies";

fn all(application: &Value) -> impl Iterator<Item = &Value> {
    application.pointer(COPIES).and_then(Value::as_array).into_iter().flatten()
}

/// Every content that is there has the size and the digest that are said, and begins as its type does.
pub(crate) fn hold(application: &Value) -> bool {
    all(application).all(|copy| copy.get("content").is_none_or(|content| holds(copy, content)))
}

/// Every copy has its content.
pub(crate) fn are_whole(application: &Value) -> bool {
    all(application).all(|copy| copy.get("content").is_some())
}

fn holds(copy: &Value, content: &Value) -> bool {
    let Some(bytes) = content.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()) else { return false };
    let text = |name: &str| copy.get(name).and_then(Value::as_str).unwrap_or_default();
    let size = copy.get("size").and_then(Value::as_u64);
    size == u64::try_from(bytes.len()).ok()
        && text("sha256") == hex::encode(eds::sha256(&bytes))
        && Media::of(&bytes).is_some_and(|kind| kind.name() == text("media_type"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn application(size: u64, kind: &str, content: Option<&str>) -> Value {
        let mut copy = json!({"id": "0197a000-0000-7000-8000-000000000001", "name": "policy.pdf", "media_type": kind,
            "size": size, "sha256": hex::encode(eds::sha256(b"%PDF-1.4"))});
        if let Some(content) = content {
            copy["content"] = content.into();
        }
        json!({"insurance": {"copies": [copy]}})
    }

    #[test]
    fn content_is_what_is_said_about_it() {
        let pdf = "application/pdf";
        assert!(hold(&application(8, pdf, Some("JVBERi0xLjQ="))));
        assert!(hold(&application(8, pdf, None)) && !are_whole(&application(8, pdf, None)));
        assert!(hold(&json!({})) && are_whole(&json!({})));
        for wrong in [
            application(9, pdf, Some("JVBERi0xLjQ=")),
            application(8, "image/png", Some("JVBERi0xLjQ=")),
            application(8, pdf, Some("JVBERi0xLjU=")),
            application(8, pdf, Some("not base64")),
        ] {
            assert!(!hold(&wrong) && are_whole(&wrong), "{wrong}");
        }
    }
}
