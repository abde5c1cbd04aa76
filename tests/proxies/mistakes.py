"""Mistakes that a user could make in a configuration: each is made in a copy, and its row must notice."""

from dataclasses import dataclass

TOML = "tollgate.toml"


@dataclass(frozen=True)
class Mistake:
    """What is changed where, and the beginning of the name of the row that must turn red."""

    example: str
    old: str
    new: str
    row: str
    file: str | None = None

    def change(self, text: str) -> str:
        if self.old not in text:
            raise ValueError(f"{self.example}: {self.old!r} does not stand there any more")
        return text.replace(self.old, self.new)


ARRIVES = "an allowed request arrives"
END_USER = "an end user's own token"
NO_KEY = "no key, a forged"
SCOPE = "a missing scope"
LIMIT = "over the limit"
LEFT = "what is left of a limit"
SPELLINGS = "an identity that the client sends"
CONNECTION = "Connection cannot take"
CROOKED = "what is decided on"
ADDRESS = "the client's address comes"
PAST = "whoever reaches the gate past"
ASKS = "whoever is not trusted to ask"
CLAIMS = "a client cannot say what"
ORIGINS_OWN = "an origin's own refusal"
PRIVATE = "what the origin lets shared caches keep"
GONE = "the gate is gone"
IMPOSTER = "what answers in the gate's place"

MISTAKES = [
    Mistake("nginx", "auth_request      /_tollgate;", "", NO_KEY),
    Mistake("nginx", "proxy_set_header   Tollgate-Identity $tollgate_identity;", "", ARRIVES),
    Mistake("nginx", "proxy_set_header   Tollgate-Identity $tollgate_identity;", "", SPELLINGS),
    Mistake("nginx", 'proxy_set_header   X-API-Key         "";', "", ARRIVES),
    Mistake("nginx", "proxy_set_header   Authorization     $authorization_for_origin;", "", ARRIVES),
    Mistake("nginx", "Authorization     $authorization_for_origin;", 'Authorization "";', END_USER),
    Mistake("nginx", "X-Original-URI    $request_uri;", "X-Original-URI    $uri;", CROOKED),
    Mistake("nginx", "X-Original-Method $request_method;", "X-Original-Method GET;", SCOPE),
    Mistake("nginx", "proxy_set_header        X-Forwarded-For   $remote_addr;", "", ADDRESS),
    Mistake("nginx", "proxy_set_header        X-Original-URI    $request_uri;", "", CLAIMS),
    Mistake("nginx", "error_page 401 403 = @refused;", "", LIMIT),
    Mistake("nginx", "error_page 500     = @unavailable;", "", GONE),
    Mistake("nginx", "if ($tollgate_status = 429) { return 429 $tollgate_problem; }", "", LIMIT),
    Mistake("nginx", "add_header   Retry-After      $tollgate_retry           always;", "", LIMIT),
    Mistake("nginx", "$tollgate_other_challenge always", "$tollgate_challenge always", NO_KEY),
    Mistake("nginx", "$tollgate_other_challenge always", '"" always', SCOPE),
    Mistake("nginx", "default                              private;", "default $upstream_http_cache_control;", PRIVATE),
    Mistake("nginx", "add_header         RateLimit         $tollgate_left            always;", "", LEFT),
    Mistake("nginx", "proxy_pass         http://origin;", "proxy_pass http://origin; proxy_intercept_errors on;",
            ORIGINS_OWN),
    Mistake("nginx", "proxy_read_timeout      2s;", "", IMPOSTER),
    Mistake("nginx", '["127.0.0.1/32"]', '["127.0.0.0/8"]', ASKS, TOML),
    Mistake("nginx-front", "proxy_set_header    X-Forwarded-For $remote_addr;", "", ADDRESS),
    Mistake("nginx-front", "error_page 502 504 = @unavailable;", "", GONE),
    Mistake("nginx-front", '["127.0.0.1/32"]', "[]", ADDRESS, TOML),
    Mistake("nginx-front", '["127.0.0.1/32"]', '["127.0.0.0/8"]', PAST, TOML),
    Mistake("caddy", "request_header @nobody -Tollgate-Identity", "", SPELLINGS),
    Mistake("caddy", "request_header @nominated -Connection", "", CONNECTION),
    Mistake("caddy", "copy_headers Tollgate-Identity", "copy_headers X-Request-Id", ARRIVES),
    Mistake("caddy", "request_header -X-Api-Key", "", ARRIVES),
    Mistake("caddy", "request_header @key -Authorization", "", ARRIVES),
    Mistake("caddy", "header_regexp Authorization (?i)^\\s*bearer\\s+tg_", "header Authorization *", END_USER),
    Mistake("caddy", "response_header_timeout 2s", "", IMPOSTER),
    Mistake("caddy", "@unasked not vars allowed yes", "@unasked vars allowed yes", GONE),
    Mistake("caddy", "Cache-Control private", "X-Cache private", PRIVATE),
    Mistake("traefik", "      middlewares: [tollgate]", "", NO_KEY),
    Mistake("traefik", "          - Tollgate-Identity\n", "", ARRIVES),
    Mistake("traefik", "          - X-Api-Key\n", "", ARRIVES),
    Mistake("traefik", "          - Authorization\n", "", ARRIVES),
    Mistake("traefik", "8081/forward", "8081/nginx", ARRIVES),
    Mistake("traefik", '["127.0.0.1/32"]', '["127.0.0.0/8"]', ASKS, TOML),
    Mistake("haproxy", "http-request set-header X-Forwarded-For %[src]", "", ADDRESS),
    Mistake("haproxy", "http-error status 503", "http-error status 500", GONE),
    Mistake("haproxy", '["127.0.0.1/32"]', "[]", ADDRESS, TOML),
    Mistake("haproxy", '["127.0.0.1/32"]', '["127.0.0.0/8"]', PAST, TOML),
    Mistake("envoy", "failure_mode_allow: false", "failure_mode_allow: true", GONE),
    Mistake("envoy", "failure_mode_allow: false", "failure_mode_allow: true", IMPOSTER),
    Mistake("envoy", "status_on_error: { code: ServiceUnavailable }", "", GONE),
    Mistake("envoy", "response_flag_filter: { flags: [UAEX] }", "response_flag_filter: { flags: [NR] }", GONE),
    Mistake("envoy", "[^a-z0-9]*tollgate[^a-z0-9]*identity[^a-z0-9]*", "tollgate-identity", SPELLINGS),
    Mistake("envoy", "[^a-z0-9]*tollgate[^a-z0-9]*identity[^a-z0-9]*", "nothing", SPELLINGS),
    Mistake("envoy", "use_remote_address: true", "use_remote_address: false", ADDRESS),
    Mistake("envoy", "- exact: x-api-key", "", ARRIVES),
    Mistake("envoy", "- exact: x-forwarded-for", "", ADDRESS),
    Mistake("envoy", "[{ exact: tollgate-identity }]", "[{ exact: x-request-id }]", ARRIVES),
    Mistake("envoy", "[{ prefix: ratelimit }]", "[{ exact: x-request-id }]", LEFT),
    Mistake("envoy", "value: private", "value: public", PRIVATE),
    Mistake("envoy", '["127.0.0.1/32"]', '["127.0.0.0/8"]', ASKS, TOML),
    Mistake("envoy-grpc", "failure_mode_allow: false", "failure_mode_allow: true", GONE),
    Mistake("envoy-grpc", "failure_mode_allow: false", "failure_mode_allow: true", IMPOSTER),
    Mistake("envoy-grpc", "status_on_error: { code: ServiceUnavailable }", "", GONE),
    Mistake("envoy-grpc", "explicit_http_config: { http2_protocol_options: {} }",
            "explicit_http_config: { http_protocol_options: {} }", ARRIVES),
    Mistake("envoy-grpc", "timeout: 2s }", "timeout: 60s }", IMPOSTER),
    Mistake("envoy-grpc", "response_flag_filter: { flags: [UAEX] }", "response_flag_filter: { flags: [NR] }", GONE),
    # Over gRPC the gate is told every field, names those to take away, and knows the peer: spellings of the identity
    # and X-Forwarded-For do not hang on Envoy's own settings, as they do over HTTP.
    Mistake("envoy-grpc", "transport_api_version: V3", "transport_api_version: V3\n"
            "                      allowed_headers: { patterns: [{ exact: host }] }", ARRIVES),
    Mistake("envoy-grpc", "transport_api_version: V3", "transport_api_version: V3\n"
            "                      disallowed_headers: { patterns: [{ exact: x-api-key }] }", ARRIVES),
    Mistake("envoy-grpc", "transport_api_version: V3", "transport_api_version: V3\n"
            "                      filter_enabled: { default_value: { numerator: 50, denominator: HUNDRED } }", NO_KEY),
    Mistake("envoy-grpc", '["127.0.0.1/32"]', '["127.0.0.0/8"]', ASKS, TOML),
]
