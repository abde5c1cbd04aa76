"""The container image and the Kubernetes manifests, as far as they can be checked without an engine.

The instructions and manifests are read; the configuration in them is put to the gate; and what the Dockerfile
builds is run as its user, in a root that holds what the image holds.
"""

import os
import re
import shlex
import shutil
import tempfile
import traceback
from pathlib import Path

import yaml

from contract.origin import Origin

from . import image
from .checks import Checks
from .example import Ports
from .image import USER
from .process import Failed
from .session import Outcome

#: Names by which secrets end up in images.
SECRET = re.compile(r"secret|password|passwd|token|pepper|seed|key", re.IGNORECASE)
ARGUMENTS = re.compile(r"^(FROM|RUN|COPY|USER|VOLUME|ENV|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD|WORKDIR)\s+(.*)$", re.DOTALL)


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile; one that is not known here is an error."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in filter(None, map(str.strip, joined.split("\n"))):
        match = ARGUMENTS.match(line)
        if not match:
            raise Failed(f"no instruction that this test knows: {line!r}")
        found.append((match[1], match[2].strip()))
    return found


def dockerfile(checks: Checks, text: str, root: Path):
    """Static, without root, one folder to write, nothing secret, nothing unpinned."""
    found = instructions(text)
    stages = [at for at, (name, _) in enumerate(found) if name == "FROM"]
    last = found[stages[-1] :]
    checks.expect(len(stages) == 2 and last[0] == ("FROM", "scratch"), f"the last stage is {last[0]}")
    builder = found[0][1].split()[0]
    version = re.search(r'channel = "([\d.]+)"', (root / "rust-toolchain.toml").read_text())[1]
    checks.expect(builder.startswith(f"rust:{version}-"), f"built by {builder}, not by Rust {version}")
    only = lambda name: [value for given, value in last if given == name]  # noqa: E731
    checks.expect(only("USER") == [f"{USER}:{USER}"], f"USER is {only('USER')}: a number, so that the kubelet can see it")
    checks.expect(not only("RUN"), "something runs in the last stage, which has nothing to run it with")
    checks.expect(only("VOLUME") == ["/data"], f"VOLUME is {only('VOLUME')}")
    checks.expect(only("ENTRYPOINT") == ['["/tollgate"]'], f"ENTRYPOINT is {only('ENTRYPOINT')}: no shell")
    checks.expect(only("STOPSIGNAL") == ["SIGTERM"], f"STOPSIGNAL is {only('STOPSIGNAL')}")
    checks.expect([value for value in only("COPY")] == ["--from=build /image/ /"], f"COPY is {only('COPY')}")
    for name, value in found:
        if name in ("ENV", "ARG"):
            for word in shlex.split(value):
                variable = word.split("=")[0]
                checks.expect(not SECRET.search(variable), f"{name} {variable} could hold a secret")
        if name == "RUN":
            checks.expect("--locked" in value and "+crt-static" in value, f"not locked, or not static: {value}")
            checks.expect("curl" not in value and "wget" not in value, "something is downloaded")
    order = [name for name, _ in last]
    checks.expect(order.index("USER") > order.index("COPY"), "the files are not root's")


def ignored(checks: Checks, text: str):
    """Nothing secret is sent to whoever builds."""
    lines = {line.strip() for line in text.splitlines() if not line.startswith("#")}
    for needed in (".git", "target", "**/*.secrets.json", "**/*.db", "**/*.pem"):
        checks.expect(needed in lines, f"{needed} is sent to the builder")


def manifests(checks: Checks, documents: list[dict]) -> dict[str, dict]:
    """Kinds and names fit together, and no pod may do more than it needs."""
    kinds = {f"{one['kind']}/{one['metadata']['name']}": one for one in documents}
    wanted = {"ConfigMap/tollgate", "PersistentVolumeClaim/tollgate", "Job/tollgate-init", "Deployment/tollgate",
              "Service/tollgate"}
    checks.expect(set(kinds) == wanted, f"there are {sorted(kinds)}")
    versions = {"Job": "batch/v1", "Deployment": "apps/v1"}
    for name, one in kinds.items():
        checks.expect(one["apiVersion"] == versions.get(one["kind"], "v1"), f"{name}: apiVersion {one['apiVersion']}")
        if one["kind"] in versions:
            pod(checks, name, one["spec"]["template"]["spec"], kinds)
    deployment, service = kinds["Deployment/tollgate"]["spec"], kinds["Service/tollgate"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    checks.expect(deployment["selector"]["matchLabels"] == labels == service["selector"], "the selectors differ")
    job_labels = kinds["Job/tollgate-init"]["spec"]["template"]["metadata"]["labels"]
    checks.expect(job_labels != labels, "the Service would lead to the Job")
    checks.expect(deployment["replicas"] == 1 and deployment["strategy"] == {"type": "Recreate"}, "two would share a file")
    serving(checks, deployment["template"]["spec"], service)
    return kinds


def pod(checks: Checks, name: str, spec: dict, kinds: dict[str, dict]):
    context = spec["securityContext"]
    checks.expect(context["runAsNonRoot"] is True and context["runAsUser"] == context["fsGroup"] == USER, f"{name}: {context}")
    checks.expect(context["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name}: seccomp")
    checks.expect(spec["automountServiceAccountToken"] is False, f"{name}: has a token for the cluster")
    checks.expect(spec["enableServiceLinks"] is False, f"{name}: has foreign variables named TOLLGATE_")
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    for volume in volumes.values():
        claim = volume.get("persistentVolumeClaim")
        checks.expect(not claim or f"PersistentVolumeClaim/{claim['claimName']}" in kinds, f"{name}: {claim}")
        config = volume.get("configMap")
        checks.expect(not config or f"ConfigMap/{config['name']}" in kinds, f"{name}: {config}")
        secret = volume.get("secret")
        checks.expect(not secret or secret["defaultMode"] == 0o440, f"{name}: the secrets' mode is {secret}")
    for container in spec["containers"]:
        own = container["securityContext"]
        checks.expect(own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                              "capabilities": {"drop": ["ALL"]}}, f"{name}: {own}")
        checks.expect(re.search(r":\d", container["image"]), f"{name}: {container['image']} has no version")
        checks.expect("memory" in container["resources"]["limits"], f"{name}: no limit of memory")
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        checks.expect(set(mounts) == set(volumes), f"{name}: mounts {sorted(mounts)} of {sorted(volumes)}")
        writable = [mount["mountPath"] for mount in mounts.values() if not mount.get("readOnly")]
        checks.expect(writable == ["/data"], f"{name}: {writable} can be written")
        for variable in container.get("env", []):
            value = variable.get("value", "")
            checks.expect("SECRET" not in variable["name"] or not value, f"{name}: {variable['name']} is written out")


def serving(checks: Checks, spec: dict, service: dict):
    container = spec["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for kind, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
        probe = container[kind]["httpGet"]
        checks.expect(probe["path"] == path and probe["port"] == "admin", f"{kind}: {probe}")
    checks.expect(ports == {"gate": 8080, "admin": 9090}, f"ports are {ports}")
    targets = [port["targetPort"] for port in service["ports"]]
    checks.expect(targets == ["gate"], f"the Service leads to {targets}")
    stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    checks.expect(spec["terminationGracePeriodSeconds"] > stop + 30, "requests are cut off before drain_s has passed")


#: Slips in the files, each of which must be noticed: what is replaced by what.
DOCKER_MISTAKES = [
    ("USER 65532:65532", "USER root"), ("USER 65532:65532", "USER tollgate"), ("FROM scratch", "FROM debian:bookworm"),
    ("rust:1.95.0-bookworm", "rust:latest"), ("--locked ", ""), ("+crt-static", "-crt-static"),
    ("VOLUME /data\n", "VOLUME /data\nENV TOLLGATE_SECRETS={}\n"), ('ENTRYPOINT ["/tollgate"]', "ENTRYPOINT /tollgate"),
    ("COPY --from=build /image/ /", "COPY --from=build --chown=65532 /image/ /"),
]
KUBERNETES_MISTAKES = [
    ("runAsNonRoot: true", "runAsNonRoot: false"), ("runAsUser: 65532", "runAsUser: 0"), ("drop: [ALL]", "drop: []"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), ("defaultMode: 0440", "defaultMode: 0444"),
    ("automountServiceAccountToken: false", "automountServiceAccountToken: true"), ("replicas: 1", "replicas: 2"),
    ("enableServiceLinks: false", "enableServiceLinks: true"), ("targetPort: gate", "targetPort: admin"),
    ("terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30"), ("path: /readyz", "path: /"),
    ("claimName: tollgate", "claimName: other"), ("image: tollgate:0.1.0", "image: tollgate"),
    ("mountPath: /secrets, readOnly: true", "mountPath: /secrets"), ("type: Recreate", "type: RollingUpdate"),
    ("name: tollgate-init }\n    spec", "name: tollgate }\n    spec"),
]


def run(arguments, root: Path) -> tuple[list[Outcome], int, list[str]]:
    """The image and the manifests: their outcomes, how many slips were noticed, and which were not."""
    docker, kubernetes = root / "examples/docker", root / "examples/kubernetes/tollgate.yaml"
    image_text, manifest_text = (docker / "Dockerfile").read_text(), kubernetes.read_text()

    def read_dockerfile(checks, text=image_text):
        dockerfile(checks, text, root)
        ignored(checks, (docker / "Dockerfile.dockerignore").read_text())

    def read_manifests(checks, text=manifest_text):
        return manifests(checks, list(yaml.safe_load_all(text)))

    def built(checks):
        origin, folder = Origin(), Path(tempfile.mkdtemp(prefix="tollgate-image-"))
        try:
            config = read_manifests(Checks())["ConfigMap/tollgate"]["data"]["tollgate.toml"]
            image.runs(checks, arguments.image.resolve(), folder, Ports.free(origin.port), origin, config)
        finally:
            origin.stop()
            shutil.rmtree(folder, ignore_errors=True)

    outcomes = []
    not_built = None if arguments.image else "its program was not built: --image names it"
    if arguments.image and os.geteuid():
        not_built = "only root may give a program another root"
    for example, name, check, why_not in (
        ("docker", "the image is static, has no root, no shell, no secret and one folder to write", read_dockerfile, None),
        ("kubernetes", "the manifests fit together, and no pod may do more than it needs", read_manifests, None),
        ("docker", "what is built runs as the examples say, alone in its root, as their user", built, not_built),
    ):
        checks = Checks()
        if not why_not:
            try:
                check(checks)
            except Exception:
                checks.faults.append(traceback.format_exc(limit=-4))
        outcomes.append(Outcome(example, name, checks.faults, checks.checks, why_not))
    noticed, missed = 0, []
    for text, check, slips in ((image_text, read_dockerfile, DOCKER_MISTAKES),
                               (manifest_text, read_manifests, KUBERNETES_MISTAKES)):
        for old, new in slips if arguments.mistakes else ():
            checks = Checks()
            try:
                check(checks, text.replace(old, new))
            except Exception as error:
                checks.faults.append(repr(error))
            if old in text and checks.faults:
                noticed += 1
            else:
                missed.append(f"{old!r} -> {new!r}: stays green, or does not stand there")
    return outcomes, noticed, missed
