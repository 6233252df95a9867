import io

from workers.contracts.findings import Finding, Repair
from workers.terminal import Bar, painted, show_findings


class Terminal(io.StringIO):
    def isatty(self):
        return True


FINDING = Finding(
    code="x", severity="error", message="Density is 2.0.", where="sources[0].density", consequence="Nothing would be dropped.",
    repair=(Repair(label="Set density to 1.0"),), line=4,
)  # fmt: skip


def test_shows_message_place_consequence_and_way_out():
    out = io.StringIO()
    show_findings([FINDING], out)
    assert out.getvalue() == (
        "error: Density is 2.0.\n  Nothing would be dropped.\n  sources[0].density (line 4) · x\n  → Set density to 1.0\n"
    )


def test_errors_come_first():
    out = io.StringIO()
    warning = Finding(code="w", severity="warning", message="Later.")
    show_findings([warning, FINDING], out)
    assert out.getvalue().startswith("error:")


def test_colours_only_on_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("x", "error", io.StringIO()) == "x"
    assert painted("x", "error", Terminal()) == "\033[31mx\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("x", "error", Terminal()) == "x"


def test_control_characters_of_strangers_do_not_reach_the_terminal():
    out = Terminal()
    show_findings([Finding(code="x", severity="info", message="name \033[2J\007end", where="a\033]0;b")], out)
    assert "\033[2J" not in out.getvalue()
    assert "\033]0" not in out.getvalue()


def test_the_bar_is_silent_without_a_terminal():
    out = io.StringIO()
    Bar(out).show(1, 2, "bytes", "x")
    assert out.getvalue() == ""


def test_the_bar_redraws_in_place_and_clears():
    out = Terminal()
    times = iter([0.0, 0.05, 0.2, 0.21])
    bar = Bar(out, clock=lambda: next(times))
    for done in (0, 1, 2, 4):
        bar.show(done * 2**20, 4 * 2**20, "bytes", "layer")
    bar.clear()
    assert out.getvalue().count("\r") == 4
    assert "100%" in out.getvalue()
    assert "2.1 MB of 4.19 MB" in out.getvalue()
    assert out.getvalue().endswith("\r\033[K")
