"""The chat template of a merged model: the one that a recipe gives, or the one that most of its models have."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from workers.contracts.plans import Plan
from workers.jobs.outputs import write_json

FILE, CONFIG = "chat_template.jinja", "tokenizer_config.json"
_LARGEST = 2 << 20
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def template_write(plan: Plan, folders: Sequence[Path], out: Path) -> None:
    """Leaves the template in the file of its own, and no other one in the tokenizer's config beside it."""
    template = _template(plan, folders)
    if template is None:
        return
    (out / FILE).write_text(template, encoding="utf-8")
    config = _config(out)
    if "chat_template" in config:
        write_json(out / CONFIG, {key: value for key, value in config.items() if key != "chat_template"})


def _template(plan: Plan, folders: Sequence[Path]) -> str | None:
    if plan.chat_template == "chatml":
        return CHATML
    if plan.chat_template != "auto":
        return plan.chat_template
    used = sorted({item.source for step in plan.steps for item in step.inputs})
    found = Counter(template for source in used if (template := template_of(folders[source])) is not None)
    # The first one among the equally frequent: the order of the models decides.
    return found.most_common(1)[0][0] if found else None


def template_of(folder: Path) -> str | None:
    """The template of a model folder; None where it has none, or several by name."""
    file = folder / FILE
    if file.is_file() and file.stat().st_size <= _LARGEST:
        return file.read_text(encoding="utf-8")
    template = _config(folder).get("chat_template")
    return template if isinstance(template, str) else None


def _config(folder: Path) -> dict[str, object]:
    file = folder / CONFIG
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return {}
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}
