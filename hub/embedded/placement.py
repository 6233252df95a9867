"""Where the cluster and its binaries live. Usually in the data directory and in the wheel.

Started by root, Postgres runs as another user. If the data directory or the environment is closed to that user, cluster and
a copy of the binaries go to /var/lib/genepool/<hash>: the mode of a folder that we did not make is never changed.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.binaries import PostgresInstall, postgres_install
from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout
from hub.embedded.secret_files import secret_ensure, write_private
from hub.embedded.users import SystemUser, can_run, may_enter, may_read, service_user

RECORD = "cluster_path"  # in the data directory, when the cluster is elsewhere
BOOTSTRAP = "share/postgresql/postgres.bki"  # a file that initdb reads; stands for all of share/


@dataclass(frozen=True)
class Placement:
    cluster: Path
    install: PostgresInstall
    user: SystemUser | None


def placement_of(layout: Layout) -> Placement:
    install, user = postgres_install(), service_user()
    if user is None:
        _refuse_foreign(layout.cluster)
        return Placement(layout.cluster, install, None)
    return Placement(_cluster_for(layout, user), _install_for(layout, install, user), user)


def _refuse_foreign(cluster: Path) -> None:
    if cluster.exists() and cluster.stat().st_uid != os.geteuid():
        raise EmbeddedError(
            f"{cluster} belongs to another user. Start genepool as that user, or choose another --data-dir."
        )


def _cluster_for(layout: Layout, user: SystemUser) -> Path:
    recorded = _recorded(layout)
    if recorded:
        return recorded
    apart = layout.closed_home / "cluster"
    made = not layout.cluster.exists()
    if made:
        layout.cluster.mkdir(mode=0o700)
        os.chown(layout.cluster, user.uid, user.gid)
    if may_enter(user, layout.cluster):
        return layout.cluster
    if not made and any(layout.cluster.iterdir()):
        raise EmbeddedError(
            f"The user {user.name}, who runs Postgres, may not enter {layout.cluster} any more. "
            f"Let others pass through the folders above it (chmod o+x), or start genepool as the owner of the files."
        )
    layout.cluster.rmdir()
    _make_open(layout.closed_home)
    _put_aside_foreign(layout, apart)
    return apart


def _identity(layout: Layout) -> str:
    """Tells this data directory from another one that stood at the same path before it."""
    return secret_ensure(layout.secrets / "cluster_id", length=12)


def _recorded(layout: Layout) -> Path | None:
    """Where this data directory's cluster went, if not into itself. It stays there, also when the directory moves or opens up."""
    record = layout.data_dir / RECORD
    if not record.exists():
        return None
    cluster = Path(record.read_text().strip())
    note = cluster.parent / "belongs_to"
    if not note.exists() or note.read_text().strip() != _identity(layout):
        raise EmbeddedError(
            f"The database of {layout.data_dir} was in {cluster}, which is gone or belongs to another data directory. "
            f"Bring it back from a backup. To begin with an empty database instead, remove {record}."
        )
    return cluster


def _put_aside_foreign(layout: Layout, cluster: Path) -> None:
    """A cluster left by a data directory that was deleted: its files are gone and so are its passwords. Kept, never used."""
    note = cluster.parent / "belongs_to"
    if cluster.exists() and (not note.exists() or note.read_text().strip() != _identity(layout)):
        number = 1
        while (aside := cluster.with_name(f"cluster.old-{number}")).exists():
            number += 1
        cluster.rename(aside)
    note.write_text(_identity(layout) + "\n")
    write_private(layout.data_dir / RECORD, f"{cluster}\n")


def _make_open(folder: Path) -> None:
    """Folders of ours that every user may pass through; what lies in them closes itself."""
    for part in (folder.parent, folder):
        with contextlib.suppress(FileExistsError):
            part.mkdir(mode=0o755)
            part.chmod(0o755)  # our own folder, made a line ago: a strict umask would close it again


def _install_for(layout: Layout, install: PostgresInstall, user: SystemUser) -> PostgresInstall:
    if can_run(user, [install.tool("initdb"), "--version"]) and may_read(user, install.root / BOOTSTRAP):
        return install
    _make_open(layout.closed_home)
    target = layout.closed_home / f"postgres-{_stamp(install)}"
    if not target.exists():
        for outdated in layout.closed_home.glob("postgres-*"):
            shutil.rmtree(outdated)
        _copy(install.root, target)
    copied = PostgresInstall(target / install.root.parent.name / install.root.name, install.major)
    if not can_run(user, [copied.tool("initdb"), "--version"]):
        raise EmbeddedError(
            f"The user {user.name}, who runs Postgres, may not run programs in {target}. Is that disk mounted noexec?"
        )
    return copied


def _stamp(install: PostgresInstall) -> str:
    """Changes when another build is installed over this one."""
    found = Path(install.tool("postgres")).stat()
    return f"{install.major}-{found.st_size:x}-{int(found.st_mtime):x}"


def _copy(root: Path, target: Path) -> None:
    """With the wheel's shared libraries, which lie beside its package, or within it, and are found by relative paths."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    package = root.parent
    parts = [root / "bin", root / "lib", root / "share", package.with_name(f"{package.name}.libs"), package / ".dylibs"]
    for part in parts:
        if part.exists():
            shutil.copytree(part, unfinished / part.relative_to(package.parent), symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
