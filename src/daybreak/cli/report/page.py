"""Put data, style and script into one file that asks nobody for anything."""

import html
from importlib.resources import files
from typing import Any

import msgspec

SCRIPTS = ("drawing.js", "charts.js", "front.js", "page.js")
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main id="page"><noscript>This page draws with JavaScript; the data is in its source.</noscript></main>
<script type="application/json" id="data">{data}</script>
<script>
"use strict";
addEventListener("error", (event) => {{
  document.documentElement.dataset.failed = event.message;
  document.getElementById("page").append("This page could not be drawn: " + event.message);
}});
</script>
<script>
(() => {{
"use strict";
{script}
}})();
</script>
</body>
</html>
"""


def render(data: dict[str, Any]) -> str:
    """The whole page as text."""
    here = files("daybreak.cli.report")
    # "</" must not end the script element that holds the data.
    encoded = msgspec.json.encode(data).decode().replace("</", "<\\/")
    return TEMPLATE.format(
        title=html.escape(f"{data['experiment'].name} #{data['experiment'].experiment}"),
        style=(here / "page.css").read_text(encoding="utf-8"),
        script="\n".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS),
        data=encoded,
    )
