"""Shipped with the package: contract suites, fakes and hypothesis strategies."""
