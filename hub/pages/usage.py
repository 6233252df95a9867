"""Commands that use an entry, complete as they stand."""

from django.conf import settings

from hub.pages.entry import Opened

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
        base = facts.base[0].partition("@")[0]
        lines = [
            "from peft import PeftModel",
            *head,
            "",
            *_loaded("base", class_, f'"{base}"'),
            "model = PeftModel.from_pretrained(",
        ]
        return "\n".join([*lines, f'    base, "{name}",', f'    revision="{revision}")'])
    if opened.repo.artifact == "model" and facts.library in ("transformers", "") and facts.config:
        return "\n".join([*head, "", *_loaded("model", class_, f'"{name}"', f'revision="{revision}"')])
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
    """Title, text and one word of comment each, the most used first."""
    name, is_dataset = opened.repo.full_name, opened.repo.type == "dataset"
    endpoint = f"export HF_ENDPOINT={settings.SITE_URL}"
    pull = f"hf download {name}{' --repo-type dataset' if is_dataset else ''}"
    ways = [
        {
            "title": "Python",
            "text": _python(opened),
            "what": "the Python lines",
            "note": f"With HF_ENDPOINT={settings.SITE_URL}. No remote code.",
        },
        {"title": "Command line", "text": f"{endpoint}\n{pull}", "what": "the commands", "note": ""},
    ]
    if not is_dataset:
        ways.append(
            {
                "title": "Fetch the files",
                "text": f"genepool pull {name} {opened.repo.name}",
                "what": "the command",
                "note": "",
            }
        )
    return ways
