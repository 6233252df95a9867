"""The packages whose numbers ours are held against, each in an environment of its own, and how one of them is asked."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.environments import Environment

HERE = Path(__file__).resolve().parent
# torch first, at the version of our own constraints, so that no package chooses another build of it.
_TORCH = ("torch==2.13.0",)
MERGEKIT = Environment("mergekit-0.1.5", (_TORCH, ("mergekit==0.1.5",)))
PEFT = Environment("peft-0.21.2", (_TORCH, ("peft==0.21.2",)))
LIMIT_S = 400


def asked(environment: Environment, program: str, questions: Any, folder: Path) -> list[dict[str, Any]]:
    """Runs `program` once with all questions, and gives its answers: one JSON object for each.

    Raises:
        RuntimeError: it ended without answering everything.
    """
    given = folder / f"{environment.name}.json"
    given.write_text(json.dumps(questions), encoding="utf-8")
    home = tempfile.mkdtemp(dir=folder)
    surroundings = {
        "PATH": os.environ["PATH"], "HOME": home, "HF_HOME": home, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "NO_COLOR": "1",
    }  # fmt: skip
    done = subprocess.run(
        [str(environment.python), str(HERE / program), str(given)], env=surroundings, cwd=home, capture_output=True, text=True,
        timeout=LIMIT_S, check=False,
    )  # fmt: skip
    answers = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@{")]
    if done.returncode:
        raise RuntimeError(f"{environment.name} ended with {done.returncode}: {done.stderr[-1500:]}")
    return answers
