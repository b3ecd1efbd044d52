"""The report as one HTML file that needs nothing beside it: the table of figures, and the charts."""

import base64
from collections.abc import Sequence
from html import escape

from bench.charts import to_svgs
from bench.figure import Figure
from bench.report import Circumstances

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2733; max-width: 1100px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #d9dee5 }
td.value { white-space: nowrap } .yes { color: #1a7f4b } .no { color: #c2412d; font-weight: 600 }
img { width: 100%; margin: 1rem 0 }
"""
_VERDICTS = {"yes": "reached", "no": "missed", "": ""}


def to_html(figures: Sequence[Figure], circumstances: Circumstances, command: str) -> str:
    rows = "\n".join(map(_row, figures))
    charts = "\n".join(_image(svg) for svg in to_svgs(figures))
    goals = [figure for figure in figures if figure.verdict]
    reached = sum(figure.reached for figure in goals)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Streamgauge measured</title><style>{_STYLE}</style></head><body>
<h1>Streamgauge measured</h1>
<p><code>{escape(command)}</code>, {escape(str(circumstances))}. {reached} of {len(goals)} goals reached.
How each is measured stands in docs/performance.md. In the charts a bar is the median, a dot is a round.</p>
{charts}
<table><thead><tr><th>figure</th><th>measured</th><th>goal</th><th></th><th>how</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def _row(figure: Figure) -> str:
    cells = (
        f"<td>{escape(figure.what)}</td>",
        f'<td class="value">{escape(figure.shown)}</td>',
        f"<td>{escape(figure.goal_shown)}</td>",
        f'<td class="{figure.verdict}">{_VERDICTS[figure.verdict]}</td>',
        f"<td>{escape(figure.detail)}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _image(svg: bytes) -> str:
    return f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'
