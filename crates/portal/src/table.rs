//! Tables of people as hosts keep them: CSV with a head (RFC 4180; semicolons and tabs part cells too), and lines of
//! machine-readable zones one after another.

/// A row and the line it begins on, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// The lines of one document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub first: usize,
    pub last: usize,
    pub text: String,
}

/// Whether these are lines of machine-readable zones: nothing else begins with a document's letter and is full of `<`.
pub(crate) fn is_zones(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    first.starts_with(|sign: char| sign.is_ascii_alphabetic()) && first.contains(['<', '«'])
}

/// The lines of each document: two of a passport or a visa-sized document, three of a card.
pub(crate) fn zones(text: &str) -> Vec<Lines> {
    let width = |line: &str| line.chars().filter(|sign| !sign.is_whitespace()).count();
    let mut left: Vec<(usize, &str)> = (1..).zip(text.lines()).filter(|(_, line)| width(line) > 0).collect();
    let mut found = Vec::new();
    while let Some((_, head)) = left.first() {
        // A line of a card has 30 characters, one of anything else 36 or 44; a slip of one or two changes nothing.
        let most = if width(head) > 33 { 2 } else { 3 };
        let of_one: Vec<(usize, &str)> = left.drain(..most.min(left.len())).collect();
        let (Some((first, _)), Some((last, _))) = (of_one.first(), of_one.last()) else { break };
        let text = of_one.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
        found.push(Lines { first: *first, last: *last, text });
    }
    found
}

/// The rows of a table without the empty ones; or the line on which a quote is opened that nothing closes.
pub(crate) fn rows(text: &str) -> Result<Vec<Row>, usize> {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |sign: char| head.chars().filter(|one| *one == sign).count();
    let comma = [',', ';', '\t'].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(',');
    let mut reader = Reader { comma, rows: Vec::new(), row: Row { line: 1, cells: Vec::new() }, cell: String::new() };
    let (mut line, mut quoted_since) = (1, None);
    let mut signs = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted_since.is_some() && signs.peek() == Some(&'"') => {
                signs.next();
                reader.cell.push('"');
            }
            '"' if quoted_since.is_some() => quoted_since = None,
            '"' if reader.cell.trim().is_empty() => {
                reader.cell.clear();
                quoted_since = Some(line);
            }
            '\n' if quoted_since.is_none() => {
                line += 1;
                reader.end_row(line);
            }
            sign if sign == reader.comma && quoted_since.is_none() => reader.end_cell(),
            sign => {
                line += usize::from(sign == '\n');
                reader.cell.push(sign);
            }
        }
    }
    reader.end_row(line + 1);
    quoted_since.map_or(Ok(reader.rows), Err)
}

struct Reader {
    comma: char,
    rows: Vec<Row>,
    row: Row,
    cell: String,
}

impl Reader {
    fn end_cell(&mut self) {
        self.row.cells.push(std::mem::take(&mut self.cell).trim().to_owned());
    }

    /// The row is over; the next one begins on line `next`.
    fn end_row(&mut self, next: usize) {
        self.end_cell();
        let row = std::mem::replace(&mut self.row, Row { line: next, cells: Vec::new() });
        if row.cells.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        rows(text).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
    }

    fn row(line: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn rows_are_read_with_their_lines() {
        assert_eq!(read("a,b\r\n1,2\r\n"), [row(1, &["a", "b"]), row(2, &["1", "2"])]);
        assert_eq!(read("\u{feff}a;b\n\n;;\n1; 2,5 "), [row(1, &["a", "b"]), row(4, &["1", "2,5"])]);
        assert_eq!(read("a\tb\n1\t"), [row(1, &["a", "b"]), row(2, &["1", ""])]);
        let quoted = read("a,b\n\"x, \"\"y\"\"\nz\",2\nlast,3");
        assert_eq!(quoted, [row(1, &["a", "b"]), row(2, &["x, \"y\"\nz", "2"]), row(4, &["last", "3"])]);
        assert_eq!(rows("a,b\n1,\"2\n3,4"), Err(2));
        assert_eq!(read(""), []);
    }

    #[test]
    fn zones_are_parted_by_their_width() {
        let passport = ["P<D<<TESTER<<OTTO<<<<<<<<<<<<<<<<<<<<<<<<<<<", "C01X00T478D<<7003206M3105010<<<<<<<<<<<<<<<2"];
        let card =
            ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"];
        let text = format!("\n{}\n\n{}\n{}", passport.join("\r\n"), card.join("\n"), passport.join("\n"));
        assert!(is_zones(&text) && !is_zones("foreigner.surname_lat,foreigner.sex") && !is_zones(""));
        let found: Vec<_> = zones(&text).into_iter().map(|lines| (lines.first, lines.last)).collect();
        assert_eq!(found, [(2, 3), (5, 7), (8, 9)]);
        assert_eq!(zones(&text)[1].text, card.join("\n"));
        assert_eq!(zones(passport[0]).len(), 1, "half a document is told by whoever reads it");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[a-z<,;\"\n\r ]{0,80}") {
            let lines = text.lines().count() + 1;
            if let Ok(rows) = rows(&text) {
                assert!(rows.iter().all(|row| row.line <= lines + 1));
            }
            let all: usize = zones(&text).iter().map(|one| one.text.lines().count()).sum();
            assert_eq!(all, text.lines().filter(|line| !line.trim().is_empty()).count());
        }
    }
}
