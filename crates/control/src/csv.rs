//! Tables as CSV (RFC 4180), for people who open them in a spreadsheet.

use tollgate_http::hygiene::cache::NO_STORE;

use crate::Response;

/// What a table is answered as.
const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// A table: its head, and rows of as many cells.
#[derive(Debug)]
pub(crate) struct Table(String);

impl Table {
    /// With these names of its columns.
    pub(crate) fn new<'c>(head: impl IntoIterator<Item = &'c str>) -> Self {
        let mut table = Self(String::new());
        table.row(head);
        table
    }

    /// One more row.
    pub(crate) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    // SECURITY: a spreadsheet runs what begins like a formula. Names are chosen by callers and seen by others, so such a
    // cell begins with an apostrophe, which makes it a text.
    fn cell(&mut self, cell: &str) {
        let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        let quoted = cell.contains(['"', ',', '\r', '\n']);
        if quoted {
            self.0.push('"');
        }
        if runs {
            self.0.push('\'');
        }
        self.0.push_str(&cell.replace('"', "\"\""));
        if quoted {
            self.0.push('"');
        }
    }

    /// The answer: to be kept by whoever asked under this name, and by nobody on the way.
    pub(crate) fn response(self, name: &'static str) -> Response {
        let fields = vec![
            ("content-type", MEDIA_TYPE.to_owned()),
            ("content-disposition", format!("attachment; filename=\"{name}\"")),
            ("cache-control", NO_STORE.to_owned()),
        ];
        Response {
            status: 200,
            fields,
            body: self.0.into_bytes(),
            code: None,
            trouble: None,
            by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn check(cell: &str, expected: &str) {
        let mut table = Table::new(["a", "b"]);
        table.row([cell, "end"]);
        assert_eq!(table.0, format!("a,b\r\n{expected},end\r\n"), "{cell:?}");
    }

    #[test]
    fn a_cell_is_one_cell_whatever_it_says() {
        check("", "");
        check("GET /orders/*", "GET /orders/*");
        check("GET,POST /", "\"GET,POST /\"");
        check("say \"a\"", "\"say \"\"a\"\"\"");
        check("a\r\nb", "\"a\r\nb\"");
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for begin in ['=', '+', '-', '@', '\t'] {
            check(&format!("{begin}cmd"), &format!("'{begin}cmd"));
            check(&format!("a{begin}cmd"), &format!("a{begin}cmd"));
        }
        check("=A1,\"x\"", "\"'=A1,\"\"x\"\"\"");
        check("\rcmd", "\"'\rcmd\"");
        check("\ncmd", "\"'\ncmd\"");
    }
}
