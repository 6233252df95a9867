"""Benchmarks over datasets of a few rows, made through the services people use."""

from typing import Any

from hub.accounts.models import User
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.services import benchmark_create
from hub.catalog.models import Repo
from tests.hub.api.zoo import make_dataset as _make_dataset


def make_dataset(user: User, full_name: str, *, rows: int = 5, visibility: str = "public") -> Repo:
    """Images under data/test.safetensors."""
    return _make_dataset(user, full_name, rows=rows, visibility=visibility)[0]


def make_benchmark(
    user: User, name: str, *, data: str = "builtin:digits", namespace: str = "", **definition: Any
) -> BenchmarkVersion:
    body = {"task": "image-classification", "data": data, **definition}
    return benchmark_create(
        user=user, name=name, title=name.title(), definition=body, namespace=namespace or user.username
    )
