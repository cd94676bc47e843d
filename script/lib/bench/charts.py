"""Two kinds of charts as SVG text: bars, and a line of points. Readable on a light and on a dark page."""
from html import escape

WIDTH, LABEL, ROW = 900, 430, 24
STYLE = """<style>
text { font: 13px sans-serif; fill: #57606a }
.title { font-weight: bold }
.good { fill: #2da44e } .bad { fill: #bf8700 } .plain { fill: #4c8dd6 }
.spread, .axis { stroke: #57606a; stroke-width: 1.5 } .goal { stroke: #cf222e; stroke-width: 2 }
.grid { stroke: #57606a; stroke-opacity: 0.3 }
</style>"""


def document(height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">\n'
            + STYLE + "\n" + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, anchor="start", name=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{name}">{escape(words)}</text>'


def stroke(x1, y1, x2, y2, name):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'


def bars(title, rows):
    """A row: words, value, low, high, goal, met (None: neither good nor bad), and perhaps what to write beside it."""
    ends = [end for row in rows for end in row[1:5] if end is not None]
    most = min(max(ends), 3 * max(row[1] for row in rows))
    scale = (WIDTH - LABEL - 70) / most
    top, parts = 40, [text(10, 20, title, name="title")]
    if most > 1.05:
        parts.append(stroke(LABEL + scale, top - 8, LABEL + scale, top + ROW * len(rows), "grid"))
        parts.append(text(LABEL + scale, top - 10, "1", "middle"))
    for index, (words, value, low, high, goal, met, *shown) in enumerate(rows):
        y = top + ROW * index
        kind = {True: "good", False: "bad", None: "plain"}[met]
        parts.append(text(LABEL - 8, y + 15, words if len(words) < 66 else words[:64] + "...", "end"))
        parts.append(f'<rect x="{LABEL}" y="{y + 4}" width="{max(value * scale, 1):.1f}" height="{ROW - 8}" class="{kind}"/>')
        if low is not None:
            parts.append(stroke(LABEL + low * scale, y + ROW / 2, LABEL + min(high, most) * scale, y + ROW / 2, "spread"))
        if goal is not None:
            parts.append(stroke(LABEL + goal * scale, y + 1, LABEL + goal * scale, y + ROW - 1, "goal"))
        parts.append(text(LABEL + max(value, min(high or 0, most), goal or 0) * scale + 6, y + 16, shown[0] if shown else f"{value:.2f}"))
    return document(top + ROW * len(rows) + 10, parts)


def line(title, values):
    height, left, bottom, top = 320, 60, 280, 40
    most = max(values) * 1.1
    across, up = (WIDTH - left - 20) / max(len(values), 2), (bottom - top) / most
    parts = [text(10, 20, title, name="title"), stroke(left, bottom, WIDTH - 20, bottom, "axis")]
    for step in range(5):
        y = bottom - step * (bottom - top) / 4
        parts += [stroke(left, y, WIDTH - 20, y, "grid"), text(left - 6, y + 4, f"{step * most / 4:.0f}", "end")]
    for part in range(5):
        number = round(part * len(values) / 4)
        parts.append(text(left + number * across, bottom + 18, str(number), "middle"))
    parts += [f'<circle cx="{left + (n + 0.5) * across:.1f}" cy="{bottom - value * up:.1f}" r="2" class="plain"/>'
              for n, value in enumerate(values)]
    return document(height, parts)
