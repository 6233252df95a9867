"""A virtual environment for each client, with nothing in it but the client as it is published."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Client:
    name: str
    version: str

    @property
    def python(self) -> Path:
        return ROOT / ".venvs" / self.name / "bin" / "python"

    @property
    def packages(self) -> tuple[str, ...]:
        return (f"huggingface_hub=={self.version}", "hf_xet", "safetensors", "numpy")


CLIENTS = (Client("hf-2.4.0", "2.4.0"), Client("hf-0.36", "0.36.2"))


def client_ensure(client: Client) -> None:
    stamp = client.python.parents[1] / ".packages"
    wanted = "\n".join(client.packages)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    sys.stdout.write(f"making {client.python.parents[1].relative_to(ROOT)}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "venv", str(client.python.parents[1])], check=True)
    pip = [str(client.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *client.packages], check=True)
    stamp.write_text(wanted)
