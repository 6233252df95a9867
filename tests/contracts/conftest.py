"""Golden files: `--record-schema` writes the OpenAPI snapshot afresh instead of comparing with it."""


def pytest_addoption(parser) -> None:
    parser.addoption("--record-schema", action="store_true", help="record tests/contracts/openapi.json again")
