"""What the audit finds: axe's faults fail, and Lighthouse's figures inform."""

import audit
from measuring import ROWS, Finding


def test_lighthouse_informs_and_all_else_fails():
    rows = ROWS | audit.LIGHTHOUSE
    findings = [Finding(name, "relu.html", row.limit + 1) for name, row in rows.items()]
    printed = audit.table(findings, rows).splitlines()[1:]
    verdicts = dict(zip(rows, (line.split()[0] for line in printed), strict=True))
    assert {verdicts[name] for name in audit.LIGHTHOUSE} == {"over"}
    assert {verdicts[name] for name in ROWS} == {"FAILS"}
    assert "axe" in ROWS
