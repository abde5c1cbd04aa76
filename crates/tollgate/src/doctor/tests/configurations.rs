//! Configurations that are told something, each with its nearest neighbour that is not.

/// What the table of configurations triggers: name, bad, good.
pub(super) const CONFIGURATIONS: &[(&str, &str, &str)] = &[
    ("checking_off", "[gate]\nchecking = false\n", "[gate]\nchecking = true\n"),
    (
        "public_everything",
        "[[routes]]\npath = '/**'\npublic = true\n",
        "[[routes]]\npath = '/assets/**'\npublic = true\n",
    ),
    (
        "public_everything",
        "[[routes]]\npath = '/**'\npublic = true\nmethods = ['GET']\n",
        "[[routes]]\npath = '/**'\nmethods = ['GET']\n",
    ),
    (
        "route_shadowed",
        "[[routes]]\npath = '/a/**'\n[[routes]]\npath = '/a/b'\nscopes = ['a:b']\n",
        "[[routes]]\npath = '/a/b'\nscopes = ['a:b']\n[[routes]]\npath = '/a/**'\n",
    ),
    (
        "route_shadowed",
        "[[routes]]\npath = '/a'\nmethods = ['GET']\n[[routes]]\npath = '/a'\nmethods = ['HEAD']\n",
        "[[routes]]\npath = '/a'\nmethods = ['HEAD']\n[[routes]]\npath = '/a'\nmethods = ['GET']\n",
    ),
    (
        "trusted_hop_too_wide",
        "[gate]\ntrusted_hops = ['0.0.0.0/0']\n",
        "[gate]\ntrusted_hops = ['10.0.0.0/8']\n",
    ),
    (
        "trusted_hop_too_wide",
        "[gate]\ntrusted_hops = ['::/0']\n",
        "[gate]\ntrusted_hops = ['fc00::/7']\n",
    ),
    (
        "trusted_hop_too_wide",
        "[gate]\ntrusted_hops = ['10.0.0.0/7']\n",
        "[gate]\ntrusted_hops = ['104.16.0.0/13']\n",
    ),
    (
        "trusted_hop_too_wide",
        "[gate]\ntrusted_hops = ['8.0.0.0/8']\n",
        "[gate]\ntrusted_hops = ['8.0.0.0/12']\n",
    ),
    (
        "decide_open",
        "[decide]\nlisten = '0.0.0.0:8081'\ntrusted = ['0.0.0.0/0']\n",
        "[decide]\nlisten = '127.0.0.1:8081'\ntrusted = ['0.0.0.0/0']\n",
    ),
    (
        "decide_open",
        "[decide]\nlisten = '0.0.0.0:8081'\ntrusted = ['0.0.0.0/0']\n",
        "[decide]\nlisten = '0.0.0.0:8081'\ntrusted = ['10.0.0.0/8']\n",
    ),
    (
        "envoy_needs_header",
        "[decide]\n[[routes]]\npath = '/a'\nkey_from = 'x-api-key'\n",
        "[decide]\n[[routes]]\npath = '/a'\nkey_from = 'authorization'\n",
    ),
    (
        "admin_not_on_loopback",
        "[admin]\nlisten = '0.0.0.0:9090'\n",
        "[admin]\nlisten = '[::1]:9090'\n",
    ),
    (
        "plain_http",
        "[origin]\nurl = 'http://a'\n[gate]\nlisten = '0.0.0.0:80'\n",
        "[origin]\nurl = 'http://a'\n[gate]\nlisten = '0.0.0.0:443'\n[tls]\ncertificate = 'c'\nkey = 'k'\n",
    ),
    (
        "plain_http",
        "[origin]\nurl = 'http://a'\n[gate]\nlisten = '[::]:80'\n",
        "[origin]\nurl = 'http://a'\n[gate]\nlisten = '127.0.0.1:80'\n",
    ),
    ("query_keys", "[keys]\nquery = 'api_key'\n", "[keys]\nheader = 'x-my-key'\n"),
    ("forward_key", "[keys]\nforward = true\n", "[keys]\nforward = false\n"),
    (
        "max_staleness_long",
        "[gate]\nmax_staleness_ms = 60001\n",
        "[gate]\nmax_staleness_ms = 60000\n",
    ),
    (
        "burst_below_a_second",
        "[[routes]]\npath = '/a'\nlimits = ['slow:key=4,5/1s']\n",
        "[[routes]]\npath = '/a'\nlimits = ['slow:key=5,5/1s']\n",
    ),
    ("store_in_memory", "[store]\npath = 'memory'\n", "[store]\npath = 'memory.db'\n"),
];
