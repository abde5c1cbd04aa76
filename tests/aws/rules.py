"""What every deployment on AWS keeps to, each rule over the template as it is deployed. A rule that is broken raises."""

import json
import re

from .template import GIVEN, ROOT, Resolved

# What the authorizer hands over: `answer.rs` of lambda/authorizer.
CONTEXT = {"status", "code", "body", "challenge", "retryAfter", "identity", "keyId", "owner", "tenant", "scopes", "plan",
           "rateLimit", "rateLimitPolicy"}
ANSWER = ROOT / "lambda" / "authorizer" / "src" / "answer.rs"

# What API Gateway itself knows and a log or a body may say: nothing that a client has sent.
OWN = {"requestId", "requestTimeEpoch", "httpMethod", "resourcePath", "routeKey", "status", "authorizer.error"}

# A problem body as the authorizer writes it, for each status that it may mean.
BODIES = {
    400: "request_invalid", 401: "key_revoked", 403: "scope_missing", 429: "rate_limited", 503: "unavailable",
}

HEADERS = {
    "Cache-Control": "'no-store'", "Content-Type": "'application/problem+json'", "Retry-After": "context.authorizer.retryAfter",
    "WWW-Authenticate": "context.authorizer.challenge", "RateLimit": "context.authorizer.rateLimit",
    "RateLimit-Policy": "context.authorizer.rateLimitPolicy", "X-Auth-Status": "context.authorizer.status",
}


def render(text: str, context: dict) -> str:
    """What API Gateway makes of a template of a gateway response: variables are put in, and there is no language."""
    assert not re.search(r"#(set|if|foreach|else|end)|\$(input|util)\b", text), f"gateway responses know no language: {text}"

    def put_in(found):
        name = found[1]
        assert name in context, f"{name} is no variable that there is"
        return str(context[name])

    return re.sub(r"\$context\.((?:authorizer\.)?\w+)", put_in, text)


def problem(status: int) -> dict:
    body = {"type": "about:blank", "title": "T", "status": status, "detail": 'D "quoted"', "instance": "urn:x", "code": BODIES[status]}
    return {"requestId": "r-1", "authorizer.body": json.dumps(body, separators=(",", ":"))}


def documents(told: Resolved, kind: str) -> dict[str, dict]:
    return {name: one["Body"] for name, one in told.of(kind).items()}


def rest(told: Resolved) -> dict[str, dict]:
    return documents(told, "AWS::ApiGateway::RestApi")


def http(told: Resolved) -> dict[str, dict]:
    return documents(told, "AWS::ApiGatewayV2::Api")


def methods(document: dict):
    """Every method of an API, with its path."""
    for path, of in document["paths"].items():
        for method, one in of.items():
            yield f"{method} {path}", one, one["x-amazon-apigateway-integration"]


def no_decision_is_kept(told: Resolved):
    seen = 0
    for name, document in {**rest(told), **http(told)}.items():
        for scheme in document.get("components", {}).get("securitySchemes", {}).values():
            authorizer = scheme["x-amazon-apigateway-authorizer"]
            seen += 1
            assert authorizer.get("authorizerResultTtlInSeconds") == 0, f"{name}: {authorizer}"
            # With an identity source API Gateway answers for us, and knows one place of a key only.
            assert "identitySource" not in authorizer, f"{name}: {authorizer}"
            # Yes and no alone cannot say 401, and cover every route where they are kept.
            assert not authorizer.get("enableSimpleResponses"), f"{name}: {authorizer}"
            assert "<Authorizer.Arn>" in authorizer["authorizerUri"], authorizer
    assert seen == 2, f"{seen} authorizers"


def nobody_comes_by_the_authorizer(told: Resolved):
    origin = GIVEN["OriginUrl"]
    for name, document in {**rest(told), **http(told)}.items():
        for place, method, integration in methods(document):
            if integration.get("uri", "").startswith(origin):
                assert method.get("security") == [{"tollgate": []}], f"{name}: {place} reaches the origin without a key"
    asked = {one["SourceArn"].rsplit(":", 1)[1] for one in told.of("AWS::Lambda::Permission").values()}
    assert asked == {"<RestApi>/authorizers/*", "<HttpApi>/authorizers/*"}, asked


def the_origin_gets_our_identity_and_no_key(told: Resolved):
    wanted = {
        "rest": {"integration.request.header.Tollgate-Identity": "context.authorizer.identity",
                 "integration.request.header.X-API-Key": "'removed'"},
        "http": {"overwrite:header.tollgate-identity": "$context.authorizer.identity", "remove:header.x-api-key": "''"},
    }
    for kind, found in (("rest", rest(told)), ("http", http(told))):
        origins = [(place, one) for document in found.values() for place, _, one in methods(document)
                   if one.get("uri", "").startswith(GIVEN["OriginUrl"])]
        assert origins, f"{kind}: no method reaches the origin"
        for place, integration in origins:
            missing = wanted[kind].items() - integration["requestParameters"].items()
            assert not missing, f"{kind}: {place}: {missing}"
    assert '"key_from":"x-api-key"' in told.parameters["Settings"], "a key in another place cannot be removed"


def refusals_are_told_as_problems(told: Resolved):
    told_by = rest(told)["RestApi"]["x-amazon-apigateway-gateway-responses"]
    wanted = {"ACCESS_DENIED": "403", "UNAUTHORIZED": "401", "AUTHORIZER_FAILURE": "503", "AUTHORIZER_CONFIGURATION_ERROR": "503"}
    assert {kind: one["statusCode"] for kind, one in told_by.items()} == wanted, list(told_by)
    for kind, one in told_by.items():
        headers = {name.removeprefix("gatewayresponse.header."): value for name, value in one["responseParameters"].items()}
        (template,) = one["responseTemplates"].values()
        for status in BODIES if kind == "ACCESS_DENIED" else [int(one["statusCode"])]:
            context = problem(status) if kind == "ACCESS_DENIED" else {"requestId": "r-1"}
            body = json.loads(render(template, context))
            assert body["status"] == status and body["code"], f"{kind}: {body}"
            assert list(body) == ["type", "title", "status", "detail", "instance", "code"], f"{kind}: {body}"
        for name, value in headers.items():
            known = re.fullmatch(r"context\.authorizer\.(\w+)", value)
            assert known and known[1] in CONTEXT or re.fullmatch(r"'[^']*'", value), f"{kind}: {name} is {value}"
        for name in ("Cache-Control", "Content-Type"):
            assert headers[name] == HEADERS[name], f"{kind}: {name} is {headers[name]}"
    denied = {name.removeprefix("gatewayresponse.header."): value
              for name, value in told_by["ACCESS_DENIED"]["responseParameters"].items()}
    assert denied == HEADERS, denied
    for kind in ("AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"):
        assert told_by[kind]["responseParameters"]["gatewayresponse.header.Retry-After"] == "'1'", kind
    assert "Bearer realm" in told_by["UNAUTHORIZED"]["responseParameters"]["gatewayresponse.header.WWW-Authenticate"]


def the_context_is_what_the_authorizer_writes(_: Resolved):
    written = set(re.findall(r'(?:\.put\(|String::from\()\s*"(\w+)"', ANSWER.read_text()))
    assert written - {"usageIdentifierKey"} == CONTEXT, written ^ CONTEXT


def the_public_keys_need_no_code(told: Resolved):
    path, seen = "/.well-known/tollgate/jwks.json", []
    for name, document in rest(told).items():
        method = document["paths"][path]["get"]
        integration = method["x-amazon-apigateway-integration"]
        answer = integration["responses"]["default"]
        assert method["security"] == [] and integration["type"] == "mock", f"{name}: {integration}"
        assert answer["responseTemplates"] == {"application/json": told.parameters["PublicKeys"]}, f"{name}: {answer}"
        assert answer["responseParameters"]["method.response.header.Cache-Control"] == "'public, max-age=300'", name
        seen.append(name)
    assert seen == ["RestApi", "PublicKeysApi"], seen
    integration = http(told)["HttpApi"]["paths"][path]["get"]["x-amazon-apigateway-integration"]
    stage = told.of("AWS::ApiGateway::Stage")["PublicKeysApiStage"]["StageName"]
    assert integration["uri"] == f"https://<PublicKeysApi>.execute-api.eu-central-1.amazonaws.com/{stage}{path}", integration
    assert list(rest(told)["PublicKeysApi"]["paths"]) == [path]


def only_public_keys_are_taken_for_public(told: Resolved):
    pattern = told.told["Parameters"]["PublicKeys"]["AllowedPattern"]
    key = '{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg","kid":"k1","alg":"EdDSA","use":"sig"%s}'
    cases = {
        '{"keys":[]}': True, '{"keys":[%s]}' % (key % ""): True, '{"keys":[%s,%s]}' % (key % "", key % ""): True,
        '{"keys":[%s]}' % (key % ',"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"'): False,
        '{"keys":["$context.identity"]}': False, '{"keys":["#set"]}': False, "": False,
    }
    for text, good in cases.items():
        assert bool(re.fullmatch(pattern, text)) == good, text


def no_trace_holds_what_was_sent(told: Resolved):
    stages = told.of("AWS::ApiGateway::Stage")
    assert len(stages) == 2, list(stages)
    for name, stage in stages.items():
        (setting,) = stage["MethodSettings"]
        assert setting["DataTraceEnabled"] is False and setting["LoggingLevel"] == "OFF", f"{name}: {setting}"
        assert setting["CachingEnabled"] is False, f"{name}: {setting}"
        assert (setting["HttpMethod"], setting["ResourcePath"]) == ("*", "/*"), f"{name}: {setting}"
    logs = {name: one["AccessLogSetting"]["Format"] for name, one in stages.items() if "AccessLogSetting" in one}
    logs |= {name: one["AccessLogSettings"]["Format"] for name, one in told.of("AWS::ApiGatewayV2::Stage").items()}
    assert sorted(logs) == ["HttpApiApiGatewayDefaultStage", "RestApiStage"], list(logs)
    for name, text in logs.items():
        json.loads(text)
        said = set(re.findall(r"\$context\.([\w.]+)", text))
        allowed = OWN | {f"authorizer.{one}" for one in ("code", "keyId", "tenant")}
        assert said <= allowed and text.count("$") == len(re.findall(r"\$context\.", text)), f"{name}: {said - allowed}"


def tables_outlive_a_mistake(told: Resolved):
    tables = told.of("AWS::DynamoDB::Table")
    assert sorted(tables) == ["Buckets", "Ledger"], list(tables)
    for name, table in tables.items():
        assert table.get("DeletionProtectionEnabled") is True, f"{name} may be deleted"
        assert table.get("PointInTimeRecoverySpecification") == {"PointInTimeRecoveryEnabled": True}, f"{name} has no way back"
        assert table.get("SSESpecification") == {"SSEEnabled": True}, name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        kept = told.resources[name]
        assert (kept.get("DeletionPolicy"), kept.get("UpdateReplacePolicy")) == ("Retain", "Retain"), f"{name} ends with its stack"
    keys = {name: [one["AttributeName"] for one in table["KeySchema"]] for name, table in tables.items()}
    assert keys == {"Buckets": ["pk"], "Ledger": ["pk", "sk"]}, keys


def only_buckets_are_forgotten(told: Resolved):
    tables = told.of("AWS::DynamoDB::Table")
    assert tables["Buckets"].get("TimeToLiveSpecification") == {"AttributeName": "ttl", "Enabled": True}, tables["Buckets"]
    assert "TimeToLiveSpecification" not in tables["Ledger"], "what is in the ledger would end by itself"


def the_authorizer_may_do_what_it_must(told: Resolved):
    (policy,) = told.of("AWS::IAM::Role")["AuthorizerRole"]["Policies"]
    made = {one["Sid"]: (one["Effect"], one["Action"], one["Resource"]) for one in policy["PolicyDocument"]["Statement"]}
    assert made == {
        "ReadTheLedger": ("Allow", ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], "<Ledger.Arn>"),
        "LeaseFromBuckets": ("Allow", ["dynamodb:GetItem", "dynamodb:UpdateItem"], "<Buckets.Arn>"),
        "ReadTheSecret": ("Allow", "secretsmanager:GetSecretValue", told.parameters["SecretArn"]),
        "WriteTheLog": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], "<AuthorizerLog.Arn>"),
    }, made
    (function,) = told.of("AWS::Lambda::Function").values()
    assert function["Role"] == "<AuthorizerRole.Arn>", function["Role"]
    (policy,) = told.of("AWS::IAM::ManagedPolicy").values()
    for one in policy["PolicyDocument"]["Statement"]:
        assert one["Resource"] == "<Ledger.Arn>" and not any("*" in action for action in one["Action"]), one


def the_function_is_what_was_built(told: Resolved):
    (function,) = told.of("AWS::Lambda::Function").values()
    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap"), function
    assert function["Timeout"] < 10, "API Gateway gives up before it"
    assert set(function["Environment"]["Variables"]) == {
        "TOLLGATE_CONFIG", "TOLLGATE_LIMITS_EPOCH", "TOLLGATE_BUCKETS_TABLE", "TOLLGATE_LEDGER_TABLE", "TOLLGATE_SECRETS_ARN"}, function["Environment"]
    built = told.told["Resources"]["Authorizer"]["Metadata"]
    assert (built["BuildMethod"], built["BuildProperties"]) == ("rust-cargolambda", {"Binary": "bootstrap"}), built
    json.loads(told.parameters["Settings"])


def logs_end(told: Resolved):
    groups = told.of("AWS::Logs::LogGroup")
    assert sorted(groups) == ["AuthorizerLog", "HttpLog", "RestLog"], list(groups)
    for name, one in groups.items():
        assert one.get("RetentionInDays") == told.parameters["LogRetentionDays"], f"{name} is kept for ever"


def somebody_is_told(told: Resolved):
    alarms = {(one["Namespace"], one["MetricName"]): one for one in told.of("AWS::CloudWatch::Alarm").values()}
    name = told.parameters["Name"]
    assert set(alarms) == {("Tollgate", f"{name}-unavailable"), ("Tollgate", f"{name}-failed"), ("AWS/Lambda", "Throttles"),
                           ("AWS/DynamoDB", "WriteThrottleEvents"), ("AWS/DynamoDB", "ReadThrottleEvents")}, list(alarms)
    counted = {}
    for count in told.of("AWS::Logs::MetricFilter").values():
        (made,) = count["MetricTransformations"]
        assert (made["MetricNamespace"], made["MetricName"]) in alarms, made
        assert count["LogGroupName"] == "<AuthorizerLog>", count
        counted[made["MetricName"]] = count["FilterPattern"]
    # The lines that the authorizer and Lambda write.
    assert counted == {f"{name}-unavailable": '{ ($.event = "unavailable") || ($.event = "not_started") }',
                       f"{name}-failed": '?"Task timed out" ?"Runtime.ExitError" ?"Runtime exited"'}, counted
    for file, line in (("gate/src/gate.rs", '"error", "unavailable"'), ("authorizer/src/start.rs", '"error", "not_started"')):
        assert line in (ROOT / "lambda" / file).read_text(), f"the authorizer writes another line than {line}"
    for one in alarms.values():
        assert one["Threshold"] == 0 and one["ComparisonOperator"] == "GreaterThanThreshold", one
    (over,) = [one["Dimensions"] for key, one in alarms.items() if key[1] == "WriteThrottleEvents"]
    assert over == [{"Name": "TableName", "Value": "<Buckets>"}], over


RULES = (
    no_decision_is_kept, nobody_comes_by_the_authorizer, the_origin_gets_our_identity_and_no_key, refusals_are_told_as_problems,
    the_context_is_what_the_authorizer_writes, the_public_keys_need_no_code, only_public_keys_are_taken_for_public, no_trace_holds_what_was_sent, tables_outlive_a_mistake,
    only_buckets_are_forgotten, the_authorizer_may_do_what_it_must, the_function_is_what_was_built, logs_end, somebody_is_told,
)
