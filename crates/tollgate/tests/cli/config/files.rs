//! Files with one mistake each, and what is said of them.

/// A file, and the lines that are said of it: line, column, field, what is wrong.
pub(super) const FILES: &[(&str, &[&str])] = &[
    ("[gates]\n", &["1:2: gates: no such table: did you mean [gate]?"]),
    (
        "[gate]\nlisen = '127.0.0.1:1'\n",
        &["2:1: gate.lisen: no such field: did you mean `listen`?"],
    ),
    (
        "[gate]\nport = 8080\n",
        &[
            "2:1: gate.port: no such field: [gate] has listen, realm, max_staleness_ms, store_deadline_ms, trusted_hops, country_header, rate_limit_fields, checking",
        ],
    ),
    ("gate = 1\n", &["1:1: gate: is a number, not a table: write [gate]"]),
    ("routes = {}\n", &["1:1: routes: is a table, not a list of tables: write [[routes]]"]),
    ("routes = [1]\n", &["1:11: routes[0]: is a number, not a table: write [[routes]]"]),
    (
        "listen = '127.0.0.1:1'\n",
        &[
            "1:1: listen: no such table: the tables are keys, store, secrets, identity, gate, origin, connections, cache, decide, admin, control, log, tls, cloudflare, dynamodb, targets, routes",
        ],
    ),
    ("[gate]\nrealm = 'a'\nrealm = 'b'\n", &["3:1: `realm` is given twice"]),
    ("[gate]\n[gate]\n", &["2:2: `gate` is given twice"]),
    ("[gate\n", &["1:6: unclosed table, expected `]`"]),
    ("[gate]\nrealm = a\n", &["2:9: string values must be quoted, expected literal string"]),
    ("[gate]\nrealm = 'a\n", &["2:11: invalid literal string, expected `'`"]),
    ("[gate]\nlisten = \n", &["2:10: string values must be quoted, expected literal string"]),
    ("[gate]\nlisten = 8080\n", &["2:10: gate.listen: is a number, not a text in quotes"]),
    (
        "[gate]\nlisten = 'localhost:8080'\n",
        &[
            r#"2:10: gate.listen: "localhost:8080" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    (
        "[gate]\nlisten = '127.0.0.1'\n",
        &[
            r#"2:10: gate.listen: "127.0.0.1" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    (
        "[gate]\nlisten = '127.0.0.1:99999'\n",
        &[
            r#"2:10: gate.listen: "127.0.0.1:99999" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    (
        "[gate]\nmax_staleness_ms = 999\n",
        &["2:20: gate.max_staleness_ms: 999 is not within 1000 to 3600000"],
    ),
    (
        "[gate]\nmax_staleness_ms = 3600001\n",
        &["2:20: gate.max_staleness_ms: 3600001 is not within 1000 to 3600000"],
    ),
    (
        "[gate]\nmax_staleness_ms = -1\n",
        &["2:20: gate.max_staleness_ms: -1 is not within 1000 to 3600000"],
    ),
    (
        "[gate]\nmax_staleness_ms = 1e4\n",
        &["2:20: gate.max_staleness_ms: is a number with a fraction, not a whole number"],
    ),
    (
        "[gate]\nmax_staleness_ms = '10000'\n",
        &["2:20: gate.max_staleness_ms: is a text, not a whole number"],
    ),
    (
        "[gate]\nmax_staleness_ms = 99999999999999999999\n",
        &["2:20: gate.max_staleness_ms: 99999999999999999999 is not within 1000 to 3600000"],
    ),
    ("[gate]\nchecking = 'false'\n", &["2:12: gate.checking: is a text, not true or false"]),
    ("[gate]\nchecking = 0\n", &["2:12: gate.checking: is a number, not true or false"]),
    (
        "[gate]\nrate_limit_fields = 'Standard'\n",
        &[r#"2:21: gate.rate_limit_fields: "Standard" is not one of standard, legacy, both, off"#],
    ),
    (
        "[gate]\ntrusted_hops = '10.0.0.0/8'\n",
        &[r#"2:16: gate.trusted_hops: is a text, not a list of texts, such as ["…"]"#],
    ),
    (
        "[gate]\ntrusted_hops = ['10.0.0.0/8', '10.0.0.1/8']\n",
        &[
            r#"2:31: gate.trusted_hops: "10.0.0.1/8" is not a block of addresses with no bits after its length, such as 10.0.0.0/8 or ::1/128"#,
        ],
    ),
    (
        "[gate]\ntrusted_hops = ['10.0.0.0/8', '10.0.0.0/8']\n",
        &[r#"2:16: gate.trusted_hops: lists "10.0.0.0/8" twice"#],
    ),
    (
        "[gate]\ntrusted_hops = [1]\n",
        &["2:17: gate.trusted_hops: is a number, not a text in quotes"],
    ),
    (
        "[gate]\ncountry_header = 'CF IPCountry'\n",
        &[r#"2:18: gate.country_header: "CF IPCountry" is not the name of a header"#],
    ),
    (
        "[gate]\nrealm = 'say \"hi\"'\n",
        &[
            "2:9: gate.realm: \"say \\\"hi\\\"\" is not a realm: 1 to 64 printable ASCII characters without \" and \\",
        ],
    ),
    (
        "[gate]\nrealm = ''\n",
        &[
            "2:9: gate.realm: \"\" is not a realm: 1 to 64 printable ASCII characters without \" and \\",
        ],
    ),
    (
        "[gate]\nlisten = '0.0.0.0:8080'\nchecking = false\n",
        &[
            "3:12: gate.checking: every request would pass, and 0.0.0.0:8080 is not loopback: set it to true, or listen on 127.0.0.1",
        ],
    ),
    (
        "[gate]\nchecking = false\n[decide]\nlisten = '0.0.0.0:8081'\n",
        &[
            "2:12: gate.checking: every request would pass, and 0.0.0.0:8081 is not loopback: set it to true, or listen on 127.0.0.1",
        ],
    ),
    (
        "[keys]\nprefix = 'T'\n",
        &[r#"2:10: keys.prefix: "T" is not a prefix: 2 to 12 of a-z 0-9, a letter first"#],
    ),
    (
        "[keys]\nprefix = 'toolongaprefix'\n",
        &[
            r#"2:10: keys.prefix: "toolongaprefix" is not a prefix: 2 to 12 of a-z 0-9, a letter first"#,
        ],
    ),
    ("[keys]\nenvs = []\n", &["2:8: keys.envs: at least one env is needed"]),
    (
        "[keys]\nenvs = ['live', 'Live']\n",
        &[r#"2:17: keys.envs: "Live" is not an env: 1 to 8 of a-z 0-9"#],
    ),
    (
        "[keys]\nenvs = ['a','b','c','d','e','f','g','h','i']\n",
        &["2:8: keys.envs: at most 8 envs are accepted"],
    ),
    (
        "[keys]\nheader = 'Authorization'\n",
        &[
            r#"2:10: keys.header: "Authorization" is not the name of a header that is free for keys"#,
        ],
    ),
    (
        "[keys]\nheader = 'Tollgate_Identity'\n",
        &[
            r#"2:10: keys.header: "Tollgate_Identity" is not the name of a header that is free for keys"#,
        ],
    ),
    (
        "[keys]\nquery = 'api key'\n",
        &[
            r#"2:9: keys.query: "api key" is not the name of a parameter: 1 to 64 of A-Z a-z 0-9 . _ -"#,
        ],
    ),
    ("[store]\npath = ''\n", &[r#"2:8: store.path: "" is not the path of a file, or memory"#]),
    (
        "[identity]\nalgorithm = 'RS256'\n",
        &[r#"2:13: identity.algorithm: "RS256" is not one of EdDSA, Ed25519"#],
    ),
    (
        "[identity]\nissuer = 'a\\u0007'\n",
        &[
            "2:10: identity.issuer: \"a\\\\u0007\" is not a name: 1 to 128 visible ASCII characters without \" and \\",
        ],
    ),
    ("[origin]\n", &["1:2: origin.url: must be set"]),
    (
        "[origin]\nurl = 'ftp://a'\n",
        &[
            r#"2:7: origin.url: "ftp://a" is not a URL of a server without path, such as http://127.0.0.1:3000 or https://app.example"#,
        ],
    ),
    (
        "[origin]\nurl = 'http://a/b'\n",
        &[
            r#"2:7: origin.url: "http://a/b" is not a URL of a server without path, such as http://127.0.0.1:3000 or https://app.example"#,
        ],
    ),
    ("[origin]\nurl = 3\n", &["2:7: origin.url: is a number, not a text in quotes"]),
    (
        "[origin]\nurl = 'http://a'\nconnect_timeout_ms = 0\n",
        &["3:22: origin.connect_timeout_ms: 0 is not within 1 to 600000"],
    ),
    ("[tls]\ncertificate = 'c'\n", &["1:2: tls.key: must be set"]),
    (
        "[connections]\nhead_bytes_max = 100\n",
        &["2:18: connections.head_bytes_max: 100 is not within 8192 to 1048576"],
    ),
    ("[cache]\npurses = 0\n", &["2:10: cache.purses: 0 is not within 16 to 100000000"]),
    (
        "[decide]\nlisten = '127.0.0.1:8080'\n",
        &["2:10: decide.listen: 127.0.0.1:8080 is that of gate.listen: each listener has its own"],
    ),
    (
        "[admin]\nlisten = '127.0.0.1:9090'\n[decide]\nlisten = '127.0.0.1:9090'\n",
        &["2:10: admin.listen: 127.0.0.1:9090 is that of decide.listen: each listener has its own"],
    ),
    ("[[routes]]\n", &["1:1: routes[0].path: must be set"]),
    (
        "[[routes]]\npath = 'orders'\n",
        &[r#"2:8: routes[0].path: "orders" is not a path that starts with /"#],
    ),
    (
        "[[routes]]\npath = '/a/**/b'\n",
        &["2:8: routes[0].path: a * is a whole segment, and ** the last one"],
    ),
    (
        "[[routes]]\npath = '/a/../b'\n",
        &["2:8: routes[0].path: the path is not in its one spelling, or longer than 1024 bytes"],
    ),
    (
        "[[routes]]\npath = '/.well-known/tollgate/**'\n",
        &[
            "2:8: routes[0].path: what is below /.well-known/tollgate is answered by the gate itself",
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nmethods = ['get']\n",
        &[r#"3:12: routes[0].methods: "get" is not a method, such as GET"#],
    ),
    (
        "[[routes]]\npath = '/a'\nscopes = ['orders']\n",
        &[
            r#"3:11: routes[0].scopes: "orders" is not a scope: resource:action, each * or 1 to 32 of a-z 0-9 _ . -"#,
        ],
    ),
    (
        "[[routes]]\npath = '/a'\ncost = 4294967296\n",
        &["3:8: routes[0].cost: 4294967296 is not within 0 to 4294967295"],
    ),
    (
        "[[routes]]\npath = '/a'\npublic = true\nscopes = ['a:b']\n",
        &["4:10: routes[0].scopes: a public route needs no key, so it cannot need scopes"],
    ),
    (
        "[[routes]]\npath = '/a'\npublic = true\nbind = true\n",
        &[
            "3:10: routes[0].public: a public route demands nothing of a key: no scopes, limits, binding, place or cost",
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nkey_from = 'header'\n",
        &["3:12: routes[0].key_from: keys.header is not set, so no key would be found"],
    ),
    (
        "[[routes]]\npath = '/a'\nkey_from = 'cookie'\n",
        &[
            r#"3:12: routes[0].key_from: "cookie" is not one of authorization, x-api-key, header, query"#,
        ],
    ),
    (
        "[[routes]]\npath = '/a'\ncors = 'answer'\n",
        &["1:1: routes[0].cors_origins: a preflight is answered to somebody: list origins"],
    ),
    (
        "[[routes]]\npath = '/a'\ncors_origins = ['*']\n",
        &[r#"3:16: routes[0].cors_origins: means nothing unless `cors` is "answer""#],
    ),
    (
        "[[routes]]\npath = '/a'\ncors = 'answer'\ncors_origins = ['app.example']\n",
        &[
            r#"4:17: routes[0].cors_origins: "app.example" is not an origin such as https://app.example, or *"#,
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nlimits = ['search:key=10']\n",
        &[
            r#"3:11: routes[0].limits: "search:key=10" is not a limit: NAME:SCOPE=BURST,RATE/PERIOD, such as search:key=10,5/1s"#,
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nlimits = ['@search:key=10,5/1s']\n",
        &[
            "3:10: routes[0].limits: a route has at most 4 limits, each with a name of its own of at most 63 A-Z a-z 0-9 . _ + -",
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nlimits = ['search:key=10,5/1s']\n[[routes]]\npath = '/b'\nlimits = ['search:key=10,5/1s']\n[[routes]]\npath = '/c'\nlimits = ['search:key=5,5/1s']\n[[routes]]\npath = '/d'\nlimits = ['search:owner=10,5/1s']\n",
        &[
            "9:10: routes[2].limits: search is another limit than in routes[0].limits, at 3:10: give it another name, or the same scope and numbers",
            "12:10: routes[3].limits: search is another limit than in routes[0].limits, at 3:10: give it another name, or the same scope and numbers",
        ],
    ),
    (
        "[[routes]]\npath = '/a'\nlimit = ['x']\n",
        &["3:1: routes[0].limit: no such field: did you mean `limits`?"],
    ),
    (
        "[[routes]]\npath = '/ok'\n[[routes]]\npath = 'b'\n\n[gate]\nlisten = 'x'\nrealm = 5\n",
        &[
            r#"4:8: routes[1].path: "b" is not a path that starts with /"#,
            r#"7:10: gate.listen: "x" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
            "8:9: gate.realm: is a number, not a text in quotes",
        ],
    ),
    (
        "[gate]\nrealm = 'é'\nlisten = 'x'\n",
        &[
            "2:9: gate.realm: \"é\" is not a realm: 1 to 64 printable ASCII characters without \" and \\",
            r#"3:10: gate.listen: "x" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    (
        "# éé [gate]\n[gate]  \nrealm = 'a' ; listen = 'x'\n",
        &["3:13: unexpected key or value, expected newline, `#`"],
    ),
    (
        "\u{feff}[gate]\nlisten='x'\n",
        &[
            r#"2:8: gate.listen: "x" is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080"#,
        ],
    ),
    // Columns are counted in characters.
    (
        "gate = { realm = 'é', lisen = 1 }\n",
        &[
            r#"1:18: gate.realm: "é" is not a realm: 1 to 64 printable ASCII characters without " and \"#,
            "1:23: gate.lisen: no such field: did you mean `listen`?",
        ],
    ),
];
