"""The folders of a data directory, and the sockets, which live elsewhere because their paths must be short."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.errors import EmbeddedError
from hub.embedded.users import SystemUser, may_enter

MAX_SOCKET_BYTES = 100  # the kernel takes 107; Redis cuts a longer path without a word
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
PRIVATE = ("secrets", "run", "logs", "redis", "blobs", "work", "static")


@dataclass(frozen=True)
class Layout:
    data_dir: Path

    @property
    def digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]

    @property
    def secrets(self) -> Path:
        return self.data_dir / "secrets"

    @property
    def run(self) -> Path:
        return self.data_dir / "run"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def redis(self) -> Path:
        return self.data_dir / "redis"

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def closed_home(self) -> Path:
        """Where cluster and binaries go when the data directory is closed to the user that runs Postgres."""
        return Path("/var/lib/genepool") / self.digest


def layout_make(data_dir: Path | str) -> Layout:
    """Makes the data directory and its folders, closed to others. The mode of a folder that is there stays as it is."""
    layout = Layout(Path(data_dir).expanduser().resolve())
    try:
        if not layout.data_dir.exists():
            layout.data_dir.parent.mkdir(parents=True, exist_ok=True)
            # Root's Postgres runs as another user, who has to pass through to its cluster; every other folder is closed.
            layout.data_dir.mkdir(mode=0o700)
            layout.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for name in PRIVATE:
            (layout.data_dir / name).mkdir(mode=0o700, exist_ok=True)
        probe = layout.run / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise EmbeddedError(
            f"{layout.data_dir} cannot be used as the data directory: {error.strerror}. Choose another with --data-dir."
        ) from None
    return layout


def socket_folder(layout: Layout, user: SystemUser | None = None) -> Path:
    """Makes the folder that `socket_place` names, or makes sure that it is ours. Only its owner may enter."""
    folder = socket_place(layout, user)
    _make_owned(folder, user.uid if user else os.geteuid(), user)
    return folder


def socket_place(layout: Layout, user: SystemUser | None = None) -> Path:
    """A short path `genepool-<uid>-<hash>`, the same at every start. `user`: who will own it, when that is not us."""
    uid = user.uid if user else os.geteuid()
    tried = []
    for parent in _parents():
        folder = parent / f"genepool-{uid}-{layout.digest}"
        if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) > MAX_SOCKET_BYTES:
            tried.append(f"{parent} (too long)")
        elif not os.access(parent, os.W_OK | os.X_OK) or (user and not may_enter(user, parent)):
            tried.append(f"{parent} (closed)")
        else:
            return folder
    raise EmbeddedError(
        f"No folder for sockets: tried {', '.join(tried)}. Set XDG_RUNTIME_DIR to a short path of yours."
    )


def _parents() -> list[Path]:
    named = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108 a folder of mode 0700 in it
    return [Path(name) for name in dict.fromkeys(named) if name and Path(name).is_dir()]


def _make_owned(folder: Path, uid: int, user: SystemUser | None) -> None:
    try:
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, user.uid, user.gid)
    except FileExistsError:
        # SECURITY: the parent is often world-writable. Whoever owns this folder could put a socket of theirs into it.
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise EmbeddedError(
                f"{folder} is there already and is not a closed folder of ours. Look at it, and remove it."
            ) from None
