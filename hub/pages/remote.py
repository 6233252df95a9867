"""Files of an imported entry that stayed at its source, and the way to have them here."""

from typing import Any

from hub.imports.publishing import SOURCE_COMMIT
from hub.imports.selectors import imported_commit
from hub.pages.entry import Opened

SHOWN = 200


def remote_of(opened: Opened) -> dict[str, Any] | None:
    """What the Files tab says about them; None when everything is here. `form` is what the import page takes."""
    # An import says so in its commit: for all others nothing has to be asked.
    held = imported_commit(opened.commit) if SOURCE_COMMIT in opened.commit.message else None
    if held is None or not held.remote_files:
        return None
    origin, files = held.origin, sorted(held.remote_files, key=lambda file: file["path"])
    namespace, _, name = opened.repo.full_name.partition("/")
    form = {
        "source": f"hf:{origin.remote}@{origin.revision}", "endpoint": origin.endpoint, "type": origin.type, "mode": "mirror",
        "namespace": namespace, "name": name, **({"all_refs": "on"} if origin.all_refs else {}),
    }  # fmt: skip
    return {
        "files": files[:SHOWN],
        "more": max(0, len(files) - SHOWN),
        "size": sum(file["size_bytes"] for file in files),
        "is_metadata": held.mode == "metadata",
        "form": form,
    }
