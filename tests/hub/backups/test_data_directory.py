"""Into an empty data directory: the embedded services are started for it, and the hub that comes up is the old one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.embedded_support import ROOT, forget_home, open_folder, own_environment


def genepool(data_dir: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *command, "--data-dir", str(data_dir), "--json"],
        cwd=ROOT, env=own_environment(), capture_output=True, text=True, timeout=280,
    )  # fmt: skip


@pytest.fixture
def data_dir():
    with open_folder() as folder:
        yield folder / "hub"
        forget_home(folder / "hub")


@pytest.mark.journey
@pytest.mark.timeout(300)
def test_a_backup_of_the_restored_hub_is_the_same_backup(backup, manifest, data_dir, tmp_path):
    assert genepool(data_dir, "restore", str(backup)).returncode == 0
    again = genepool(data_dir, "backup", str(tmp_path / "again"))
    assert again.returncode == 0, again.stderr
    old, new = manifest(backup), manifest(tmp_path / "again")
    assert new["counts"] == {**old["counts"], "audit_entries": old["counts"]["audit_entries"] + 1}
    assert new["blob_list"] == old["blob_list"]
    assert new["secrets"] == old["secrets"]
    assert json.loads(genepool(data_dir, "verify").stdout)["checked"] == new["blob_count"]


def test_there_is_nothing_to_back_up_where_no_hub_was(tmp_path):
    done = genepool(tmp_path / "nowhere", "backup", str(tmp_path / "backup"))
    assert (done.returncode, "There is no hub in" in done.stderr) == (1, True)
    assert not (tmp_path / "backup").exists()
