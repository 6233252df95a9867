"""Whether the licence the maker proposes offers no more than the inputs allow, and passes on what has to be passed on."""

from workers.planning.licences.expressions import choices_of
from workers.planning.licences.mix import Issue, Mix
from workers.planning.licences.record import Licence
from workers.planning.licences.table import licence_get


def proposal_issues(mix: Mix, proposed: str) -> list[Issue]:
    """Whoever gets the result may choose any branch of an OR: each one has to hold."""
    if not proposed:
        return []
    issues = []
    for choice in choices_of(proposed) or ((proposed,),):
        offered = [licence_get(name) for name in choice]
        for bound in mix.licences:
            # of licences joined by AND one that keeps the input's terms is enough
            found = [_short_of(bound, offer) for offer in offered]
            if all(complaint is not None for complaint in found):
                level, why, attribute = max(
                    (complaint for complaint in found if complaint), key=lambda complaint: complaint[0] == "deny"
                )
                reason = f"{mix.named(bound)} {why}, and {proposed} does not."
                issues.append(mix.issue(level, reason, bound.where(attribute), bound))
        for offer in offered:
            if not offer.is_verified and offer.name not in {licence.name for licence in mix.licences}:
                issues.append(
                    mix.issue(
                        "review", f"{offer.name} is a licence whose text has to be read.", offer.name, *mix.licences
                    )
                )
    return issues


def _short_of(bound: Licence, offer: Licence) -> tuple[str, str, str] | None:
    """What `offer` lacks of `bound`: level, words, attribute."""
    if offer.name == bound.name:
        return None
    if bound.gpl_versions:
        is_kept = bool(offer.gpl_versions & bound.gpl_versions) and (
            bound.copyleft == "strong" or offer.copyleft == "network"
        )
        return None if is_kept else ("deny", "asks for the result to be under the same licence", "extra")
    if bound.is_research_only and not offer.is_research_only:
        return "deny", "limits the result to research", "commercial"
    if not bound.is_commercial and offer.is_commercial:
        return "deny", "forbids commercial use", "commercial"
    if bound.has_use_restrictions and not offer.has_use_restrictions:
        return "deny", "asks for its use restrictions to be passed on", "restrictions"
    if bound.share_alike and offer.share_alike != bound.share_alike:
        is_bridge = bound.name == "CC-BY-SA-4.0" and offer.name in {"GPL-3.0-only", "GPL-3.0-or-later"}
        return None if is_bridge else ("deny", "asks for the result to be under the same licence", "share_alike")
    if bound.has_use_restrictions or bound.share_alike or bound.copyleft != "none":
        return "review", "asks for terms of its own to be kept", "restrictions"
    if bound.family == "permissive" and offer.family == "free":
        return "review", "asks for credit or a notice to be kept", "clause"
    return None
