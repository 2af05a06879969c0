"""Slots come and go with their machines."""

from daybreak.lifecycle.attempts import kill
from daybreak.lifecycle.events import ClockSet, SlotsLost, SlotsOffered
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.preparing import prepare_on
from daybreak.lifecycle.state import Experiment, State, mark, touch


def offered(state: State, event: SlotsOffered) -> bool:
    """A machine's agent has just begun and has these slots: those that it had already stay as they are, others it had are gone."""
    offers = {slot.number: slot.kind for slot in event.slots}
    for number in state.pool.numbers(event.machine):
        if offers.get(number) != state.pool.kind_of(event.machine, number):
            _lose(state, event.machine, number)
    for slot in event.slots:
        held = (event.machine, slot.number) in state.holders
        state.pool.offer(event.machine, slot.number, slot.kind, held=held)
    prepare_on(state, event.machine)
    for exp in state.active.values():
        touch(state, exp)
        tell_misfit(state, exp)
    return True


def lost(state: State, event: SlotsLost) -> bool:
    """Slots are gone. Attempts on them are ended; they hold nothing new once their end has been told."""
    numbers = event.slots or tuple(state.pool.numbers(event.machine))
    for number in numbers:
        _lose(state, event.machine, number)
    for exp in state.active.values():
        touch(state, exp)
    return bool(numbers)


def clock_set(state: State, event: ClockSet) -> bool:
    """Tell those whose times differ from the machine's from now on."""
    how = f"{abs(event.seconds):.0f} s {'back' if event.seconds < 0 else 'forward'}"
    for exp in state.active.values():
        text = f"the machine's clock was set {how}; times and budgets of this experiment go on as if it had not been"
        notify(state, exp, "warning", text)
        mark(state, exp)
    return True


def _lose(state: State, machine: str, number: int) -> None:
    if state.pool.lose(machine, number):
        key = state.holders[machine, number]
        kill(state, state.attempts[key], f"machine {machine} no longer has slot {number}")


def tell_misfit(state: State, exp: Experiment) -> None:
    """An experiment whose gang no machine could ever hold waits for ever: say so, once."""
    resources = exp.spec.resources
    largest = state.pool.largest(resources.kind)
    if largest < resources.slots and state.pool.total("any"):
        text = f"a trial wants {resources.slots} slots ({resources.kind}) on one machine, the largest has {largest}"
        notify(state, exp, "warning", f"{text}; nothing runs until one has more", once="misfit")
