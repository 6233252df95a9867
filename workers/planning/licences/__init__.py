"""Licences: what each asks, which inputs bind a result, and what that makes of it. Pure: no hub, no torch."""

from workers.contracts.plans import LicenceVerdict
from workers.planning.licences.findings import CONFLICT, licence_findings
from workers.planning.licences.front_matter import front_matter
from workers.planning.licences.judge import COMBINED, SEVERITY, licence_judge
from workers.planning.licences.mix import LicenceInput
from workers.planning.licences.notice import NOTICE_FILE
from workers.planning.licences.operations import OPERATIONS
from workers.planning.licences.record import Licence
from workers.planning.licences.table import LICENCES, licence_get

__all__ = [
    "COMBINED", "CONFLICT", "LICENCES", "NOTICE_FILE", "OPERATIONS", "SEVERITY", "Licence", "LicenceInput", "LicenceVerdict",
    "front_matter", "licence_findings", "licence_get", "licence_judge",
]  # fmt: skip
