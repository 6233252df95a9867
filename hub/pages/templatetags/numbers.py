"""Filters over `hub.pages.numbers`. A missing value shows as a dash, never as zero."""

from django import template
from django.utils import timezone

from hub.pages import numbers

register = template.Library()
DASH = "–"


@register.filter
def thousands(value):
    return DASH if value in (None, "") else numbers.thousands(value)


@register.filter
def size(value):
    return DASH if value in (None, "") else numbers.size(value)


@register.filter
def percent(value, places=1):
    return DASH if value in (None, "") else numbers.percent(value, places)


@register.filter
def percent_figure(value, places=1):
    """Without the unit, for columns that name it in the head."""
    return DASH if value in (None, "") else numbers.percent(value, places, unit=False)


@register.filter
def points(value, places=1):
    return DASH if value in (None, "") else numbers.points(value, places)


@register.filter
def negated(value):
    return value if value in (None, "") else -value


@register.filter
def seconds(value):
    return DASH if value in (None, "") else numbers.seconds(value)


@register.filter
def seconds_range(value):
    low, high = value
    return numbers.seconds_range(low, high)


@register.filter
def ago(value):
    return DASH if value is None else numbers.ago(value, timezone.now())


@register.filter
def ordinal(value):
    return numbers.ordinal(value)


@register.filter
def setting(value):
    """A parameter's value as the form shows it: 1, not 1.0; yes, not True."""
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    return numbers.figure(value) if isinstance(value, int | float) else value


@register.filter
def short_hash(value):
    return (value or "")[:7]


@register.filter
def sign_class(value):
    """Status colours for differences: better, worse, or neither."""
    if value in (None, ""):
        return "ink3"
    shown = round(value * 100, 1)
    return "ok" if shown > 0 else "warn" if shown < 0 else "ink3"
