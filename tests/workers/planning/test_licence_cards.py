"""A result's licence as front matter, read back as the same licence."""

from pathlib import Path

import pytest

from workers.planning.folder import facts_of_folder
from workers.planning.licences import LICENCES, front_matter


@pytest.mark.parametrize("name", [*LICENCES, "LicenseRef-combined", "LicenseRef-own-terms", "MIT AND CC-BY-4.0", "GPL-2.0-only WITH Classpath-exception-2.0"])  # fmt: skip
def test_a_card_gives_back_the_licence_it_was_given(name: str, tmp_path: Path) -> None:
    lines = "".join(f"{key}: {value}\n" for key, value in front_matter(name).items())
    (tmp_path / "README.md").write_text(f"---\n{lines}---\n")
    assert facts_of_folder(tmp_path).licence == name


@pytest.mark.parametrize(
    ("licence", "front"),
    [
        ("", {}),
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("GPL-3.0-only", {"license": "gpl-3.0"}),
        ("LicenseRef-llama3.1", {"license": "llama3.1"}),
        ("LicenseRef-openrail-plus-plus", {"license": "openrail++"}),
        ("GPL-3.0-or-later", {"license": "other", "license_name": "gpl-3.0-or-later", "license_link": "NOTICE"}),
        ("LicenseRef-combined", {"license": "other", "license_name": "combined", "license_link": "NOTICE"}),
    ],
)
def test_front_matter_uses_the_ids_that_hubs_know(licence: str, front: dict[str, str]) -> None:
    assert front_matter(licence) == front
