"""The configuration reference lists what the code reads, all of it, and nothing else."""

import re
from pathlib import Path

import pytest

from hub.config.reference import VARIABLES

CONFIG = Path(__file__).resolve().parents[3] / "hub" / "config"
CALL = re.compile(r"\benv\.(text|boolean|integer|number|names|secret|one_of)\(\s*\"([A-Z_0-9]+)\"")


def _read() -> dict[str, str]:
    text = "\n".join(path.read_text() for path in sorted(CONFIG.glob("*.py")))
    found = {name: reader for reader, name in CALL.findall(text)}
    for name in ("SITE_URL", "DATABASE_URL", "REDIS_URL", "CACHE_URL"):
        assert f'"{name}"' in text, name
        found.setdefault(name, "text" if name == "SITE_URL" else "secret")
    return found


def test_every_variable_the_settings_read_is_explained():
    assert sorted(_read()) == sorted(variable.name for variable in VARIABLES)


def test_it_says_which_values_may_come_from_a_file():
    read = _read()
    assert {variable.name for variable in VARIABLES if variable.is_secret} == {
        name for name, reader in read.items() if reader == "secret"
    }


@pytest.mark.django_db
def test_the_docs_show_them(client):
    page = client.get("/docs/configuration").content.decode()
    assert all(f"<code>{variable.name}</code>" in page for variable in VARIABLES)
