"""A hub inside this process to measure: the embedded services of a benchmark, and Django set up on them."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hub.bench.live import OF_THE_OPERATOR
from hub.embedded import embedded_services


@contextlib.contextmanager
def hub_in_process(data_dir: Path) -> Iterator[None]:
    """Models may be imported inside; the operator's own database is never touched."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in OF_THE_OPERATOR:
        os.environ.pop(name, None)
    with (
        tempfile.TemporaryDirectory(dir=data_dir, prefix="bench-") as folder,
        embedded_services(Path(folder).resolve() / "hub", what="a benchmark", is_durable=False) as services,
    ):
        os.environ.update(services.environment(), DJANGO_SETTINGS_MODULE="hub.config.settings", LOG_LEVEL="ERROR")
        import django

        django.setup()
        yield
