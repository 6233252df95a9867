"""Markdown that strangers wrote, as HTML that is safe to show.

Two walls: the parser passes no HTML through, and what it makes goes through an allow-list. Images come only from the same
repository; remote ones become links, which also stops tracking.
"""

import hashlib
import re
from html import escape
from urllib.parse import quote, urlsplit

import nh3
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from workers.planning.card import card_split

REVISION = 3
# SECURITY: a card is rendered while somebody waits, and some texts cost the parser the square of their length.
MOST_BYTES = 128 * 1024
MOST_MARKS = 4000  # in one paragraph; prose has a few dozen
MOST_CODE = 32 * 1024  # coloured in one card; the rest is shown plain
_MARKS = re.compile(r"[\[\]!*_~`^<]")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# Those that cards use, and whose lexers take time in proportion to the text whatever it is.
_LANGUAGES = frozenset(
    {"python", "py", "pycon", "bash", "sh", "shell", "console", "json", "yaml", "yml", "toml", "ini", "diff"}
)
_HEADING_SHIFT = 2
_SCHEMES = {"http", "https", "mailto"}
_TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "s",
    "section", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "id", "title"},
    "img": {"src", "alt", "title"},
    "li": {"id"},
    "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(3, 7)},
}
_CLASSES = {
    "div": {"hl"},
    "span": {
        "c",
        "c1",
        "cm",
        "k",
        "kc",
        "kn",
        "kd",
        "nb",
        "nc",
        "nf",
        "nt",
        "na",
        "s",
        "s1",
        "s2",
        "mi",
        "mf",
        "o",
        "ow",
        "p",
    },
    "section": {"footnotes"},
}
_UNSAFE_SLUG = re.compile(r"[^a-z0-9]+")


class _Renderer(RendererHTML):
    def heading_open(self, tokens, index, options, env) -> str:
        level = _shifted(tokens[index].tag)
        slug = _UNSAFE_SLUG.sub("-", tokens[index + 1].content.lower()).strip("-")[:60]
        seen = env.setdefault("slugs", {})
        seen[slug] = seen.get(slug, 0) + 1
        suffix = "" if seen[slug] == 1 else f"-{seen[slug]}"
        return f'<h{level} id="card-{slug}{suffix}">'

    def heading_close(self, tokens, index, options, env) -> str:
        return f"</h{_shifted(tokens[index].tag)}>\n"

    def image(self, tokens, index, options, env) -> str:
        token = tokens[index]
        source = str(token.attrGet("src") or "")
        alt = self.renderInlineAsText(token.children or [], options, env)
        local = _local_image(source, env.get("repo"))
        if local:
            return f'<img src="{escape(local)}" alt="{escape(alt)}">'
        return f'<a href="{escape(source)}">{escape(alt or source)}</a>'

    def fence(self, tokens, index, options, env) -> str:
        token = tokens[index]
        language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
        left = env.setdefault("code_left", MOST_CODE)
        if language not in _LANGUAGES or len(token.content) > left:
            return f"<pre><code>{escape(token.content)}</code></pre>\n"
        env["code_left"] = left - len(token.content)
        coloured = highlight(token.content, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
        return f'<div class="hl"><pre><code>{coloured}</code></pre></div>\n'


def _shifted(tag: str) -> int:
    return min(6, int(tag[1]) + _HEADING_SHIFT)


def _local_image(source: str, repo: str | None) -> str | None:
    """The address of an image inside the same repo, else None."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if not repo or parts.scheme or parts.netloc or source.startswith(("/", "\\")) or ".." in parts.path.split("/"):
        return None
    return f"/{repo}/resolve/main/{quote(parts.path.removeprefix('./'))}"


_PARSER = (
    MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    .enable(["table", "strikethrough"])
    .use(footnote_plugin)
)


def render(text: str, *, repo: str | None = None) -> SafeString:
    """Safe HTML of `text`. `repo` is `ns/name` (datasets: `datasets/ns/name`), for images beside the card."""
    text = text[:MOST_BYTES]
    digest = hashlib.sha256(f"{REVISION}\0{repo}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    key = f"markdown:{digest}"
    cached = cache.get(key)
    if cached is None:
        cached = _render(text, repo)
        cache.set(key, cached, 86400)
    return mark_safe(cached)  # noqa: S308  SECURITY: cleaned by the allow-list below before it was cached


def _is_costly(text: str) -> bool:
    return any(len(_MARKS.findall(paragraph)) > MOST_MARKS for paragraph in _PARAGRAPH.split(text))


def _render(text: str, repo: str | None) -> str:
    prose = card_split(text)[1]
    raw = f"<pre>{escape(prose)}</pre>" if _is_costly(prose) else _PARSER.render(prose, {"repo": repo})
    return nh3.clean(
        raw,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener ugc",
        strip_comments=True,
    )
