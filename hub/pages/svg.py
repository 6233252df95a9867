"""A few lines that write SVG safely. Presentation comes from CSS classes: the content policy allows no style attributes."""

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe


def number(value: float) -> str:
    """Coordinates to a tenth of a pixel, without a trailing zero."""
    return f"{value:.1f}".removesuffix(".0")


def tag(name: str, *children: object, **attributes: object) -> SafeString:
    """`class_` becomes class, other underscores become dashes; None leaves an attribute out. Text children are escaped."""
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        text = number(value) if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-") if key != "viewBox" else key}="{conditional_escape(text)}"')
    inner = "".join(conditional_escape(child) for child in children)
    # SECURITY: every attribute value and every child went through conditional_escape above.
    return mark_safe(f"<{name}{''.join(parts)}>{inner}</{name}>" if inner else f"<{name}{''.join(parts)}/>")  # noqa: S308


def join(parts) -> SafeString:
    return mark_safe("".join(conditional_escape(part) for part in parts))  # noqa: S308


def picture(
    width: float, height: float, title: str, *children: object, class_: str = "chart", has_links: bool = False
) -> SafeString:
    """The outer element, with a name for those who do not see it; width and height keep the page from jumping.

    An image hides what is inside it from screen readers, so a drawing with links is a group instead.
    """
    return tag(
        "svg",
        tag("title", title),
        *children,
        viewBox=f"0 0 {number(float(width))} {number(float(height))}",
        width=number(float(width)),
        height=number(float(height)),
        class_=class_,
        role="group" if has_links else "img",
        aria_label=title if has_links else None,
    )
