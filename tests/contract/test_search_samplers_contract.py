"""Every built-in sampler keeps the contract that custom samplers are asked to keep."""

from daybreak.testing.sampler_contract import SamplerContract


class TestRandom(SamplerContract):
    sampler = "random"


class TestSobol(SamplerContract):
    sampler = "sobol"


class TestGrid(SamplerContract):
    sampler = "grid"


class TestDensity(SamplerContract):
    sampler = "density"


class TestTpe(SamplerContract):
    sampler = "tpe"


class TestNsga2(SamplerContract):
    sampler = "nsga2"
    forgetful = False  # generations


class TestCmaes(SamplerContract):
    sampler = "cmaes"
    forgetful = False  # mean and covariance
