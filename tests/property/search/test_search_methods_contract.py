"""Every built-in method keeps the searcher contract."""

from daybreak.testing.searcher_contract import SearcherContract


class TestSingle(SearcherContract):
    method = "single"


class TestRandom(SearcherContract):
    method = "random"


class TestGrid(SearcherContract):
    method = "grid"


class TestAsha(SearcherContract):
    method = "asha"


class TestAshaStopping(SearcherContract):
    method = "asha_stopping"


class TestAdaptiveAsha(SearcherContract):
    method = "adaptive_asha"
    needs_horizon = True


class TestHyperband(SearcherContract):
    method = "hyperband"
    needs_horizon = True


class TestPbt(SearcherContract):
    method = "pbt"
