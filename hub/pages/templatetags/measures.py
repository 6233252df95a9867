"""Filters over `hub.pages.measures`: numbers of evaluations in the unit of their metric."""

from django import template

from hub.pages import measures

register = template.Library()


@register.filter
def score(value, metric):
    return measures.score_words(value, metric)


@register.filter
def score_figure(value, metric):
    """Without the unit, for columns that name it in the head."""
    return measures.score_words(value, metric, unit=False)


@register.filter
def difference(value, metric):
    return measures.difference_words(value, metric)
