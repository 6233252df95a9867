"""Rules that keep the pages small, readable without scripts, and safe under the content policy."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
TEMPLATES = sorted((FRONTEND / "templates").rglob("*.html"))
SCRIPTS = sorted((FRONTEND / "static" / "js").glob("*.js"))
STYLES = sorted((FRONTEND / "static" / "css").glob("*.css"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(FRONTEND / "templates")))
def test_template_parses(template):
    get_template(str(template.relative_to(FRONTEND / "templates")))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(FRONTEND / "templates")))
def test_template_has_no_inline_style_or_script(template):
    text = template.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)", text)
    assert "hx-on" not in text
    assert "|safe" not in text
    assert "autoescape off" not in text


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES, *SCRIPTS], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path):
    for match in re.findall(r"""(?:src|href|url\()\s*=?\s*["'(]?(https?://[^"')\s]+)""", path.read_text()):
        pytest.fail(f"{path.name} refers to {match}")


def test_no_template_grows_beyond_two_hundred_lines():
    assert [path.name for path in TEMPLATES if len(path.read_text().splitlines()) > 200] == []


def test_styles_fit_their_budget():
    assert sum(len(path.read_text().splitlines()) for path in STYLES) <= 800


def test_scripts_fit_their_budget():
    assert sum(path.stat().st_size for path in SCRIPTS) <= 10 * 1024


def test_scripts_evaluate_no_text():
    assert not [path.name for path in SCRIPTS if re.search(r"\beval\(|new Function|innerHTML", path.read_text())]


def test_every_icon_that_is_used_is_in_the_sprite():
    sprite = set(re.findall(r'id="i-([a-z-]+)"', (FRONTEND / "templates/partials/_sprite.html").read_text()))
    used = {name for path in TEMPLATES for name in re.findall(r'{% icon "([a-z-]+)" %}', path.read_text())}
    from hub.pages.words import SEVERITY_ICONS, STATE_ICONS

    assert used | set(STATE_ICONS.values()) | set(SEVERITY_ICONS.values()) <= sprite


def test_every_artifact_has_a_mark():
    from hub.pages.words import ARTIFACT_WORDS

    sprite = set(re.findall(r'id="k-([a-z_]+)"', (FRONTEND / "templates/partials/_sprite.html").read_text()))
    assert set(ARTIFACT_WORDS) - {"unknown"} <= sprite


def test_colours_are_named_once():
    for path in STYLES:
        if path.name != "tokens.css":
            assert re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text()) in ([], ["#8FB4D6"])


def test_no_field_hides_a_property_that_scripts_need():
    """A field named `remove` makes `form.remove` a field: forms then cannot be replaced."""
    names = {
        name
        for path in TEMPLATES
        for name in re.findall(r'<(?:button|input|select|textarea)[^>]*\bname="([a-z_]+)"', path.read_text())
    }
    assert not names & {
        "remove",
        "submit",
        "reset",
        "closest",
        "matches",
        "children",
        "parentElement",
        "id",
        "action",
        "target",
    }
