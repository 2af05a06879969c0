"""Run it again and compare: verify, reproduce, certificates of determinism, bundles, lineage."""
