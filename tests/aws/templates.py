"""`template.yaml` keeps to its rules, linters find nothing in it, and every broken copy of it is noticed."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import broken_templates, rules, template

BIN = Path(sys.executable).parent
VARIANTS = (
    {},
    {"Api": "rest"},
    {"Api": "http"},
    {"Api": "none"},
    {"SecretArn": template.PARAMETER},
    {"SecretKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/0a-1b", "ReservedConcurrency": 100},
    {"AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms", "Architecture": "arm64", "Name": "staging"},
)


def ran(*command: str) -> str:
    """What a linter says, which must be content. None of them is to speak to anybody."""
    quiet = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=300, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def cfn_lint_finds_nothing():
    ran(str(BIN / "cfn-lint"), str(template.FILE))


def sam_finds_nothing():
    said = ran(str(BIN / "sam"), "validate", "--lint", "--template", str(template.FILE), "--region", "eu-central-1")
    assert "is a valid SAM Template" in said, said


def checkov(path: Path) -> dict:
    said = ran(str(BIN / "checkov"), "--file", str(path), "--framework", "cloudformation", "--output", "json",
               "--skip-download", "--quiet", "--soft-fail")
    return json.loads(said)


def checkov_finds_nothing():
    found = checkov(template.FILE)
    assert found["summary"]["parsing_errors"] == 0 and found["summary"]["passed"] >= 15, found["summary"]
    failed = [(one["check_id"], one["resource"]) for one in found["results"]["failed_checks"]]
    assert not failed, failed


def checkov_finds_nothing_in_what_sam_makes_of_it():
    """Resources that SAM makes have no comments to leave checks out by: these are what is left out above."""
    left_out = {one["id"] for of in template.read()["Resources"].values() for one in of.get("Metadata", {}).get("checkov", {}).get("skip", [])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "translated.json"
        path.write_text(json.dumps(template.translated(template.read())))
        found = checkov(path)
    assert found["summary"]["parsing_errors"] == 0 and found["summary"]["passed"] >= 15, found["summary"]
    failed = [(one["check_id"], one["resource"]) for one in found["results"]["failed_checks"] if one["check_id"] not in left_out]
    assert not failed, failed


def what_is_left_out_has_a_reason():
    for name, of in template.read()["Resources"].items():
        for one in of.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert set(one) == {"id", "comment"} and len(one["comment"].split()) > 4, f"{name}: {one}"


def every_variant_resolves():
    made = {}
    for given in VARIANTS:
        told = template.resolved(given=given)
        made[json.dumps(given)] = set(told.resources)
        assert not [one for one in json.dumps(told.resources).split('"') if one.startswith("Fn::")], given
    both, rest, http, none = (made[json.dumps(given)] for given in VARIANTS[:4])
    assert rest | http == both and rest & http == none, (rest, http, none)
    assert {"Authorizer", "Buckets", "Ledger"} <= none, none


def the_key_of_the_secret_is_used_through_its_service_only():
    told = template.resolved(given=VARIANTS[5])
    (policy,) = told.of("AWS::IAM::Role")["AuthorizerRole"]["Policies"]
    (made,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "DecryptTheSecret"]
    assert made["Resource"] == VARIANTS[5]["SecretKeyArn"] and made["Action"] == "kms:Decrypt", made
    assert made["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}}, made
    assert told.of("AWS::Lambda::Function")["Authorizer"]["ReservedConcurrentExecutions"] == 100


LINTS = (cfn_lint_finds_nothing, sam_finds_nothing, checkov_finds_nothing, checkov_finds_nothing_in_what_sam_makes_of_it,
         what_is_left_out_has_a_reason, every_variant_resolves, the_key_of_the_secret_is_used_through_its_service_only)


def copy_is_noticed(name: str):
    rule, find, instead = broken_templates.COPIES[name]
    text = template.FILE.read_text()
    assert find in text, f"{name}: nothing in the template is {find!r}"
    told = template.resolved(text.replace(find, instead))
    try:
        rule(told)
    except (AssertionError, KeyError, ValueError, TypeError, StopIteration):
        return
    raise AssertionError(f"{rule.__name__} did not notice it")


def play(name: str, case, *arguments) -> bool:
    try:
        case(*arguments)
    except Exception as error:  # noqa: BLE001 - a case that breaks has failed
        print(f"RED: {name}: {type(error).__name__}: {error}", flush=True)
        return False
    return True


def main(_: list[str]) -> int:
    told = template.resolved()
    cases = [(one.__name__, one) for one in LINTS]
    cases += [(one.__name__, one, told) for one in rules.RULES]
    cases += [(f"broken copy: {name}", copy_is_noticed, name) for name in broken_templates.COPIES]
    held = sum(play(*one) for one in cases)
    print(f"{len(rules.RULES)} rules, {len(broken_templates.COPIES)} broken copies")
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 0 if held == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
