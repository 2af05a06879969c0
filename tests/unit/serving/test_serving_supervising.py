"""What a supervisor survives: a disk that takes nothing, and a replica that answers an order which was given up."""

import asyncio

import pytest

from daybreak.base.home import Home
from daybreak.serving import control, desired, following, status
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.member import CannotLoad, Member
from daybreak.serving.supervisor import Supervisor

pytestmark = pytest.mark.enable_socket
SERVED = (Served("champion", "twice", 1, ""),)


def test_news_that_a_full_disk_does_not_take_are_written_when_there_is_room(tmp_path, monkeypatch):
    home = Home(tmp_path)
    folder = desired.folder_of(home, "twice")
    desired.write(folder, Deployment("twice", SERVED, port=0))

    def full(*_):
        raise OSError(28, "No space left on device")

    async def work():
        supervisor = Supervisor(home, "twice")
        with monkeypatch.context() as patched:
            patched.setattr(status, "write", full)
            supervisor.notice("first")
        assert status.read(folder) is None
        supervisor.tell()
        supervisor._reserved.close()  # it never ran, so that nothing else closes it

    asyncio.run(work())
    assert [notice.text for notice in status.read(folder).notices] == ["first"]


class Channel:
    """A replica's end: it says what it is told to, when it is asked to load."""

    def __init__(self, member, *says):
        self._member = member
        self._says = list(says)

    def send(self, order):
        for report in self._says.pop(0):
            self._member._reports.put_nowait(report)


def test_a_report_that_came_too_late_answers_no_later_order(tmp_path):
    async def work():
        member = Member(tmp_path, 1, None, lambda: None, lambda: None)
        late, failed = control.Prepared(2), control.Failed(3, "of no use")
        member._channel = Channel(member, [late, failed], [failed, control.Prepared(4)], [control.Serving(4)])
        with pytest.raises(CannotLoad, match="of no use"):
            await member.prepare(Deployment("twice", SERVED, generation=3))
        await member.prepare(Deployment("twice", SERVED, generation=4))
        await member.switch()
        assert member.generation == 4

    asyncio.run(asyncio.wait_for(work(), 20))


class Door:
    """Notes what is done with it."""

    def __init__(self):
        self.done = []

    def __getattr__(self, name):
        return lambda: self.done.append(name)


def test_a_replica_that_is_to_leave_while_it_switches_is_dealt_nobody(tmp_path):
    async def brought_up(*, leaves):
        member = Member(tmp_path, 1, None, lambda: Deployment("twice", SERVED), lambda: None)
        member._channel = Channel(member, [control.Prepared(1)], [control.Serving(1)])
        member._door = door = Door()
        member._prepared = 1
        member._reports.put_nowait(control.Up())
        if leaves:
            door.listen = member.retire
        await member._bring_up()
        return door.done

    assert asyncio.run(brought_up(leaves=False)) == ["listen", "open"]
    assert asyncio.run(brought_up(leaves=True)) == ["shut"]


def test_an_alias_that_a_full_disk_does_not_let_follow_is_told_once_and_followed_when_there_is_room(
    tmp_path, monkeypatch
):
    home, notices, asked = Home(tmp_path), [], []
    folder = desired.folder_of(home, "twice")
    desired.write(folder, Deployment("twice", SERVED))
    followed = asyncio.Event()

    def change(*_):
        asked.append(len(notices))
        if len(asked) < 3:
            raise OSError(28, "No space left on device")
        followed.set()

    monkeypatch.setattr(desired, "change", change)
    monkeypatch.setattr(following, "POLL", 0.001)

    async def work():
        task = asyncio.ensure_future(following.aliases(home, folder, notices.append))
        await asyncio.wait_for(followed.wait(), 20)
        task.cancel()

    asyncio.run(work())
    assert asked == [0, 1, 1]
    assert "No space left" in notices[0]


class Leaver:
    """A replica that drains for a moment."""

    number = 2
    retired = False

    def retire(self):
        self.retired = True

    async def stop(self, seconds):
        await asyncio.sleep(0)
        self.lived = not self.life.cancelled() and not self.life.cancelling()


def test_a_replica_that_is_no_longer_wanted_drains_before_its_life_ends(tmp_path):
    home, leaver = Home(tmp_path), Leaver()
    desired.write(desired.folder_of(home, "twice"), Deployment("twice", SERVED, port=0, replicas=1))

    async def work():
        supervisor = Supervisor(home, "twice")
        leaver.life = asyncio.ensure_future(asyncio.sleep(60))
        supervisor._members, supervisor._lives = [Leaver(), leaver], {leaver: leaver.life}
        supervisor._grow(None)
        await asyncio.gather(*supervisor._leaving)
        supervisor._reserved.close()
        assert (leaver.retired, leaver.lived, leaver.life.cancelled(), supervisor._lives) == (True, True, True, {})

    asyncio.run(work())
