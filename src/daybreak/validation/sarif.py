"""Findings in code as SARIF 2.1.0, so that code hosts show them on the lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from daybreak.audit.outcome import Finding, Place
from daybreak.validation.report import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "note"}
_CELL = re.compile(r"^(.*\.ipynb) cell (\d+)$")


def sarif(what: Report | Iterable[Finding]) -> dict[str, Any]:
    """A log with one run. Findings without a place in code are left out: SARIF speaks of files and lines."""
    findings = [finding for finding in (what.findings if isinstance(what, Report) else what) if finding.places]
    rules = list({finding.rule: finding for finding in findings}.values())
    driver = {
        "name": "daybreak",
        "version": _version(),
        "informationUri": "https://pypi.org/project/daybreak/",
        "rules": [_rule(finding) for finding in rules],
    }
    order = {finding.rule: position for position, finding in enumerate(rules)}
    results = [_result(finding, order[finding.rule]) for finding in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _version() -> str:
    try:
        return version("daybreak")
    except PackageNotFoundError:
        return "0"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule,
        "name": "".join(part.capitalize() for part in re.split(r"[._]", finding.rule)),
        "shortDescription": {"text": finding.matters.split(". ")[0].rstrip(".") + "."},
        "fullDescription": {"text": finding.matters},
        "help": {"text": finding.advice},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    first, *others = finding.places
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.what},
        "locations": [_location(first)],
    }
    if others:
        result["relatedLocations"] = [{"id": number, **_location(place)} for number, place in enumerate(others, 1)]
    if finding.fingerprint:
        result["partialFingerprints"] = {"daybreak/v1": finding.fingerprint}
    return result


def _location(place: Place) -> dict[str, Any]:
    cell = _CELL.match(place.file)
    said = f"cell {cell.group(2)}, line {place.line}: {place.says}" if cell else place.says
    region: dict[str, Any] = {"startLine": max(place.line, 1)}
    if place.column > 0:
        region["startColumn"] = place.column
    if place.text:
        region["snippet"] = {"text": place.text}
    physical = {"artifactLocation": {"uri": _uri(cell.group(1) if cell else place.file)}, "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if said:
        location["message"] = {"text": said}
    return location


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
