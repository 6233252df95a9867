"""What may not be in the repository: addresses of registries, paths of one machine, other people's scripts."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = re.compile(
    r"index-url|find-links|\"resolved\": *\"http|https?://[^ \"'<>]+\.(whl|tgz|deb)\b|https?://[^ \"'<>]*/simple(/|\"|$)"
)
FILES_WITH_THE_PATTERN = {"tests/architecture/test_hygiene.py"}


def _tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listing.split("\0") if name]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (UnicodeDecodeError, FileNotFoundError):
        return ""


def test_no_file_names_a_registry():
    offenders = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if str(path.relative_to(ROOT)) not in FILES_WITH_THE_PATTERN and REGISTRY.search(_text(path))
    ]
    assert offenders == []


def test_no_minified_script_or_font_is_committed():
    offenders = [
        path.name
        for path in _tracked()
        if path.suffix in (".woff", ".woff2", ".ttf", ".otf") or path.name.endswith((".min.js", ".min.css"))
    ]
    assert offenders == []


def test_no_file_is_larger_than_a_megabyte():
    offenders = [path.name for path in _tracked() if path.exists() and path.stat().st_size > 2**20]
    assert offenders == []


def test_torch_is_pinned_exactly():
    assert re.search(r"^torch==\d+\.\d+\.\d+$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
