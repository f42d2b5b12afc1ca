//! A simple reader of Rust sources: enough to measure functions and to find literals, not a parser.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Every file below a folder whose name ends so.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every Rust source of the workspace.
pub fn sources() -> Vec<(PathBuf, String)> {
    let all = ["crates", "benches"].into_iter().flat_map(|part| files(&workspace().join(part), ".rs"));
    all.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The source with comments blanked, and with texts blanked too; lines and columns stay.
pub fn blanked(source: &str) -> (String, String) {
    let chars: Vec<char> = source.chars().collect();
    let (mut code, mut bare) = (String::new(), String::new());
    let mut at = 0;
    while at < chars.len() {
        let (length, is_text) = piece(&chars, at);
        for &c in &chars[at..at + length.max(1)] {
            let blank = if c == '\n' { '\n' } else { ' ' };
            code.push(if length == 0 || is_text { c } else { blank });
            bare.push(if length == 0 { c } else { blank });
        }
        at += length.max(1);
    }
    (code, bare)
}

/// Length of the comment or text that begins here (0 for code), and whether it is a text.
fn piece(chars: &[char], at: usize) -> (usize, bool) {
    let is = |place: usize, c: char| chars.get(place) == Some(&c);
    let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied().unwrap_or(' ');
    match chars[at] {
        '/' if is(at + 1, '/') => (chars[at..].iter().take_while(|c| **c != '\n').count(), false),
        '/' if is(at + 1, '*') => (block(chars, at), false),
        '"' => (quoted(chars, at, '"'), true),
        'r' if !is_word(before) || before == 'b' => (raw(chars, at), true),
        // A lifetime has no closing quote two or more characters on.
        '\'' if is(at + 1, '\\') || is(at + 2, '\'') => (quoted(chars, at, '\''), true),
        _ => (0, false),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn quoted(chars: &[char], at: usize, quote: char) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != quote {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len()) - at
}

/// `r"…"`, `r#"…"#`; 0 for a word that begins with r.
fn raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut end = at + 2 + hashes;
    while end < chars.len() {
        if chars[end] == '"' && chars[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return end + 1 + hashes - at;
        }
        end += 1;
    }
    chars.len() - at
}

fn block(chars: &[char], at: usize) -> usize {
    let (mut depth, mut end) = (0, at);
    while end < chars.len() {
        match (chars[end], chars.get(end + 1)) {
            ('/', Some('*')) => (depth, end) = (depth + 1, end + 1),
            ('*', Some('/')) => (depth, end) = (depth - 1, end + 1),
            _ => {}
        }
        end += 1;
        if depth == 0 {
            break;
        }
    }
    end - at
}

/// Names of functions with the number of lines from `fn` to the closing brace.
pub fn functions(source: &str) -> Vec<(String, usize)> {
    let (_, bare) = blanked(source);
    let mut found = Vec::new();
    for (at, _) in bare.match_indices("fn ") {
        let name: String = bare[at + 3..].chars().take_while(|c| is_word(*c)).collect();
        if name.is_empty() || bare[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        if let Some(length) = body_end(&bare[at..]) {
            found.push((name, bare[at..at + length].lines().count()));
        }
    }
    found
}

/// Where the body of the function ends that begins here; `None` when it has no body.
fn body_end(from: &str) -> Option<usize> {
    let (mut round, mut curly) = (0_i32, 0_i32);
    for (at, c) in from.char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' => curly += 1,
            '}' => {
                curly -= 1;
                if curly == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The arguments of every call of `function`, as they are written, up to the tests at the end of the file.
pub fn calls(source: &str, function: &str) -> Vec<Vec<String>> {
    let (code, bare) = blanked(source);
    let end = bare.find("#[cfg(test)]").unwrap_or(bare.len());
    let needle = format!("{function}(");
    let starts = bare[..end].match_indices(&needle).map(|(at, _)| at + needle.len());
    starts.map(|start| arguments(&code, &bare, start)).collect()
}

fn arguments(code: &str, bare: &str, start: usize) -> Vec<String> {
    // Blanking keeps characters, not bytes: places are counted in characters.
    let skip = bare[..start].chars().count();
    let (mut depth, mut all, mut one) = (0, Vec::new(), String::new());
    for (c, b) in code.chars().zip(bare.chars()).skip(skip) {
        match b {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(std::mem::take(&mut one).trim().to_owned());
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    if !one.trim().is_empty() {
        all.push(one.trim().to_owned());
    }
    all
}

/// The text of a literal argument, if it is one.
pub fn literal(argument: &str) -> Option<&str> {
    argument.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('"'))
}

#[test]
fn the_reader_sees_through_comments_and_texts() {
    let source = r####"
// fn no() {
/* fn no() { /* } */ */
fn one<'a>(x: &'a str) -> char {
    let _ = "fn } no() {"; let _ = r#"} " {"#; let _ = '}'; let _ = '\'';
    '{'
}
trait T { fn absent(&self); }
fn two() { f(
  "a", g("b", 1), "c,d") }
#[cfg(test)]
fn three() { f("test") }
"####;
    let lines: Vec<(String, usize)> = functions(source);
    let expected = [("one", 4), ("two", 2), ("three", 1)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(lines, expected);
    assert_eq!(calls(source, "f"), [vec!["\"a\"", "g(\"b\", 1)", "\"c,d\""]]);
    assert_eq!((literal("\"a\""), literal("code")), (Some("a"), None));
}
