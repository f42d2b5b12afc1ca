//! Forms with files (`multipart/form-data`, RFC 7578), read as they arrive: each file bounded, and what came before
//! anything went wrong is kept.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use model::{Kind, Refusal};
use multer::{Constraints, Multipart, SizeLimit};

use super::Form;
use super::form::FIELDS;
use crate::body::{self, Allowance};

/// What is too large is still read to so many bytes and forgotten: a browser that is not listened to shows no answer.
const DRAINED: u64 = 64 * 1024 * 1024;

/// What a form with files sent.
#[derive(Default)]
pub struct Upload {
    /// Its fields.
    pub form: Form,
    /// Its files that have a name, in their order.
    pub files: Vec<Sent>,
    /// The field in which the transfer broke off; empty between two. What came before is here.
    pub broken: Option<String>,
}

/// A file.
#[derive(Debug, PartialEq, Eq)]
pub struct Sent {
    /// The field it was chosen in.
    pub field: String,
    /// Its name, as the browser says.
    pub name: String,
    /// Its content; none when it is larger than allowed.
    pub content: Option<Bytes>,
}

impl Upload {
    /// Reads a form, with files or without. `largest` says how many bytes a file of a field may have; files of other
    /// fields are left out.
    ///
    /// # Errors
    /// `media-type`, and those of [`body::read`] for a form without files.
    pub async fn read(
        headers: &HeaderMap,
        content: Body,
        largest: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, Refusal> {
        if body::expect_type(headers, "application/x-www-form-urlencoded").is_ok() {
            let form = Form::parse(&body::read(content, Allowance::QUESTION).await?);
            return Ok(Self { form, ..Self::default() });
        }
        body::expect_type(headers, "multipart/form-data")?;
        let boundary =
            headers.get(header::CONTENT_TYPE).and_then(|value| multer::parse_boundary(value.to_str().ok()?).ok());
        let boundary = boundary.ok_or_else(|| Refusal::new(Kind::Malformed, "body-broken"))?;
        let limit = SizeLimit::new().whole_stream(DRAINED);
        let constraints = Constraints::new().size_limit(limit);
        let parts = Multipart::with_constraints(content.into_data_stream(), boundary, constraints);
        let mut taking = Taking { pairs: Vec::new(), files: Vec::new(), at: String::new() };
        let ended = tokio::time::timeout(Allowance::UPLOAD.within, taking.all(parts, largest)).await;
        let broken = if matches!(ended, Ok(Ok(()))) { None } else { Some(taking.at) };
        Ok(Self { form: Form::of(taking.pairs), files: taking.files, broken })
    }
}

/// What has come so far.
struct Taking {
    pairs: Vec<(String, String)>,
    files: Vec<Sent>,
    /// The field whose value is coming.
    at: String,
}

impl Taking {
    async fn all(
        &mut self,
        mut parts: Multipart<'_>,
        largest: impl Fn(&str) -> Option<usize>,
    ) -> Result<(), multer::Error> {
        let (mut texts, mut files) = (Allowance::QUESTION.bytes, Allowance::UPLOAD.bytes);
        for _ in 0..FIELDS {
            let Some(part) = parts.next_field().await? else { return Ok(()) };
            part.name().unwrap_or_default().clone_into(&mut self.at);
            match part.file_name().map(str::to_owned) {
                None => {
                    if let Some(text) = whole(part, texts).await? {
                        texts = texts.saturating_sub(text.len());
                        self.pairs.push((self.at.clone(), String::from_utf8_lossy(&text).into_owned()));
                    }
                }
                Some(name) => {
                    let most = largest(&self.at);
                    let content = whole(part, most.unwrap_or(0).min(files)).await?;
                    files = files.saturating_sub(content.as_ref().map_or(0, Bytes::len));
                    // A field in which nothing was chosen is sent too: without a name.
                    if most.is_some() && !name.is_empty() {
                        self.files.push(Sent { field: self.at.clone(), name, content });
                    }
                }
            }
            self.at.clear();
        }
        Ok(())
    }
}

/// A part to its end; none when it is larger than `most`.
async fn whole(mut part: multer::Field<'_>, most: usize) -> Result<Option<Bytes>, multer::Error> {
    let mut content = Vec::new();
    let mut fits = true;
    while let Some(chunk) = part.chunk().await? {
        fits = fits && content.len() + chunk.len() <= most;
        if fits {
            content.extend_from_slice(&chunk);
        } else {
            content = Vec::new();
        }
    }
    Ok(fits.then(|| content.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &str) -> HeaderMap {
        [(header::CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect()
    }

    fn part(head: &str, content: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    }

    async fn read(body: &str) -> Upload {
        let largest = |field: &str| (field == "copy").then_some(5);
        let kind = headers("multipart/form-data; boundary=b");
        Upload::read(&kind, Body::from(body.to_owned()), largest).await.unwrap()
    }

    #[tokio::test]
    async fn fields_and_files_come_apart() {
        let parts = [
            part("name=\"a.b\"", " typed \0"),
            part("name=\"copy\"; filename=\"поліс.pdf\"", "%PDF-"),
            part("name=\"copy\"; filename=\"long\"", "123456"),
            part("name=\"copy\"; filename=\"none\"", ""),
            part("name=\"copy\"; filename=\"\"", ""),
            part("name=\"other\"; filename=\"x\"", "abc"),
            part("name=\"last\"", "1"),
            "--b--\r\n".to_owned(),
        ];
        let upload = read(&parts.concat()).await;
        assert_eq!((upload.form.get("a.b"), upload.form.get("last")), ("typed \u{fffd}", "1"));
        let sent = |name: &str, content: Option<&'static str>| Sent {
            field: "copy".into(),
            name: name.into(),
            content: content.map(Bytes::from),
        };
        assert_eq!(upload.files, [sent("поліс.pdf", Some("%PDF-")), sent("long", None), sent("none", Some(""))]);
        assert_eq!(upload.broken, None);
    }

    #[tokio::test]
    async fn what_came_before_the_transfer_broke_is_kept() {
        let whole = part("name=\"a\"", "typed") + &part("name=\"copy\"; filename=\"x\"", "12");
        let cut = read(whole.trim_end()).await;
        assert_eq!((cut.form.get("a"), cut.files.len(), cut.broken.as_deref()), ("typed", 0, Some("copy")));
        assert_eq!(read("").await.broken.as_deref(), Some(""));
    }

    #[tokio::test]
    async fn a_form_without_files_is_a_form_and_anything_else_is_refused() {
        let largest = |_: &str| None;
        let plain = headers("application/x-www-form-urlencoded");
        let upload = Upload::read(&plain, Body::from("a=1"), largest).await.unwrap();
        assert_eq!((upload.form.get("a"), upload.files.len()), ("1", 0));
        for (kind, code) in [("text/plain", "media-type"), ("multipart/form-data", "body-broken")] {
            let refused = Upload::read(&headers(kind), Body::empty(), largest).await.err();
            assert_eq!(refused.map(|refusal| refusal.code), Some(code));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(body in "(--b|\r\n|name=\"copy\"|Content-Disposition: form-data; |filename=\"|.){0,40}") {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let upload = runtime.block_on(read(&body));
            assert!(upload.files.iter().all(|file| file.content.as_ref().is_none_or(|content| content.len() <= 5)));
        }
    }
}
