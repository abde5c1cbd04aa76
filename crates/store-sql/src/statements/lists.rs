//! What keys are listed with: each order in both directions, of a tenant and of all.

/// What a list chooses by: 4 an owner, 5 an env, 6 a state, 7 an end.
macro_rules! chosen {
    ($row:literal) => {
        concat!(
            "(?4 IS NULL OR ",
            $row,
            ".owner = ?4) AND (?5 IS NULL OR ",
            $row,
            ".env = ?5)
            AND (?6 IS NULL OR ",
            $row,
            ".state = ?6) AND (?7 IS NULL OR ",
            $row,
            ".ends_ms < ?7)"
        )
    };
}

macro_rules! orders {
    ($($name:ident $end:ident = $from:literal, $value:literal, $follows:literal, $order:literal;)*) => {
        $(
            /// The chosen among so many that follow a place, at most so many: each with its place.
            pub const $name: &str = concat!(
                "SELECT page.place, page.id FROM (SELECT ", $value, " AS place,
                l.id, l.owner, l.env, l.state, l.ends_ms FROM ", $from, " WHERE ", $follows,
                " ORDER BY ", $order, " LIMIT ?3) page WHERE ", chosen!("page"), " LIMIT ?8"
            );
            /// The last of so many that follow a place, and one more if there is one.
            pub const $end: &str = concat!(
                "SELECT ", $value, ", l.id FROM ", $from, " WHERE ", $follows,
                " ORDER BY ", $order, " LIMIT 2 OFFSET ?3 - 1"
            );
        )*
        /// Every one of them, each order upwards and downwards: of a tenant by id, by creation, by name and by end, and
        /// then of all.
        pub const ORDERS: [(&str, &str); 16] = [$(($name, $end)),*];
    };
}

orders! {
    ID_UP ID_UP_END = "listed l", "''", "l.tenant = ?9 AND l.id > ?2 AND ?1 IS NOT NULL", "l.id";
    ID_DOWN ID_DOWN_END =
        "listed l", "''", "l.tenant = ?9 AND l.id < ?2 AND ?1 IS NOT NULL", "l.id DESC";
    CREATED_UP CREATED_UP_END = "listed l INDEXED BY listed_by_created", "l.created_ms",
        "l.tenant = ?9 AND (l.created_ms, l.id) > (?1, ?2)", "l.created_ms, l.id";
    CREATED_DOWN CREATED_DOWN_END = "listed l INDEXED BY listed_by_created", "l.created_ms",
        "l.tenant = ?9 AND (l.created_ms, l.id) < (?1, ?2)", "l.created_ms DESC, l.id DESC";
    NAME_UP NAME_UP_END = "listed l INDEXED BY listed_by_name", "l.name",
        "l.tenant = ?9 AND (l.name, l.id) > (?1, ?2)", "l.name, l.id";
    NAME_DOWN NAME_DOWN_END = "listed l INDEXED BY listed_by_name", "l.name",
        "l.tenant = ?9 AND (l.name, l.id) < (?1, ?2)", "l.name DESC, l.id DESC";
    END_UP END_UP_END = "listed l INDEXED BY listed_by_end", "l.ends_ms",
        "l.tenant = ?9 AND (l.ends_ms, l.id) > (?1, ?2)", "l.ends_ms, l.id";
    END_DOWN END_DOWN_END = "listed l INDEXED BY listed_by_end", "l.ends_ms",
        "l.tenant = ?9 AND (l.ends_ms, l.id) < (?1, ?2)", "l.ends_ms DESC, l.id DESC";
    ALL_ID_UP ALL_ID_UP_END = "keys k CROSS JOIN listed l ON l.tenant = k.tenant AND l.id = k.id",
        "''", "k.id > ?2 AND ?1 IS NOT NULL AND ?9 IS NULL", "k.id";
    ALL_ID_DOWN ALL_ID_DOWN_END =
        "keys k CROSS JOIN listed l ON l.tenant = k.tenant AND l.id = k.id",
        "''", "k.id < ?2 AND ?1 IS NOT NULL AND ?9 IS NULL", "k.id DESC";
    ALL_CREATED_UP ALL_CREATED_UP_END = "listed l INDEXED BY all_by_created", "l.created_ms",
        "(l.created_ms, l.id) > (?1, ?2) AND ?9 IS NULL", "l.created_ms, l.id";
    ALL_CREATED_DOWN ALL_CREATED_DOWN_END = "listed l INDEXED BY all_by_created", "l.created_ms",
        "(l.created_ms, l.id) < (?1, ?2) AND ?9 IS NULL", "l.created_ms DESC, l.id DESC";
    ALL_NAME_UP ALL_NAME_UP_END = "listed l INDEXED BY all_by_name", "l.name",
        "(l.name, l.id) > (?1, ?2) AND ?9 IS NULL", "l.name, l.id";
    ALL_NAME_DOWN ALL_NAME_DOWN_END = "listed l INDEXED BY all_by_name", "l.name",
        "(l.name, l.id) < (?1, ?2) AND ?9 IS NULL", "l.name DESC, l.id DESC";
    ALL_END_UP ALL_END_UP_END = "listed l INDEXED BY all_by_end", "l.ends_ms",
        "(l.ends_ms, l.id) > (?1, ?2) AND ?9 IS NULL", "l.ends_ms, l.id";
    ALL_END_DOWN ALL_END_DOWN_END = "listed l INDEXED BY all_by_end", "l.ends_ms",
        "(l.ends_ms, l.id) < (?1, ?2) AND ?9 IS NULL", "l.ends_ms DESC, l.id DESC";
}

macro_rules! few {
    ($($name:ident $count:ident = $from:literal;)*) => {
        $(
            /// How many there are, at most so many.
            pub const $count: &str = concat!("SELECT count(*) FROM (SELECT 1 FROM ", $from, " LIMIT ?3) page");
            /// All of them that are chosen, where there are few: each with all that lists are ordered by.
            pub const $name: &str = concat!(
                "SELECT l.id, l.created_ms, l.name, l.ends_ms FROM (SELECT id FROM ", $from,
                " LIMIT ?3) page CROSS JOIN listed l ON l.tenant = ?1 AND l.id = page.id
                WHERE ", chosen!("l")
            );
        )*
        /// Every one of them: how many an owner has, an env, a state, and how many end before an instant.
        pub const FEW: [(&str, &str); 4] = [$(($count, $name)),*];
    };
}

few! {
    OF_OWNER OF_OWNER_COUNT = "keys INDEXED BY keys_of_owners WHERE tenant = ?1 AND owner = ?2";
    OF_ENV OF_ENV_COUNT = "listed INDEXED BY listed_by_env WHERE tenant = ?1 AND env = ?2";
    OF_STATE OF_STATE_COUNT = "listed INDEXED BY listed_by_state WHERE tenant = ?1 AND state = ?2";
    ENDING ENDING_COUNT = "listed INDEXED BY listed_by_end WHERE tenant = ?1 AND ends_ms < ?2";
}
