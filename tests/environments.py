"""Virtual environments of other people's packages, as they are published: made on first use under `.venvs/`, with nothing of ours in them."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Environment:
    """`installs` are carried out one after the other: what comes first is not chosen by what comes later."""

    name: str
    installs: tuple[tuple[str, ...], ...]

    @property
    def folder(self) -> Path:
        return ROOT / ".venvs" / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def ensure(self) -> None:
        stamp = self.folder / ".packages"
        wanted = "\n".join(package for packages in self.installs for package in packages)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        sys.stdout.write(f"making {self.folder.relative_to(ROOT)}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for packages in self.installs:
            subprocess.run([*pip, *packages], check=True)
        stamp.write_text(wanted)
