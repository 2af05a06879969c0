"""Put data, style and script into one file that asks nobody for anything."""

from importlib.resources import files
from typing import Any

import msgspec

from daybreak.validation.page.skeleton import whole

SCRIPTS = ("drawing.js", "charts.js", "front.js", "page.js")
SCRIPT = "script-src 'unsafe-inline'"
BODY = """<main id="page"><noscript>This page draws with JavaScript; the data is in its source.</noscript></main>
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
</script>"""


def render(data: dict[str, Any]) -> str:
    """The whole page as text."""
    here = files("daybreak.cli.report")
    # "</" must not end the script element that holds the data.
    encoded = msgspec.json.encode(data).decode().replace("</", "<\\/")
    body = BODY.format(script="\n".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS), data=encoded)
    title = f"{data['experiment'].name} #{data['experiment'].experiment}"
    return whole(title, (here / "page.css").read_text(encoding="utf-8"), body, SCRIPT)
