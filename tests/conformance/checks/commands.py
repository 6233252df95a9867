"""95 to 97: the hf command."""

from kit import Stage, check, same, weights

FILES = {"config.json": b"{}", "model.safetensors": weights(14), "sub/a.txt": b"a"}


def _folder(stage: Stage, name: str) -> str:
    root = stage.folder / name
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return str(root)


@check(95, "hf auth whoami")
def whoami(stage: Stage) -> None:
    assert stage.name in stage.command("auth", "whoami")


@check(96, "hf upload and hf download")
def there_and_back(stage: Stage) -> None:
    repo = stage.fresh()
    stage.command("upload", repo, _folder(stage, "up"), ".")
    stage.command("download", repo, "--local-dir", str(stage.folder / "down"))
    for path, content in FILES.items():
        same((stage.folder / "down" / path).read_bytes(), content)


@check(97, "hf upload to a new id")
def new_id(stage: Stage) -> None:
    repo = stage.id("by-command")
    stage.command("upload", repo, _folder(stage, "new"))
    same(stage.files(repo), set(FILES))
