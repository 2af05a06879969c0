"""Whatever is valid survives being written down."""

import json

from hypothesis import given, settings

from daybreak.spec.dump import spec_hash, to_yaml
from daybreak.spec.loading import from_mapping, load
from daybreak.testing.strategies import experiments

CALM = settings(deadline=None, max_examples=50)  # the machine may be busy


@CALM
@given(experiments())
def test_the_resolved_form_loads_to_an_equal_value(experiment):
    data = json.loads(json.dumps(experiment.model_dump(mode="json")))
    again = from_mapping(data, folder="/elsewhere")
    assert again == experiment
    assert list(again.space) == list(experiment.space)  # order is part of the truth: names are drawn in it
    assert spec_hash(again) == spec_hash(experiment)


@CALM
@given(experiments())
def test_the_yaml_loads_to_an_equal_value(experiment):
    again = load(to_yaml(experiment), source="resolved.yaml", folder="/elsewhere")
    assert again == experiment
    assert list(again.space) == list(experiment.space)
    assert spec_hash(again) == spec_hash(experiment)
