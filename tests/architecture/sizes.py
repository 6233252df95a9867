"""Report of what has grown large: a guide, not a gate. Run by `make lint`."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
THINK_AGAIN = {".py": 300, ".html": 150, ".js": 150, ".css": 1200}


def main() -> None:
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = []
    for name in names:
        path = ROOT / name
        limit = THINK_AGAIN.get(path.suffix)
        if limit is None or not path.exists() or "migrations" in path.parts:
            continue
        lines = sum(1 for _ in path.open(encoding="utf-8"))
        if lines > limit:
            rows.append((lines, limit, name))
    for lines, limit, name in sorted(rows, reverse=True):
        print(f"{lines:6d} lines (think again at {limit})  {name}")
    print(f"{len(rows)} files above their guide")


if __name__ == "__main__":
    main()
