"""The template deployed into moto, and each resource then asked for through its own API; and copies that are broken, likewise."""

import ast
import json
import sys

from botocore.exceptions import ClientError
from moto import mock_aws

from . import broken_templates, rules, template
from .deployer import Deployed, client

PATH = "/.well-known/tollgate/jwks.json"
PUBLIC = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg","kid":"k1","alg":"EdDSA","use":"sig"}]}'

# What moto keeps nothing of, so that nothing can be asked: it stands in the template, and its rule is in `rules`.
UNASKED = (
    "encryption of tables: moto's CloudFormation leaves it out, held by `tables_outlive_a_mistake`; and so it does recovery and the time to live, which calls have set",
    "DeletionPolicy and UpdateReplacePolicy: CloudFormation's own, held by `tables_outlive_a_mistake`",
    "the authorizer of a REST method: moto takes none from a document, held by `nobody_comes_by_the_authorizer`",
    "access logs, mapping templates, gateway responses at work: moto answers no request of an API, held by `refusals_are_told_as_problems`",
    "reserved concurrency and the architecture are asked for; that the function starts is not: no binary is uploaded here",
)


def table(name: str) -> dict:
    return client("dynamodb").describe_table(TableName=name)["Table"]


def tables_are_protected_and_recoverable(_: Deployed):
    for name in ("tollgate-buckets", "tollgate-ledger"):
        made = table(name)
        assert made["DeletionProtectionEnabled"] is True, f"{name} may be deleted"
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST", made
        backups = client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED", f"{name} has no way back"


def a_protected_table_cannot_be_deleted(_: Deployed):
    dynamo = client("dynamodb")
    for name in ("tollgate-buckets", "tollgate-ledger"):
        try:
            dynamo.delete_table(TableName=name)
        except dynamo.exceptions.ClientError as error:
            assert "DeletionProtectionEnabled" in str(error), error
        else:
            raise AssertionError(f"{name} was deleted")


def only_buckets_have_a_time_to_live(_: Deployed):
    said = {name: client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"] for name in ("tollgate-buckets", "tollgate-ledger")}
    assert said["tollgate-buckets"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}, said
    assert said["tollgate-ledger"]["TimeToLiveStatus"] == "DISABLED", said


def items_have_the_keys_of_the_specification(_: Deployed):
    keys = {name: [(one["AttributeName"], one["KeyType"]) for one in table(name)["KeySchema"]] for name in ("tollgate-buckets", "tollgate-ledger")}
    assert keys == {"tollgate-buckets": [("pk", "HASH")], "tollgate-ledger": [("pk", "HASH"), ("sk", "RANGE")]}, keys


def policies_name_their_tables(made: Deployed):
    iam, role = client("iam"), made.ids["AuthorizerRole"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="authorizer")["PolicyDocument"]
    # moto leaves None in the place of AWS::NoValue, and then keeps the document as Python spells it.
    policy = ast.literal_eval(policy) if isinstance(policy, str) else policy
    allowed = {one["Sid"]: (one["Action"], one["Resource"]) for one in policy["Statement"] if one is not None}
    group = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"][0]["arn"].removesuffix(":*")
    assert allowed == {
        "ReadTheLedger": (["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], table("tollgate-ledger")["TableArn"]),
        "LeaseFromBuckets": (["dynamodb:GetItem", "dynamodb:UpdateItem"], table("tollgate-buckets")["TableArn"]),
        "ReadTheSecret": ("secretsmanager:GetSecretValue", template.SECRET),
        "WriteTheLog": (["logs:CreateLogStream", "logs:PutLogEvents"], group),
    }, allowed
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [], "another policy adds to it"


def the_function_has_its_settings(made: Deployed):
    function = client("lambda").get_function_configuration(FunctionName="tollgate-authorizer")
    assert (function["Runtime"], function["Handler"], function["Timeout"]) == ("provided.al2023", "bootstrap", 8), function
    assert function["Architectures"] == ["x86_64"] and function["MemorySize"] == 256, function
    assert function["Role"].endswith(made.ids["AuthorizerRole"]), function["Role"]
    variables = {name: str(value) for name, value in function["Environment"]["Variables"].items()}
    assert variables == {"TOLLGATE_CONFIG": made.told.parameters["Settings"], "TOLLGATE_LIMITS_EPOCH": "1", "TOLLGATE_BUCKETS_TABLE": "tollgate-buckets",
                         "TOLLGATE_LEDGER_TABLE": "tollgate-ledger", "TOLLGATE_SECRETS_ARN": template.SECRET}, variables


def only_our_authorizers_may_call(made: Deployed):
    policy = json.loads(client("lambda").get_policy(FunctionName="tollgate-authorizer")["Policy"])
    sources = {(one["Principal"]["Service"], one["Condition"]["ArnLike"]["AWS:SourceArn"]) for one in policy["Statement"]}
    wanted = {("apigateway.amazonaws.com", f"arn:aws:execute-api:eu-central-1:123456789012:{made.ids[name]}/authorizers/*") for name in ("RestApi", "HttpApi")}
    assert sources == wanted, sources


def no_authorizer_keeps_a_decision(made: Deployed):
    (rest,) = client("apigateway").get_authorizers(restApiId=made.ids["RestApi"])["items"]
    http = client("apigatewayv2").get_authorizer(ApiId=made.ids["HttpApi"], AuthorizerId=made.http_authorizer)
    assert rest["authorizerResultTtlInSeconds"] == 0 and rest["type"] == "REQUEST" and not rest.get("identitySource"), rest
    assert http["AuthorizerResultTtlInSeconds"] == 0 and http["EnableSimpleResponses"] is False, http
    assert http["AuthorizerPayloadFormatVersion"] == "2.0" and not http.get("IdentitySource"), http
    for uri in (rest["authorizerUri"], http["AuthorizerUri"]):
        assert "function:tollgate-authorizer/invocations" in uri, uri


def refusals_have_their_answers(made: Deployed):
    gateway, api = client("apigateway"), made.ids["RestApi"]
    wanted = {"ACCESS_DENIED": "403", "UNAUTHORIZED": "401", "AUTHORIZER_FAILURE": "503", "AUTHORIZER_CONFIGURATION_ERROR": "503"}
    for kind, status in wanted.items():
        one = gateway.get_gateway_response(restApiId=api, responseType=kind)
        assert one["statusCode"] == status, one
        context = rules.problem(int(status)) if kind == "ACCESS_DENIED" else {"requestId": "r"}
        assert json.loads(rules.render(one["responseTemplates"]["application/json"], context))["status"] == int(status), one
        assert one["responseParameters"]["gatewayresponse.header.Cache-Control"] == "'no-store'", one
    denied = gateway.get_gateway_response(restApiId=api, responseType="ACCESS_DENIED")["responseParameters"]
    assert denied.get("gatewayresponse.header.Retry-After") == "context.authorizer.retryAfter", denied


def rest_integration(made: Deployed, name: str, path: str, method: str) -> dict:
    gateway, api = client("apigateway"), made.ids[name]
    (resource,) = [one["id"] for one in gateway.get_resources(restApiId=api)["items"] if one["path"] == path]
    return gateway.get_integration(restApiId=api, resourceId=resource, httpMethod=method)


def the_origin_gets_our_identity(made: Deployed):
    for path, uri in (("/", "/"), ("/{proxy+}", "/{proxy}")):
        one = rest_integration(made, "RestApi", path, "ANY")
        assert one["uri"] == "https://origin.example.com" + uri and one["type"].lower() == "http_proxy", one
        assert one["requestParameters"]["integration.request.header.Tollgate-Identity"] == "context.authorizer.identity", one
        assert one["requestParameters"]["integration.request.header.X-API-Key"] == "'removed'", one
    routes, integrations = http_routes(made)
    one = integrations[routes["$default"]["Target"]]
    assert one["IntegrationUri"] == "https://origin.example.com" and one["IntegrationType"] == "HTTP_PROXY", one
    assert one["RequestParameters"] == {"overwrite:path": "$request.path", "remove:header.x-api-key": "''",
                                        "overwrite:header.tollgate-identity": "$context.authorizer.identity"}, one


def http_routes(made: Deployed) -> tuple[dict, dict]:
    gateway, api = client("apigatewayv2"), made.ids["HttpApi"]
    routes = {one["RouteKey"]: one for one in gateway.get_routes(ApiId=api)["Items"]}
    return routes, {f"integrations/{one['IntegrationId']}": one for one in gateway.get_integrations(ApiId=api)["Items"]}


def only_the_public_keys_need_no_key(made: Deployed):
    routes, integrations = http_routes(made)
    guarded = {key: one["AuthorizationType"] for key, one in routes.items()}
    assert guarded == {"$default": "CUSTOM", f"GET {PATH}": "NONE"}, guarded
    uri = integrations[routes[f"GET {PATH}"]["Target"]]["IntegrationUri"]
    assert uri == f"https://{made.ids['PublicKeysApi']}.execute-api.eu-central-1.amazonaws.com/live{PATH}", uri


def the_public_keys_are_told_without_code(made: Deployed):
    for name in ("RestApi", "PublicKeysApi"):
        one = rest_integration(made, name, PATH, "GET")
        assert one["type"].lower() == "mock" and "uri" not in one, one
        (answer,) = one["integrationResponses"].values()
        assert answer["responseTemplates"] == {"application/json": PUBLIC}, answer


def traces_are_off(made: Deployed):
    for name in ("RestApi", "PublicKeysApi"):
        stage = client("apigateway").get_stage(restApiId=made.ids[name], stageName="live")
        (setting,) = stage["methodSettings"].values()
        assert setting["dataTraceEnabled"] is False and setting["loggingLevel"] == "OFF", setting
        assert setting["cachingEnabled"] is False and stage["tracingEnabled"] is False, stage
    log = client("apigateway").get_stage(restApiId=made.ids["RestApi"], stageName="live")["accessLogSettings"]
    assert "header" not in log["format"] and log["destinationArn"].endswith("/aws/apigateway/tollgate-rest"), log
    stage = client("apigatewayv2").get_stage(ApiId=made.ids["HttpApi"], StageName="$default")
    assert stage["AutoDeploy"] is True and "header" not in stage["AccessLogSettings"]["Format"], stage


def logs_are_kept_for_a_month(_: Deployed):
    kept = {one["logGroupName"]: one.get("retentionInDays") for one in client("logs").describe_log_groups()["logGroups"]}
    assert kept == dict.fromkeys(("/aws/lambda/tollgate-authorizer", "/aws/apigateway/tollgate-rest", "/aws/apigateway/tollgate-http"), 30), kept


def alarms_watch_what_was_made(_: Deployed):
    alarms = {one["MetricName"]: {item["Name"]: item["Value"] for item in one["Dimensions"]} for one in client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert alarms == {"tollgate-failed": {}, "Throttles": {"FunctionName": "tollgate-authorizer"},
                      "WriteThrottleEvents": {"TableName": "tollgate-buckets"}, "ReadThrottleEvents": {"TableName": "tollgate-ledger"},
                      "tollgate-unavailable": {}}, alarms
    counts = client("logs").describe_metric_filters(logGroupName="/aws/lambda/tollgate-authorizer")["metricFilters"]
    patterns = {one["metricTransformations"][0]["metricName"]: one["filterPattern"] for one in counts}
    assert patterns.keys() == {"tollgate-unavailable", "tollgate-failed"}, patterns
    assert patterns["tollgate-unavailable"] == '{ ($.event = "unavailable") || ($.event = "not_started") }', patterns


QUESTIONS = (
    tables_are_protected_and_recoverable, a_protected_table_cannot_be_deleted, only_buckets_have_a_time_to_live,
    items_have_the_keys_of_the_specification, policies_name_their_tables, the_function_has_its_settings, only_our_authorizers_may_call,
    no_authorizer_keeps_a_decision, refusals_have_their_answers, the_origin_gets_our_identity, only_the_public_keys_need_no_key,
    the_public_keys_are_told_without_code, traces_are_off, logs_are_kept_for_a_month, alarms_watch_what_was_made,
)

# Broken copies of `broken_templates`, and the question that tells them by what was deployed.
NOTICED = {
    "decisions are kept for five minutes": no_authorizer_keeps_a_decision,
    "how long decisions are kept is left to API Gateway": no_authorizer_keeps_a_decision,
    "the HTTP API needs no key": only_the_public_keys_need_no_key,
    "any API may ask the authorizer": only_our_authorizers_may_call,
    "the origin is sent the identity that the client wrote": the_origin_gets_our_identity,
    "the origin is sent the key": the_origin_gets_our_identity,
    "a refusal has no body of ours": refusals_have_their_answers,
    "a limit does not say when to come back": refusals_have_their_answers,
    "caches may keep refusals": refusals_have_their_answers,
    "bodies and headers are written to a log": traces_are_off,
    "tables may be deleted": a_protected_table_cannot_be_deleted,
    "tables have no way back": tables_are_protected_and_recoverable,
    "the ledger ends by itself": only_buckets_have_a_time_to_live,
    "buckets never end": only_buckets_have_a_time_to_live,
    "the authorizer may do everything to the ledger": policies_name_their_tables,
    "the authorizer may write every table": policies_name_their_tables,
    "the authorizer may read every secret": policies_name_their_tables,
    "secrets stand in the environment": the_function_has_its_settings,
    "a log is kept for ever": logs_are_kept_for_a_month,
    "nobody is told that nothing can be told": alarms_watch_what_was_made,
}


def ask(text: str | None, questions) -> dict[str, Exception | None]:
    """Deploys the template or a copy of it, and puts the questions: what each came to."""
    found = {}
    with mock_aws():
        made = Deployed(text, {"PublicKeys": PUBLIC})
        for question in questions:
            try:
                question(made)
                found[question.__name__] = None
            except Exception as error:  # noqa: BLE001 - a question that breaks has failed
                found[question.__name__] = error
        found["made"] = (made.in_stack, made.by_hand)
    return found


def main(_: list[str]) -> int:
    found = ask(None, QUESTIONS)
    in_stack, by_hand = found.pop("made")
    red = [f"{name}: {type(error).__name__}: {error}" for name, error in found.items() if error]
    for name, question in NOTICED.items():
        _, find, instead = broken_templates.COPIES[name]
        error = ask(template.FILE.read_text().replace(find, instead), [question])[question.__name__]
        if not isinstance(error, (AssertionError, ClientError)):
            red.append(f"broken copy: {name}: {question.__name__} did not notice it, or not by what it asks: {error!r}")
    print("made as a stack:", ", ".join(f"{kind} ({count})" for kind, count in sorted(in_stack.items())))
    print("not known to moto's CloudFormation, or not whole, and made by calls:", ", ".join(f"{kind} ({count})" for kind, count in sorted(by_hand.items())))
    for what in UNASKED:
        print("not asked:", what)
    for what in red:
        print(f"RED: {what}")
    held = len(QUESTIONS) + len(NOTICED) - len(red)
    print(f"{len(QUESTIONS)} questions, {len(NOTICED)} broken copies")
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
