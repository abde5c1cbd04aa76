"""The Terraform module deploys what `wrangler.toml` does: the same modules, bindings, migrations and dates.

Read with a parser of HCL; nothing is applied.
"""

import json
import sys
import tomllib
from pathlib import Path

import hcl2

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "terraform" / "modules" / "cloudflare"
SECRETS = {"TOLLGATE_SECRETS", "TOLLGATE_ADMIN"}


def read(name: str) -> dict:
    with (MODULE / name).open() as file:
        return hcl2.load(file)


def plain(value):
    """Without the quotes that some versions of the parser keep."""
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.strip('"') if isinstance(value, str) else value


def resource(kind: str) -> dict:
    (found,) = [body for one in read("main.tf")["resource"] for name, body in plain(one).items() if name == kind]
    (body,) = found.values()
    return body


def bindings_of_wrangler(told: dict) -> dict:
    bound = {name: ("json", None) for name in told["vars"]}
    bound |= {one["binding"]: ("kv_namespace", None) for one in told["kv_namespaces"]}
    bound |= {told["version_metadata"]["binding"]: ("version_metadata", None)}
    return bound | {one["name"]: ("durable_object_namespace", one["class_name"]) for one in told["durable_objects"]["bindings"]}


def bindings_are_those_of_wrangler(told: dict):
    told_once = plain(read("main.tf")["locals"][0])
    assert resource("cloudflare_worker_version")["bindings"] == "${concat(local.bindings, local.usage)}"
    # What is there only when it is asked for, in either.
    assert told_once["usage"].startswith("${var.usage_dataset == null ? [] : [{'name': 'USAGE', 'type': 'analytics_engine'"), told_once["usage"]
    made = {one["name"]: (one["type"], one.get("class_name")) for one in told_once["bindings"]}
    secrets = {name: made.pop(name) for name in SECRETS}
    assert set(secrets.values()) == {("secret_text", None)}, secrets
    for scope in (told, *told["env"].values()):
        assert made == bindings_of_wrangler(scope), (made, bindings_of_wrangler(scope))


def migrations_are_those_of_wrangler(told: dict):
    (wanted,) = told["migrations"]
    text = resource("cloudflare_worker_version")["migrations"].replace("'", '"')
    begin = text.index("{", text.index(":"))
    made = json.loads(text[begin:text.index("}", begin) + 1])
    assert made == {"new_tag": wanted["tag"], "new_sqlite_classes": wanted["new_sqlite_classes"]}, made
    assert f'== "{wanted["tag"]}"'.replace('"', "") in text.replace('"', ""), text


def dates_and_flags_are_those_of_wrangler(told: dict):
    made = resource("cloudflare_worker_version")
    assert made["compatibility_date"] == told["compatibility_date"], made
    assert made.get("compatibility_flags", []) == told.get("compatibility_flags", []), made


def modules_are_those_that_wrangler_uploads(told: dict):
    made = set(plain(read("main.tf")["locals"][0])["modules"])
    uploaded = {str(path.relative_to(ROOT / "workers")) for rule in told["rules"] for glob in rule["globs"]
                for path in (ROOT / "workers").glob(glob)}
    # What is built need not be there.
    uploaded |= {glob for rule in told["rules"] for glob in rule["globs"] if "*" not in glob}
    entry = Path(told["main"]).name
    assert made == uploaded | {entry}, made ^ (uploaded | {entry})
    assert resource("cloudflare_worker_version")["main_module"] == entry


def housekeeping_is_as_often(told: dict):
    made = [one["cron"] for one in resource("cloudflare_workers_cron_trigger")["schedules"]]
    assert made == told["triggers"]["crons"], made


def there_is_no_side_door(told: dict):
    subdomain = resource("cloudflare_worker")["subdomain"]
    assert (subdomain["enabled"], subdomain["previews_enabled"]) == (told["workers_dev"], told["preview_urls"]) == (False, False)


def the_provider_is_fixed(_: dict):
    (terraform,) = read("versions.tf")["terraform"]
    version = plain(terraform["required_providers"])[0]["cloudflare"]["version"]
    assert version.startswith("= ") and version.count(".") == 2, version


CHECKS = (bindings_are_those_of_wrangler, migrations_are_those_of_wrangler, dates_and_flags_are_those_of_wrangler,
          modules_are_those_that_wrangler_uploads, housekeeping_is_as_often, there_is_no_side_door, the_provider_is_fixed)


def main() -> int:
    told = tomllib.loads((ROOT / "wrangler.toml").read_text())
    failed = 0
    for check in CHECKS:
        try:
            check(told)
        except (AssertionError, KeyError, ValueError) as error:
            failed += 1
            print(f"RED: {check.__name__}: {type(error).__name__}: {error}")
    held = len(CHECKS) - failed
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
