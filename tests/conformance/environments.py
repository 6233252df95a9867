"""A virtual environment for each client, with nothing in it but the client as it is published."""

from dataclasses import dataclass
from pathlib import Path

from tests.environments import Environment


@dataclass(frozen=True)
class Client:
    name: str
    version: str

    @property
    def environment(self) -> Environment:
        return Environment(self.name, ((f"huggingface_hub=={self.version}", "hf_xet", "safetensors", "numpy"),))

    @property
    def python(self) -> Path:
        return self.environment.python


CLIENTS = (Client("hf-2.4.0", "2.4.0"), Client("hf-0.36", "0.36.2"))


def client_ensure(client: Client) -> None:
    client.environment.ensure()
