"""Commands that use an entry, complete as they stand."""

from urllib.parse import quote

from django.conf import settings

from hub.pages.entry import Opened
from workers.planning.bases import head_fields

_CLASSES = {
    "image-classification": "AutoModelForImageClassification",
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "text-generation": "AutoModelForCausalLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "fill-mask": "AutoModelForMaskedLM",
    "feature-extraction": "AutoModel",
}


def _loaded(variable: str, class_: str, *arguments: str) -> list[str]:
    """In lines so short that they fit the narrow column beside the card."""
    given = ",\n".join(f"    {argument}" for argument in arguments)
    return [f"{variable} = (", f"  {class_}", "  .from_pretrained(", f"{given}))"]


def _python(opened: Opened) -> str:
    name, facts, revision = opened.repo.full_name, opened.facts, opened.commit.oid[:12]
    class_ = _CLASSES.get(facts.task, "AutoModel")
    head = ["from transformers import (", f"  {class_})"]
    if opened.repo.artifact == "adapter" and facts.base:
        base, _, at = facts.base[0].partition("@")
        at = str(facts.adapter.get("revision") or "") or at
        given = [f'"{base}"', *([f'revision="{at[:12] if len(at) == 40 else at}"'] if at else [])]
        lines = ["from peft import PeftModel", *head, ""]
        if head_fields(facts.config, facts.adapter):
            # Classes and head are the adapter's: the base is loaded under its config.
            lines[1] = lines[1].replace("(", "(\n  AutoConfig,")
            lines += _loaded("config", "AutoConfig", f'"{name}"', f'revision="{revision}"')
            given += ["config=config", "ignore_mismatched_sizes=True"]
        lines += [*_loaded("base", class_, *given), "model = PeftModel.from_pretrained("]
        return "\n".join([*lines, f'    base, "{name}",', f'    revision="{revision}")'])
    if facts.library == "diffusers":
        lines = ["from diffusers import (", "    DiffusionPipeline)", ""]
        return "\n".join([*lines, *_loaded("pipeline", "DiffusionPipeline", f'"{name}"', f'revision="{revision}"')])
    if opened.repo.artifact == "model" and facts.library in ("transformers", "") and facts.config:
        return "\n".join([*head, "", *_loaded("model", class_, f'"{name}"', f'revision="{revision}"')])
    onnx = next((file.path for file in facts.files if file.path.endswith(".onnx")), "")
    if facts.library == "onnx" and onnx:
        lines = [
            "from huggingface_hub import (",
            "    hf_hub_download)",
            "import onnxruntime",
            "",
            "path = hf_hub_download(",
        ]
        lines += [f'    "{name}", "{onnx}",', f'    revision="{revision}")']
        return "\n".join([*lines, "model = onnxruntime.InferenceSession(", "    path)"])
    kind = ['    repo_type="dataset",'] if opened.repo.type == "dataset" else []
    lines = [
        "from huggingface_hub import (",
        "    snapshot_download)",
        "",
        "folder = snapshot_download(",
        f'    "{name}",',
        *kind,
    ]
    return "\n".join([*lines, f'    revision="{revision}")'])


def usage_of(opened: Opened) -> list[dict[str, str]]:
    """Title, text and one word of comment each, the most used first. Every one works as it stands, on this hub."""
    name, is_dataset = opened.repo.full_name, opened.repo.type == "dataset"
    head = f"export HF_ENDPOINT={settings.SITE_URL}"
    if _needs_token(opened):
        head += "\nexport HF_TOKEN=hub_…"
    pull = f"hf download {name}{' --repo-type dataset' if is_dataset else ''}"
    note = "A token with the scope read is made under Settings." if _needs_token(opened) else "No remote code."
    ways = [
        _way("Python", _python(opened), "the Python lines", f"With HF_ENDPOINT={settings.SITE_URL}. {note}"),
        _way("Command line", f"{head}\n{pull}", "the commands"),
    ]
    if not is_dataset:
        ways.append(_way("Our own command", f"genepool pull {name} {opened.repo.name}", "the command"))
    path = _telling_file(opened)
    return [*ways, _way("One file", _curl(opened, path), "the curl command")] if path else ways


def _way(title: str, text: str, what: str, note: str = "") -> dict[str, str]:
    return {"title": title, "text": text, "what": what, "note": note}


def _needs_token(opened: Opened) -> bool:
    return opened.repo.visibility == "private" or bool(opened.repo.gated)


def _telling_file(opened: Opened) -> str:
    """Weights if there are any, else the largest file."""
    files = sorted(opened.facts.files, key=lambda file: (not file.path.endswith(".safetensors"), -file.size_bytes))
    return files[0].path if files else ""


def _curl(opened: Opened, path: str) -> str:
    prefix = "datasets/" if opened.repo.type == "dataset" else ""
    address = (
        f"{settings.SITE_URL}/{prefix}{opened.repo.full_name}/resolve/{quote(opened.revision, safe='')}/{quote(path)}"
    )
    token = ' -H "Authorization: Bearer $HF_TOKEN"' if _needs_token(opened) else ""
    return f"curl -L -O{token} {address}"
