//! Tests of the kit as a whole.

use super::*;

fn pages() -> Pages {
    Pages::load(&[]).unwrap()
}

fn view() -> View {
    let (parts, ()) = axum::http::Request::get("/en/services?q=x").body(()).unwrap().into_parts();
    View::of(&parts)
}

#[test]
fn a_page_shows() {
    let response = pages().error(&view(), StatusCode::NOT_FOUND, "not-found");
    assert_eq!(response.status(), 404);
}
