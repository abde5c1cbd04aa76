//! The pairs: what is told, the name of the file, the file that triggers it, and its nearest harmless neighbour.

use super::super::{CACHE, FAIL_OPEN, LEAVES_OPEN, SIDE_DOOR};

type Pair = (&'static str, &'static str, &'static str, &'static str);

const REST: &str = "Resources:\n  Ask:\n    Type: AWS::ApiGateway::Authorizer\n    Properties:\n      Type: REQUEST\n";

pub(super) const FILES: &[Pair] = &[
    // Decisions that are kept.
    (
        CACHE,
        "nginx.conf",
        "location / { auth_request /ask; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a:8081/nginx; proxy_cache zone; }",
        "location / { auth_request /ask; proxy_cache zone; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a:8081/nginx; }",
    ),
    (
        CACHE,
        "nginx.conf",
        "server { proxy_cache zone; location / { auth_request /ask; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a; } }",
        "server { proxy_cache zone; location / { auth_request /ask; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a; proxy_cache off; } }",
    ),
    (
        CACHE,
        "template.yaml",
        "Resources:\n  A:\n    Type: AWS::ApiGateway::Authorizer\n    Properties: { Type: REQUEST, AuthorizerResultTtlInSeconds: 1 }\n",
        "Resources:\n  A:\n    Type: AWS::ApiGateway::Authorizer\n    Properties: { Type: REQUEST, AuthorizerResultTtlInSeconds: 0 }\n",
    ),
    (
        CACHE,
        "template.yaml",
        REST,
        "Resources:\n  Ask:\n    Type: AWS::ApiGateway::Authorizer\n    Properties:\n      Type: COGNITO_USER_POOLS\n",
    ),
    (
        CACHE,
        "template.json",
        r#"{"Resources": {"A": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {"AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 300}}}}"#,
        r#"{"Resources": {"A": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {"AuthorizerType": "REQUEST"}}}}"#,
    ),
    (
        CACHE,
        "template.yaml",
        "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      Auth:\n        Authorizers:\n          Tollgate:\n            FunctionArn: !GetAtt Gate.Arn\n            Identity: { Headers: [X-API-Key], ReauthorizeEvery: 60 }\n",
        "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      Auth:\n        Authorizers:\n          Tollgate:\n            FunctionArn: !GetAtt Gate.Arn\n            Identity: { Headers: [X-API-Key], ReauthorizeEvery: 0 }\n",
    ),
    (
        CACHE,
        "template.yml",
        "Resources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      Auth: { Authorizers: { Tollgate: { FunctionArn: a } } }\n",
        "Resources:\n  Api:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n      Auth: { Authorizers: { Tollgate: { FunctionArn: a } } }\n",
    ),
    (
        CACHE,
        "template.yml",
        "AWSTemplateFormatVersion: '2010-09-09'\nGlobals:\n  HttpApi:\n    Auth: { Authorizers: { Tollgate: { FunctionArn: a, Identity: { ReauthorizeEvery: 5 } } } }\n",
        "AWSTemplateFormatVersion: '2010-09-09'\nGlobals:\n  HttpApi:\n    Auth: { Authorizers: { Users: { JwtConfiguration: { issuer: a } } } }\n",
    ),
    (
        CACHE,
        "openapi.yaml",
        "openapi: 3.0.1\ncomponents: { securitySchemes: { a: { x-amazon-apigateway-authorizer: { type: request } } } }\n",
        "openapi: 3.0.1\ncomponents: { securitySchemes: { a: { x-amazon-apigateway-authorizer: { type: request, authorizerResultTtlInSeconds: 0 } } } }\n",
    ),
    (
        CACHE,
        "main.tf",
        "resource \"aws_api_gateway_authorizer\" \"gate\" {\n  type = \"REQUEST\"\n  authorizer_result_ttl_in_seconds = 300\n}\n",
        "resource \"aws_api_gateway_authorizer\" \"gate\" {\n  type = \"REQUEST\"\n  authorizer_result_ttl_in_seconds = 0\n}\n",
    ),
    (
        CACHE,
        "main.tf",
        "resource \"aws_api_gateway_authorizer\" \"gate\" {\n  # authorizer_result_ttl_in_seconds = 0\n  type = \"REQUEST\"\n}\n",
        "resource \"aws_apigatewayv2_authorizer\" \"gate\" {\n  # authorizer_result_ttl_in_seconds = 0\n  authorizer_type = \"REQUEST\"\n}\n",
    ),
    // Errors that lead to the origin.
    (
        FAIL_OPEN,
        "nginx.conf",
        "location / { auth_request /ask; error_page 500 = @app; proxy_pass http://app; }\nlocation @app { proxy_pass http://app; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
        "location / { auth_request /ask; error_page 500 = @app; proxy_pass http://app; }\nlocation @app { return 503; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
    ),
    (
        FAIL_OPEN,
        "nginx.conf",
        "server { location / { auth_request /ask; error_page 403 = @app; }\nlocation @app { proxy_pass http://app; } }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
        "server { auth_request /ask; location / { error_page 403 = @app; }\nlocation @app { proxy_pass http://app; } }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
    ),
    (
        FAIL_OPEN,
        "nginx.conf",
        "location / { auth_request /ask; error_page 500 = @app; }\nlocation @app { proxy_pass http://app; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
        "location / { auth_request /ask; error_page 404 = @app; }\nlocation @app { proxy_pass http://app; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }",
    ),
    (
        FAIL_OPEN,
        "nginx.conf",
        "location / { auth_request /ask; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a:8081; error_page 502 =200 /ok; }",
        "location / { auth_request /ask; }\nlocation = /ask { proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; proxy_pass http://a:8081; error_page 502 =401 /ok; }",
    ),
    (
        FAIL_OPEN,
        "nginx.conf",
        "upstream gate { server 10.0.0.1:8080; }\nserver { location / { proxy_pass http://gate; error_page 502 = @app; }\nlocation @app { proxy_pass http://app; } }",
        "upstream site { server 10.0.0.1:9000; }\nserver { location / { proxy_pass http://site; error_page 502 = @app; }\nlocation @app { proxy_pass http://app; } }",
    ),
    (
        FAIL_OPEN,
        "nginx.conf",
        "upstream gate { server 10.0.0.1:8080; server 10.0.0.9:3000 backup; }",
        "upstream gate { server 10.0.0.1:8080; server 10.0.0.2:8080 backup; }",
    ),
    (
        FAIL_OPEN,
        "Caddyfile",
        ":80 {\n\tforward_auth gate:8081 {\n\t\turi /forward\n\t}\n\treverse_proxy app:3000\n\thandle_errors {\n\t\treverse_proxy app:3000\n\t}\n}\n",
        ":80 {\n\tforward_auth gate:8081 {\n\t\turi /forward\n\t}\n\treverse_proxy app:3000\n\thandle_errors {\n\t\trewrite * /error.html\n\t\treverse_proxy app:3000\n\t}\n}\n",
    ),
    (
        FAIL_OPEN,
        "Caddyfile",
        ":80 {\n\tforward_auth gate:8081 {\n\t\turi /forward\n\t\t@gone status 5xx\n\t\thandle_response @gone {\n\t\t}\n\t}\n}\n",
        ":80 {\n\tforward_auth gate:8081 {\n\t\turi /forward\n\t\t@gone status 5xx\n\t\thandle_response @gone {\n\t\t\trespond 503\n\t\t}\n\t}\n}\n",
    ),
    (
        FAIL_OPEN,
        "Caddyfile",
        ":80 {\n\treverse_proxy gate:8080 app:3000 {\n\t\tlb_policy first\n\t}\n}\n",
        ":80 {\n\treverse_proxy gate:8080 other:8080 {\n\t\tlb_policy first\n\t}\n}\n",
    ),
    (
        FAIL_OPEN,
        "haproxy.cfg",
        "backend gate\n    server gate 10.0.0.1:8080 check\n    server app 10.0.0.9:3000 backup\n",
        "backend gate\n    server gate 10.0.0.1:8080 check\n    server other 10.0.0.2:8080 backup\n",
    ),
    (
        FAIL_OPEN,
        "haproxy.cfg",
        "frontend a\n    use_backend app if { nbsrv(gate) eq 0 }\nbackend gate\n    server gate 10.0.0.1:8080\nbackend app\n    server app 10.0.0.9:3000\n",
        "frontend a\n    use_backend app if { nbsrv(gate) eq 0 }\nbackend gate\n    server gate 10.0.0.1:8080\nbackend app\n    http-request return status 503\n",
    ),
    (
        FAIL_OPEN,
        "envoy.yaml",
        "http_filters:\n  - name: envoy.filters.http.ext_authz\n    typed_config:\n      failure_mode_allow: true\n",
        "http_filters:\n  - name: envoy.filters.http.ext_authz\n    typed_config:\n      # failure_mode_allow: true\n      failure_mode_allow_header_add: true\n",
    ),
    (
        FAIL_OPEN,
        "envoy.json",
        r#"{"http_filters": [{"name": "envoy.filters.http.ext_authz", "typed_config": {"failure_mode_allow":true}}]}"#,
        r#"{"http_filters": [{"name": "envoy.filters.http.ext_authz", "typed_config": {"failure_mode_allow":false}}]}"#,
    ),
    (
        FAIL_OPEN,
        "envoy.yaml",
        "ext_authz: { filter_enabled: { default_value: { numerator: 100, denominator: TEN_THOUSAND } } }\n",
        "ext_authz: { filter_enabled: { default_value: { numerator: 100, denominator: HUNDRED } } }\n",
    ),
    (
        FAIL_OPEN,
        "dynamic.yaml",
        "http:\n  middlewares:\n    gone:\n      errors: { status: ['500-599'], service: app, query: '/{url}' }\n",
        "http:\n  middlewares:\n    gone:\n      errors: { status: ['500-599'], service: app, query: '/{status}.html' }\n",
    ),
    (
        FAIL_OPEN,
        "dynamic.toml",
        "[http.routers.a]\nservice = 'all'\n[http.services.all.failover]\nservice = 'gate'\nfallback = 'app'\n[[http.services.gate.loadBalancer.servers]]\nurl = 'http://gate:8080'\n[[http.services.app.loadBalancer.servers]]\nurl = 'http://app:3000'\n",
        "[http.routers.a]\nservice = 'all'\n[http.services.all.failover]\nservice = 'gate'\nfallback = 'other'\n[[http.services.gate.loadBalancer.servers]]\nurl = 'http://gate:8080'\n[[http.services.other.loadBalancer.servers]]\nurl = 'http://other:8080'\n",
    ),
    (
        FAIL_OPEN,
        "main.tf",
        "resource \"cloudflare_workers_route\" \"gate\" {\n  pattern = \"a.example/*\"\n  script = \"gate\"\n  request_limit_fail_open = true\n}\n",
        "resource \"cloudflare_workers_route\" \"gate\" {\n  pattern = \"a.example/*\"\n  script = \"gate\"\n  request_limit_fail_open = false\n}\n",
    ),
    (
        FAIL_OPEN,
        "main.tf",
        "resource \"cloudflare_workers_route\" \"gate\" {\n  pattern = \"a.example/admin/*\"\n}\n",
        "resource \"cloudflare_workers_route\" \"gate\" {\n  pattern = \"a.example/admin/*\"\n  script = cloudflare_workers_script.gate.script_name\n}\n",
    ),
    // Doors beside the routes.
    (
        SIDE_DOOR,
        "wrangler.toml",
        "compatibility_date = '2025-01-01'\nworkers_dev = true\npreview_urls = false\n",
        "compatibility_date = '2025-01-01'\nworkers_dev = false\npreview_urls = false\n",
    ),
    (
        SIDE_DOOR,
        "wrangler.jsonc",
        "{\n  // not given is on\n  \"compatibility_date\": \"2025-01-01\",\n  \"workers_dev\": false,\n}\n",
        "{\n  // both are given\n  \"compatibility_date\": \"2025-01-01\",\n  \"workers_dev\": false, \"preview_urls\": false,\n}\n",
    ),
    (
        SIDE_DOOR,
        "wrangler.toml",
        "compatibility_date = '2025-01-01'\nworkers_dev = false\npreview_urls = false\n[env.test]\nworkers_dev = true\n",
        "compatibility_date = '2025-01-01'\nworkers_dev = false\npreview_urls = false\n[env.test]\nname = 'test'\n",
    ),
    (
        SIDE_DOOR,
        "main.tf",
        "resource \"cloudflare_workers_script_subdomain\" \"gate\" {\n  enabled = true\n  previews_enabled = false\n}\n",
        "resource \"cloudflare_workers_script_subdomain\" \"gate\" {\n  enabled = false\n  previews_enabled = false\n}\n",
    ),
    // What another place decides.
    (
        LEAVES_OPEN,
        "wrangler.toml",
        "compatibility_date = '2025-01-01'\nworkers_dev = false\npreview_urls = false\nroutes = ['a.example/*']\n",
        "compatibility_date = '2025-01-01'\nworkers_dev = false\npreview_urls = false\nroutes = [{ pattern = 'a.example', custom_domain = true }]\n",
    ),
    (
        LEAVES_OPEN,
        "nginx.conf",
        "http { include conf.d/*.conf; }",
        "http { include /etc/nginx/mime.types; }",
    ),
    (
        LEAVES_OPEN,
        "nginx.conf",
        "location / { auth_request /ask; }",
        "location / { auth_request off; }",
    ),
    (
        LEAVES_OPEN,
        "Caddyfile",
        "import sites/*\n:80 {\n\trespond 200\n}\n",
        "# import sites/*\n:80 {\n\trespond 200\n}\n",
    ),
    (
        LEAVES_OPEN,
        "main.tf",
        "resource \"aws_api_gateway_authorizer\" \"gate\" {\n  authorizer_result_ttl_in_seconds = var.ttl\n}\n",
        "resource \"aws_api_gateway_authorizer\" \"gate\" {\n  authorizer_result_ttl_in_seconds = 0 # var.ttl\n}\n",
    ),
    (
        LEAVES_OPEN,
        "template.yaml",
        "Resources:\n  A:\n    Type: AWS::ApiGatewayV2::Authorizer\n    Properties: { AuthorizerResultTtlInSeconds: !Ref Ttl }\n",
        "Resources:\n  A:\n    Type: AWS::ApiGatewayV2::Authorizer\n    Properties: { AuthorizerResultTtlInSeconds: '0' }\n",
    ),
];
