"""What is shipped for systemd, compose and Caddy is confined, names what exists and gives no part more than it needs."""

import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bots.app.secret_files import secrets_of
from bots.app.settings import Settings
from bots.cli.parser import parser
from tests.needs import NEEDED

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "contrib" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
COMPOSE = {path.relative_to(ROOT).as_posix(): yaml.safe_load(path.read_text())
           for path in (ROOT / "compose.yaml", DEPLOY / "compose.yaml")}  # fmt: skip
CONTAINERS = [(file, name) for file, read in COMPOSE.items() for name in read["services"]]
SECRETS = set(secrets_of(Settings.model_fields))
NAMES = {name.upper() for name in Settings.model_fields} | {"TMPDIR"}
CONFINED = """
    NoNewPrivileges=yes CapabilityBoundingSet= ProtectSystem=strict ProtectHome=yes PrivateDevices=yes PrivateTmp=yes
    PrivateUsers=yes RestrictNamespaces=yes MemoryDenyWriteExecute=yes SystemCallFilter=~@privileged UMask=0077
    ProtectKernelModules=yes RestrictSUIDSGID=yes StateDirectoryMode=0700 User=troubadour
""".split()
MOST_EXPOSED = 3.0


def unit(path: Path) -> Mapping[str, Sequence[str]]:
    found = defaultdict(list)
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


def container(file: str, name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = COMPOSE[file]["services"][name]
    return read


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_confined(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert [setting for setting in CONFINED if setting not in lines] == []
    assert {"MemoryMax", "TasksMax"} <= unit(path).keys()
    if program := shutil.which("systemd-analyze"):
        command = [program, "security", "--offline=true", "--no-pager", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert float(said.rpartition("exposure level for ")[2].split()[1]) < MOST_EXPOSED


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_names_what_exists(path: Path) -> None:
    found = unit(path)
    (command,) = found["ExecStart"]
    parser().parse_args(shlex.split(command)[1:])
    assert {pair.partition("=")[0] for line in found["Environment"] for pair in line.split()} <= NAMES
    assert {line.partition(":")[0] for line in found["LoadCredential"]} <= SECRETS


def test_a_stop_has_time_for_the_drain() -> None:
    drain_s = Settings.model_fields["drain_s"].default
    (wait_s,) = unit(DEPLOY / "troubadour.service")["TimeoutStopSec"]
    graces = [container(file, name).get("stop_grace_period") for file, name in CONTAINERS]
    assert int(wait_s) == drain_s + 20
    assert {grace for grace in graces if grace} == {f"{drain_s + 20}s"}


@pytest.mark.parametrize(("file", "name"), CONTAINERS)
def test_a_container_is_confined(file: str, name: str) -> None:
    found = container(file, name)
    assert (found["read_only"], found["cap_drop"], found["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert "cap_add" not in found
    assert {"mem_limit", "pids_limit", "restart"} <= found.keys()
    assert [port for port in found.get("ports", []) if not port.startswith("127.0.0.1:")] == []
    if command := found.get("command"):
        parser().parse_args(command)


@pytest.mark.parametrize(("file", "name"), CONTAINERS)
def test_a_container_is_given_secrets_as_files_alone(file: str, name: str) -> None:
    found = container(file, name)
    environment = found.get("environment", {})
    if found["image"] == "troubadour":
        assert environment.keys() <= NAMES - {secret.upper() for secret in SECRETS}
        assert set(found.get("secrets", ())) <= SECRETS
    for secret in found.get("secrets", ()):
        assert COMPOSE[file]["secrets"][secret] == {"file": f"secrets/{secret}"}
    assert not [value for value in environment.values() if "PASSWORD" in str(value)]


def test_a_part_of_the_fleet_has_the_secrets_that_it_needs() -> None:
    """Which are both chats', and for the part that callbacks come to, what it takes to follow them."""
    chats, follows = {"telegram_token", "discord_token"}, {"gateway_key"}
    for role, needed in NEEDED.items():
        lower = {name.lower() for name in needed}
        expected = lower | (chats if chats & lower else set()) | (follows if role == "web" else set())
        assert set(container("compose.yaml", role)["secrets"]) == expected
    assert "secrets" not in container("contrib/deploy/compose.yaml", "backup")


def test_the_proxy_lets_only_the_public_paths_in() -> None:
    text = (DEPLOY / "Caddyfile").read_text()
    assert re.findall(r"path (.*)", text) == ["/gateway/* /telegram"]
    ports = [Settings.model_fields[name].default for name in ("http_port", "console_port")]
    assert re.findall(r"reverse_proxy (.*)", text) == [f"127.0.0.1:{port}" for port in ports]
    if program := shutil.which("caddy"):
        command = [program, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
        assert "Valid configuration" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_commands_by_hand_have_what_the_service_has() -> None:
    (alias,) = re.findall(
        r"^alias troubadour='(.*?)'$", (ROOT / "docs/operating.md").read_text(), re.MULTILINE | re.DOTALL
    )
    words = shlex.split(alias.replace("\\\n", " "))
    given = {words[at + 1] for at, word in enumerate(words) if word == "-p"}
    service = unit(DEPLOY / "troubadour.service")
    same = {f"{name}={value}" for name in ("EnvironmentFile", "LoadCredential") for value in service[name]}
    assert given - same == {"Environment=DATA_DIR=/var/lib/troubadour"}
    assert same <= given
    assert f"--uid={service['User'][0]}" in words
    assert f"{words[-1]} run" == service["ExecStart"][0]
