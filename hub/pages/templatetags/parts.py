"""Small marks that appear inside sentences and rows: icons, kind marks, names, state pills."""

import json

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from hub.jobs.states import State, public_state
from hub.pages.words import ARTIFACT_WORDS, SEVERITY_ICONS, STATE_ICONS, artifact_word, licence_class

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Decoration beside a word, so hidden from screen readers."""
    return format_html('<svg class="icon" aria-hidden="true" width="16" height="16"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def mark(artifact: str) -> SafeString:
    known = artifact if artifact in ARTIFACT_WORDS and artifact != "unknown" else "model"
    return format_html('<svg class="mark" aria-hidden="true" width="18" height="18"><use href="#k-{}"/></svg>', known)


@register.simple_tag
def pill(state: str) -> SafeString:
    shown = public_state(state)
    return format_html('<span class="pill {}">{}{}</span>', shown, icon(STATE_ICONS[shown]), State(shown).label)


@register.filter
def repo_url(full_name: str, repo_type: str = "model") -> str:
    """Address of an entry by its full name."""
    namespace, _, name = full_name.partition("/")
    return reverse("dataset" if repo_type == "dataset" else "repo", args=[namespace, name])


@register.simple_tag
def repo_name(full_name: str, link: bool = False, repo_type: str = "model") -> SafeString:
    """`namespace/` in grey and the name in ink."""
    namespace, slash, name = full_name.rpartition("/")
    if link:
        return format_html(
            '<a class="name" href="{}">{}{}<b>{}</b></a>', repo_url(full_name, repo_type), namespace, slash, name
        )
    return format_html('<span class="name">{}{}<b>{}</b></span>', namespace, slash, name)


@register.filter
def kind_word(artifact: str) -> str:
    return artifact_word(artifact)


@register.filter
def licence_word(licence: str) -> str:
    return licence_class(licence)


@register.filter
def severity_icon(severity: str) -> str:
    return SEVERITY_ICONS[severity]


@register.filter
def get(mapping, key):
    """A value of a mapping by a key that is itself a variable."""
    return mapping.get(key) if mapping else None


@register.filter
def as_json(value) -> str:
    """For a button's value or a data attribute; the template escapes it."""
    return json.dumps(value, default=list)


@register.filter
def split(text: str) -> list[str]:
    return text.split(",")


_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I8": "int8",
    "U8": "uint8",
}


@register.filter
def dtype_word(dtype: str) -> str:
    """safetensors' name as people know it from torch."""
    return _DTYPES.get(dtype, dtype.lower())


@register.filter
def short_name(full_name: str) -> str:
    """The part after the slash."""
    return full_name.rpartition("/")[2]


@register.filter
def job_what(title: str) -> str:
    """What a job does, without where its result goes: a title is `TIES of 3 models → alice/digits-merged`."""
    return title.partition(" → ")[0]


@register.filter
def job_target(title: str) -> str:
    """Where the result goes; empty for a job that publishes nothing."""
    return title.partition(" → ")[2]


@register.filter
def retry_command(number: int) -> str:
    return f"genepool jobs retry {number} --reproduce"


@register.filter
def coded(text: str) -> SafeString:
    """Words between backticks as code; everything else is escaped."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return conditional_escape(text)
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", piece) if place % 2 else piece,) for place, piece in enumerate(pieces)),
    )
