"""`daybreak token revoke` tells what the deployments of the home do now."""

import pytest

from daybreak.base.home import Home
from daybreak.cli.main import main
from daybreak.serving import desired, tokens
from daybreak.serving.deployment import Deployment, Served


@pytest.fixture
def revoked(tmp_path, capsys):
    """What it says of the token `web`, in a home with the deployment `digits`."""
    home = Home(tmp_path)
    desired.write(
        desired.folder_of(home, "digits"), Deployment("digits", (Served("champion", "digits", 1, "/nowhere"),))
    )

    def revoke():
        with pytest.raises(SystemExit) as ended:
            main(["token", "revoke", "web", "--home", str(tmp_path)])
        assert not ended.value.code
        return capsys.readouterr().out

    tokens.create(home.tokens, "web", ("predict",))
    return home, revoke


def test_the_last_one_shuts_everybody_out(revoked):
    home, revoke = revoked
    told = revoke()
    assert "no token is left for digits: it refuses everybody until one is made" in told
    assert str(home.tokens) in told


def test_one_that_others_are_left_of_for_another_deployment_shuts_too(revoked):
    home, revoke = revoked
    tokens.create(home.tokens, "spam", ("predict",), deployments=("spam",))
    assert "no token is left for digits: it refuses everybody" in revoke()


def test_one_of_many_changes_nothing_for_others(revoked):
    home, revoke = revoked
    tokens.create(home.tokens, "shop", ("predict",))
    assert revoke() == "revoked web\n"
