"""The frame of every page that Daybreak writes: one file that asks nobody for anything, and a policy that sees to it."""

from daybreak.validation.page.markup import esc

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; {allowed}">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def whole(title: str, style: str, body: str, allowed: str) -> str:
    """A page. `title` is plain text, `body` HTML, `style` CSS; `allowed`: what its Content-Security-Policy lets it have besides style."""
    return TEMPLATE.format(title=esc(title), style=style, body=body, allowed=allowed)
