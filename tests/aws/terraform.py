"""The Terraform module makes what `template.yaml` makes: the same tables, policies, documents, logs and alarms.

Read with a parser of HCL; nothing is planned and nothing applied.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree

import yaml

from . import broken_terraform, template
from .hcl import Module

FOLDER = template.ROOT / "terraform" / "modules" / "aws"

# What is called differently in the two.
REFERENCES = {
    "${aws_dynamodb_table.ledger.arn}": "<Ledger.Arn>", "${aws_dynamodb_table.buckets.arn}": "<Buckets.Arn>",
    "${aws_dynamodb_table.ledger.name}": "<Ledger>", "${aws_dynamodb_table.buckets.name}": "<Buckets>",
    # CloudFormation's ARN of a log group has the streams in it.
    "${aws_cloudwatch_log_group.authorizer.arn}:*": "<AuthorizerLog.Arn>", "${aws_cloudwatch_log_group.authorizer.name}": "<AuthorizerLog>",
    "${aws_iam_role.authorizer.arn}": "<AuthorizerRole.Arn>", "${aws_lambda_function.authorizer.arn}": "<Authorizer.Arn>",
    "${aws_lambda_function.authorizer.function_name}": "<Authorizer>", "${var.secret_arn}": template.SECRET,
    "${aws_api_gateway_rest_api.rest[0].id}": "<RestApi>", "${aws_apigatewayv2_api.http[0].id}": "<HttpApi>",
    "${local.execute_api}": "arn:aws:execute-api:eu-central-1:123456789012",
    "${var.name}": "tollgate", "${var.log_retention_days}": 30, "${var.limits_epoch}": 1, "${jsonencode(var.settings)}": None, "${local.alarm_to}": [],
}
SECRET_ACTION = '${local.secret_from == "secretsmanager" ? "secretsmanager:GetSecretValue" : "ssm:GetParameter"}'
LETTERS = re.compile(r"(?<!^)(?=[A-Z])")


def meant(value):
    """With what the references mean."""
    if isinstance(value, list):
        return [meant(one) for one in value]
    if isinstance(value, dict):
        return {name: meant(one) for name, one in value.items()}
    if not isinstance(value, str) or value in REFERENCES:
        return REFERENCES.get(value, value) if isinstance(value, str) else value
    for reference, instead in REFERENCES.items():
        value = value.replace(reference, str(instead))
    return value


def tables_are_the_same(told, module: Module, _):
    for name, table in told.of("AWS::DynamoDB::Table").items():
        made = meant(module.of("resource", "aws_dynamodb_table", name.lower()))
        keys = [made["hash_key"]] + ([made["range_key"]] if "range_key" in made else [])
        assert keys == [one["AttributeName"] for one in table["KeySchema"]], made
        assert (made["name"], made["billing_mode"]) == (table["TableName"], table["BillingMode"]), made
        assert made["deletion_protection_enabled"] is table["DeletionProtectionEnabled"] is True, f"{name} may be deleted"
        assert made["point_in_time_recovery"] == {"enabled": True}, f"{name} has no way back"
        assert made["server_side_encryption"] == {"enabled": table["SSESpecification"]["SSEEnabled"]}, made
        assert made["lifecycle"] == {"prevent_destroy": True}, f"{name} ends with the rest"
        ttl = table.get("TimeToLiveSpecification")
        assert made.get("ttl") == (ttl and {"attribute_name": ttl["AttributeName"], "enabled": ttl["Enabled"]}), f"{name}: {made.get('ttl')}"
    assert module.names("resource", "aws_dynamodb_table") == ["buckets", "ledger"]


def statements(block: dict) -> dict:
    found = block["statement"]
    found = found if isinstance(found, list) else [found]
    return {one["sid"]: (sorted(one["actions"]), meant(one["resources"])) for one in found}


def policies_are_the_same(told, module: Module, _):
    def listed(value):
        return value if isinstance(value, list) else [value]

    (policy,) = told.of("AWS::IAM::Role")["AuthorizerRole"]["Policies"]
    wanted = {one["Sid"]: (sorted(listed(one["Action"])), listed(one["Resource"])) for one in policy["PolicyDocument"]["Statement"]}
    block = module.of("data", "aws_iam_policy_document", "authorizer")
    made = statements(block)
    assert made["ReadTheSecret"][0] == [SECRET_ACTION], made["ReadTheSecret"]
    made["ReadTheSecret"] = (["secretsmanager:GetSecretValue"], made["ReadTheSecret"][1])
    assert made == wanted, (made, wanted)
    dynamic = block["dynamic"]["statement"]["content"]
    assert dynamic["actions"] == ["kms:Decrypt"] and dynamic["condition"]["variable"] == "kms:ViaService", dynamic
    (policy,) = told.of("AWS::IAM::ManagedPolicy").values()
    wanted = {one["Sid"]: (sorted(one["Action"]), [one["Resource"]]) for one in policy["PolicyDocument"]["Statement"]}
    made = statements(module.of("data", "aws_iam_policy_document", "administrator"))
    assert made == wanted, (made, wanted)
    assert module.names("resource", "aws_iam_role_policy") == ["authorizer"]
    assert module.of("resource", "aws_iam_role_policy", "authorizer")["policy"] == "${data.aws_iam_policy_document.authorizer.json}"
    assert not module.names("resource", "aws_iam_role_policy_attachment"), "another policy adds to it"


def the_function_is_the_same(told, module: Module, _):
    (function,) = told.of("AWS::Lambda::Function").values()
    made = meant(module.of("resource", "aws_lambda_function", "authorizer"))
    for field, of in (("function_name", "FunctionName"), ("handler", "Handler"), ("runtime", "Runtime"), ("timeout", "Timeout"),
                      ("role", "Role"), ("description", "Description")):
        assert made[field] == function[of], (field, made[field], function[of])
    variables = {**function["Environment"]["Variables"], "TOLLGATE_CONFIG": None}
    assert made["environment"]["variables"] == variables, made["environment"]
    assert made["logging_config"]["log_group"] == function["LoggingConfig"]["LogGroup"], made["logging_config"]


def documents_are_the_same(told, _module, folder: Path):
    uri = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/<Authorizer.Arn>/invocations"
    given = {"name": "tollgate", "origin_url": template.GIVEN["OriginUrl"], "public_keys": told.parameters["PublicKeys"], "authorizer_uri": uri,
             "public_keys_url": "https://<PublicKeysApi>.execute-api.eu-central-1.amazonaws.com/live"}
    apis = {**told.of("AWS::ApiGateway::RestApi"), **told.of("AWS::ApiGatewayV2::Api")}
    for name, file in (("RestApi", "rest"), ("HttpApi", "http"), ("PublicKeysApi", "public-keys")):
        text = (folder / "documents" / f"{file}.yaml").read_text()
        assert "%{" not in text and "$${" not in text, f"{file}: what Terraform would read as its own"
        made = yaml.safe_load(re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], text))
        wanted = json.loads(json.dumps(apis[name]["Body"]))
        wanted.pop("tags", None)
        for path in made["paths"].values():
            for method in path.values():
                method.setdefault("security", None)
        for path in wanted["paths"].values():
            for method in path.values():
                method.setdefault("security", None)
        assert made == wanted, f"{file}: {difference(made, wanted)}"


def difference(made, wanted, place="") -> str:
    """Where two values differ first."""
    if isinstance(made, dict) and isinstance(wanted, dict):
        for name in {**made, **wanted}:
            if made.get(name) != wanted.get(name):
                return difference(made.get(name), wanted.get(name), f"{place}/{name}")
    return f"{place}: {made!r} and not {wanted!r}"


def stages_are_the_same(told, module: Module, _):
    for name, of in (("rest", "RestApiStage"), ("public_keys", "PublicKeysApiStage")):
        stage = told.of("AWS::ApiGateway::Stage")[of]
        (setting,) = stage["MethodSettings"]
        made = module.of("resource", "aws_api_gateway_method_settings", name)
        assert made["method_path"] == "*/*", made
        for field, wanted in (("data_trace_enabled", "DataTraceEnabled"), ("logging_level", "LoggingLevel"), ("caching_enabled", "CachingEnabled")):
            assert made["settings"][field] == setting[wanted], (name, made["settings"])
        assert module.of("resource", "aws_api_gateway_stage", name)["stage_name"] == "${var.stage_name}"
    formats = module.locals()
    logs = {"rest": told.of("AWS::ApiGateway::Stage")["RestApiStage"]["AccessLogSetting"]["Format"],
            "http": told.of("AWS::ApiGatewayV2::Stage")["HttpApiApiGatewayDefaultStage"]["AccessLogSettings"]["Format"]}
    for name, wanted in logs.items():
        assert formats[f"{name}_log_format"] == wanted, (name, formats[f"{name}_log_format"])
        kind = "aws_api_gateway_stage" if name == "rest" else "aws_apigatewayv2_stage"
        assert module.of("resource", kind, name)["access_log_settings"]["format"] == f"${{local.{name}_log_format}}"


def only_our_authorizers_may_call(told, module: Module, _):
    for name, of in (("rest", "RestMayAsk"), ("http", "HttpMayAsk")):
        made = meant(module.of("resource", "aws_lambda_permission", name))
        wanted = told.of("AWS::Lambda::Permission")[of]
        assert (made["action"], made["function_name"], made["principal"], made["source_arn"]) == (
            wanted["Action"], wanted["FunctionName"], wanted["Principal"], wanted["SourceArn"]), made


def logs_are_the_same(told, module: Module, _):
    for name, of in (("authorizer", "AuthorizerLog"), ("rest", "RestLog"), ("http", "HttpLog")):
        made, wanted = meant(module.of("resource", "aws_cloudwatch_log_group", name)), told.of("AWS::Logs::LogGroup")[of]
        assert (made["name"], made.get("retention_in_days")) == (wanted["LogGroupName"], wanted["RetentionInDays"]), made


def alarms_are_the_same(told, module: Module, _):
    counted = {one["MetricTransformations"][0]["MetricName"]: one["FilterPattern"] for one in told.of("AWS::Logs::MetricFilter").values()}
    made = {f"tollgate-{name}": pattern for name, pattern in module.locals()["counts"].items()}
    assert made == counted, (made, counted)
    wanted = sorted((one["Namespace"], one["MetricName"], one["AlarmDescription"], [(of["Name"], of["Value"]) for of in one.get("Dimensions", [])])
                    for one in told.of("AWS::CloudWatch::Alarm").values())
    made = sorted((one["namespace"], one["metric"], one["description"], sorted(one["dimensions"].items()))
                  for one in meant(module.locals()["alarms"]).values())
    assert made == wanted, (made, wanted)
    alarm = module.of("resource", "aws_cloudwatch_metric_alarm", "this")
    for field, of in (("statistic", "Statistic"), ("period", "Period"), ("threshold", "Threshold"), ("evaluation_periods", "EvaluationPeriods"),
                      ("comparison_operator", "ComparisonOperator"), ("treat_missing_data", "TreatMissingData")):
        assert {one[of] for one in told.of("AWS::CloudWatch::Alarm").values()} == {alarm[field]}, (field, alarm[field])


def variables_are_the_parameters(told, module: Module, _):
    made = {name: module.of("variable", name) for name in module.names("variable")}
    wanted = {LETTERS.sub("_", name).lower(): one for name, one in told.told["Parameters"].items()}
    assert set(made) == set(wanted) | {"package"}, set(made) ^ set(wanted)
    for name in ("name", "api", "stage_name", "architecture", "memory_size", "limits_epoch", "log_retention_days", "public_keys"):
        assert made[name]["default"] == wanted[name]["Default"], (name, made[name]["default"])
    for name in ("name", "secret_arn", "origin_url"):
        assert wanted[name]["AllowedPattern"] in json.dumps(made[name]["validation"]).replace('\\"', '"'), name
    for name, one in made.items():
        assert one.get("description", "").endswith("."), f"{name} has no description"
    assert not made["secret_arn"].get("default"), "a secret that nobody named"


def the_provider_is_fixed(_told, module: Module, folder: Path):
    version = module.of("terraform")["required_providers"]["aws"]["version"]
    assert re.fullmatch(r"= \d+\.\d+\.\d+", version), version
    for example in ("rest", "http"):
        of = Module(folder / "examples" / example)
        assert of.of("terraform")["required_providers"]["aws"]["version"] == version, example
        assert of.of("module", "tollgate")["api"] == example and of.of("module", "tollgate")["source"] == "../.."
        given = set(of.of("module", "tollgate")) - {"source"}
        assert given <= set(module.names("variable")), given


def the_readme_names_everything(_told, module: Module, folder: Path):
    text = (folder / "README.md").read_text()
    for name in module.names("variable") + module.names("output"):
        assert f"`{name}`" in text, f"the README does not name {name}"
    assert "has not run yet" in text or (folder / "tests" / "ran.md").exists(), "the README says nothing of what was tried"


def checkov_finds_nothing(_told, _module, folder: Path):
    command = [str(Path(sys.executable).parent / "checkov"), "--directory", str(folder), "--framework", "terraform", "--output", "json",
               "--skip-download", "--quiet", "--soft-fail"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LOG_LEVEL": "ERROR"}, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["summary"]["parsing_errors"] == 0 and found["summary"]["passed"] >= 40, found["summary"]
    failed = [(one["check_id"], one["resource"]) for one in found["results"]["failed_checks"]]
    assert not failed, failed


def the_text_is_formatted(_told, _module, folder: Path):
    """As much of `terraform fmt` as can be told without it: blanks, steps of two, and equals signs below each other."""
    for path in sorted([*folder.rglob("*.tf"), *folder.rglob("*.hcl")]):
        depth, group, text = 0, [], path.read_text()
        assert text.endswith("\n") and not text.endswith("\n\n") and "\n\n\n" not in text and "\t" not in text, path
        for number, line in enumerate(text.splitlines(), 1):
            place, body = f"{path.name}:{number}", line.strip()
            assert line == line.rstrip(), f"{place}: a blank at the end"
            bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', body)
            bare = re.sub(r"#.*", "", bare)
            closing = re.match(r"[\]})]*", bare)[0]
            first = depth - (1 if closing else 0)
            assert not body or len(line) - len(line.lstrip()) == 2 * first, f"{place}: {line}"
            opened = bare.count("{") + bare.count("[") + bare.count("(") - bare.count("}") - bare.count("]") - bare.count(")")
            # Several brackets that open on one line, as in `jsonencode({`, are one step.
            depth += (opened > 0) - (opened < 0)
            found = re.match(r'[\w"./-]+ +=(?=[^=>])', body)
            if found and opened == 0:
                group.append((place, len(found[0])))
                assert len({width for _, width in group}) == 1, f"{place}: not below the one above"
            else:
                group = []


CHECKS = (tables_are_the_same, policies_are_the_same, the_function_is_the_same, documents_are_the_same, stages_are_the_same,
          only_our_authorizers_may_call, logs_are_the_same, alarms_are_the_same, variables_are_the_parameters, the_provider_is_fixed,
          the_readme_names_everything, checkov_finds_nothing, the_text_is_formatted)


def copy_is_noticed(told, name: str):
    check, file, find, instead = broken_terraform.COPIES[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "aws"
        copytree(FOLDER, folder)
        text = (folder / file).read_text()
        assert find in text, f"{name}: nothing in {file} is {find!r}"
        (folder / file).write_text(text.replace(find, instead))
        try:
            globals()[check](told, Module(folder), folder)
        except (AssertionError, KeyError):
            return
    raise AssertionError(f"{check} did not notice it")


def play(name: str, case, *arguments) -> bool:
    try:
        case(*arguments)
    except Exception as error:  # noqa: BLE001 - a case that breaks has failed
        print(f"RED: {name}: {type(error).__name__}: {error}", flush=True)
        return False
    return True


def main(_: list[str]) -> int:
    told, module = template.resolved(), Module(FOLDER)
    cases = [(one.__name__, one, told, module, FOLDER) for one in CHECKS]
    cases += [(f"broken copy: {name}", copy_is_noticed, told, name) for name in broken_terraform.COPIES]
    held = sum(play(*one) for one in cases)
    print(f"{len(CHECKS)} checks, {len(broken_terraform.COPIES)} broken copies")
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 0 if held == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
