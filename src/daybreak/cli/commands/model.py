"""`model`: the model card, the score on the sealed test set of one model, and registered models (`commands.registry`)."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.commands import registry
from daybreak.cli.commands.gate import VERDICT, Run
from daybreak.cli.output import console, print_json, styled
from daybreak.cli.writing import written
from daybreak.client.client import Client
from daybreak.validation import policy as policies
from daybreak.validation.card import about as abouts
from daybreak.validation.card.content import Card, make
from daybreak.validation.card.page import render

app = App(name="model", help="Trained models: cards, scores, and the registry of versions and aliases.")
_REGISTRY = (
    registry.register,
    registry.ls,
    registry.show,
    registry.alias,
    registry.rollback,
    registry.history,
    registry.note,
    registry.tag,
    registry.retire,
)
for _command in _REGISTRY:
    app.command(_command)


@app.command
def card(
    run: Run = "",
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="The HTML file; else NAME-RUN-card.html here.")
    ] = None,
    policy: Annotated[Path | None, Parameter(help="What the gate asks, as in `daybreak gate`.")] = None,
    about: Annotated[
        Path | None,
        Parameter(help="What it is for and what not: Markdown, or YAML with use, limits, contact, license."),
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write a model card: what it is for, how good it is and why that may be believed, where it comes from, what it cost.

    One self-contained HTML page; with --json the same as data, and a page only with --output.

    JSON: {run, name, verdict, about, scores, gate, lineage, hyperparameters, data, digests, answers, findings, rescore, looks, waivers,
    determinism, environment, cost, missing, path}.
    """
    given = policies.DEFAULT if policy is None else policies.read(policy)
    told = None if about is None else abouts.read(about)
    with Client(home) as client:
        made = make(client, run, given, told)
    target = output or (None if json else Path(f"{made.name}-{made.run}-card.html"))
    if target is not None:
        _write(target, render(made))
    if json:
        print_json(msgspec.to_builtins(made) | {"path": str(target) if target else None})
    else:
        _print(made, str(target))


@app.command
def score(
    run: Run,
    function: Annotated[str, Parameter(help="module:function; it keeps what training kept and calls run.score_test.")],
    *,
    new_code: Annotated[bool, Parameter(help="With the code as it is now, not as it was captured.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Score one model on its sealed test set, after the search: the winner alone, so that it costs one look.

    The function is called as a training function is, with the run as it stands at its checkpoint; it must not train. The look counts for
    the family, and the score for this model, in the gate and on the card.

    JSON: {experiment, trials, notices, audited, test_looks}; the last of `test_looks` is this one.
    """
    from daybreak.cli.following import follow_to_end
    from daybreak.client.submission import resolve
    from daybreak.proof.reference import find
    from daybreak.validation.scoring import best_of, scoring

    with Client(home) as client:
        spec = scoring(client, best_of(client, find(client, run)), function)
        if new_code:
            spec, _warning = resolve(client.home, spec)
        number = client.submit(spec.model_dump(mode="json"))
        return follow_to_end(client, number, json=json)


def _write(target: Path, text: str) -> None:
    with written(target):
        target.write_text(text, encoding="utf-8")


def _print(made: Card, target: str) -> None:
    out = console()
    out.print(styled((made.verdict, VERDICT[made.verdict]), f": run {made.run} of {made.name}"))
    for gap in made.missing:
        out.print(styled(("not known", "yellow"), f"  {gap}"), soft_wrap=True)
    out.print(f"wrote {target}", soft_wrap=True)
