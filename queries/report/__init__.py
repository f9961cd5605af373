"""The report: one self-contained HTML page of what the gateway's callers used, and what it cost.

Run it as `python -m queries.report --out report.html`; exit status 0 written, 2 could not run. With
`--consumer NAME` the page is of what one consumer used, `--consumers FOLDER` has one of each.
"""
