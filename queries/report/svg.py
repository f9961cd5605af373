"""A chart as SVG that takes its colours and its type from the page, and has a name and a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import altair
import vl_convert
from markupsafe import Markup

from queries.report.tables import Figure, Key, Table
from queries.report.theme import COLOURS, DASHES, NARROW, VARIABLES, WIDE, config

NAMESPACE = re.compile(r"^\{[^}]*\}")
UNWANTED = ("font-family", "class", "version", "aria-hidden", "role", "aria-roledescription")


def figure(
    key: str,
    title: str,
    description: str,
    draw: Callable[[int], altair.TopLevelMixin],
    data: Table,
    legend: Sequence[str],
    colours: Sequence[str] = COLOURS,
    *,
    dashed: bool = False,
) -> Figure:
    """Draw a chart in both widths; `legend` names its colours in order."""
    sizes = {"wide": WIDE, "narrow": NARROW}
    drawn = {
        size: _svg(draw(width), f"{key}-{size}", title, description)
        for size, width in sizes.items()
    }
    keys = [
        Key(shown, VARIABLES[colour], " ".join(map(str, DASHES[colour])) if dashed else "")
        for shown, colour in zip(legend, colours, strict=False)
    ]
    return Figure(id=key, title=title, description=description, data=data, legend=keys, **drawn)


def _svg(chart: altair.TopLevelMixin, key: str, title: str, description: str) -> Markup:
    drawn = vl_convert.vegalite_to_svg(chart.to_dict() | {"config": config()})
    root = ElementTree.fromstring(drawn)  # noqa: S314 made above by the chart library
    for element in root.iter():
        element.tag = NAMESPACE.sub("", element.tag)
        element.attrib = {
            name: _value(value, key)
            for name, value in element.attrib.items()
            if name not in UNWANTED
        }
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{key}-title",
        "aria-describedby": f"{key}-text",
    }
    for index, (tag, text) in enumerate((("title", title), ("desc", description))):
        said = ElementTree.Element(tag, {"id": f"{key}-{'title' if index == 0 else 'text'}"})
        said.text = text
        root.insert(index, said)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 serialised as XML


def _value(value: str, key: str) -> str:
    """Write a colour by its CSS name, and ids that are the chart's own."""
    return VARIABLES.get(value, re.sub(r"(?<=url\(#)|^(?=clip\d+$)", f"{key}-", value))
