import pytest

from hub.core.markdown import render

pytestmark = pytest.mark.hostile

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x]( javascript:alert(1) )",
    "![x](javascript:alert(1))",
    '![x](x.png "onload=alert(1)")',
    '[x](https://ok.example "><script>alert(1)</script>")',
    "<a href='javascript:alert(1)'>x</a>",
    "<div style='position:fixed'>x</div>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "```<script>alert(1)</script>\nx\n```",
    "<!-- --><script>alert(1)</script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# <img src=x onerror=alert(1)>",
    "| <script>x</script> |\n|-|\n| <img src=x onerror=y> |",
    '[x](//evil.example/"onmouseover=alert(1))',
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_comes_through(text):
    from html.parser import HTMLParser

    found: list[tuple[str, dict]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Reader().feed(render(text, repo="demo/x"))
    for tag, attributes in found:
        assert tag not in ("script", "svg", "iframe", "style", "form", "object", "math", "input")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            assert not (attributes.get(name) or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))


def test_headings_are_shifted_below_the_page_title():
    assert '<h3 id="card-title">Title</h3>' in render("# Title")
    assert "<h6" in render("##### Deep")


def test_two_headings_of_one_name_have_two_addresses():
    text = render("# Use\n\n# Use")
    assert 'id="card-use"' in text
    assert 'id="card-use-2"' in text


def test_images_beside_the_card_are_shown_and_remote_ones_become_links():
    text = render("![local](plots/a.png) ![remote](https://evil.example/pixel.gif)", repo="demo/x")
    assert '<img src="/demo/x/resolve/main/plots/a.png" alt="local">' in text
    assert text.count("<img") == 1
    assert 'href="https://evil.example/pixel.gif"' in text


@pytest.mark.parametrize("source", ["../../admin", "/login", "//evil.example/x.png", "a/../../b.png"])
def test_an_image_address_cannot_leave_the_repo(source):
    assert "<img" not in render(f"![x]({source})", repo="demo/x")


def test_links_give_no_opener_and_no_credit():
    assert 'rel="nofollow noopener ugc"' in render("[x](https://ok.example)")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_front_matter_is_not_shown(mark):
    text = render(f"{mark}---\nlicense: mit\n---\n# Card")
    assert "license" not in text
    assert "Card" in text


def test_tables_and_code_are_kept():
    text = render("| a | b |\n|-|-|\n| 1 | 2 |\n\n```python\nimport x\n```")
    assert "<table>" in text
    assert 'class="kn"' in text


def test_a_very_long_card_is_cut():
    assert len(render("x" * 2_000_000)) < 700_000


@pytest.mark.parametrize("mark", ["[", "![", "^[", "*_", "**a", "~~a", "[a]("])
def test_a_paragraph_of_nothing_but_marks_is_shown_as_it_stands(mark):
    """Parsed, half a megabyte of it would hold a thread of the web for minutes."""
    text = f"Before.\n\n{mark * 10_000}"
    assert "<pre>Before." in render(text)
    assert mark in render(text)


def test_prose_with_many_marks_is_parsed():
    sample = "**bold** [link](https://example.org) `code` "
    assert "<strong>bold</strong>" in render("\n\n".join([sample * 20] * 200))


@pytest.mark.parametrize("language", ["perl", "rust", "lua", "nonsense"])
def test_code_is_coloured_in_known_languages_only(language):
    """Some lexers take the square of the text's length, or worse."""
    assert "<span" not in render(f"```{language}\nif x = 1\n```")
    assert "<span" in render("```python\nif x == 1:\n```")


def test_no_more_code_is_coloured_than_is_read():
    html = render("```python\nx = 1\n```\n\n" + "```python\n" + "x = 1\n" * 10_000 + "```")
    assert html.count('<div class="hl">') == 1


def test_an_image_whose_address_cannot_be_read_is_no_image():
    assert "<img" not in render("![x](//[)", repo="alice/thing")
