"""What is generated from the models: the JSON Schema, the reference, the resolved file."""

import re

from daybreak.spec.dump import spec_hash, to_yaml
from daybreak.spec.loading import from_mapping
from daybreak.spec.models import Experiment, Search
from daybreak.spec.reference import SECTIONS, reference_markdown
from daybreak.spec.schema import FORMS, json_schema

MINIMAL = {"run": "train:main", "objective": {"maximize": "acc"}}


def test_every_key_has_a_row_in_the_reference():
    page = reference_markdown()
    for model in (Experiment, *SECTIONS.values()):
        for key, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{key} says nothing of itself"
            written = "objective" if key == "objectives" else key
            assert re.search(rf"^\| `{written}` \|.*{re.escape(field.description)}", page, re.MULTILINE)


def test_every_example_of_the_reference_can_be_written():
    import yaml

    for (model, key), form in FORMS.items():
        if model != "Experiment":
            continue
        for example in form.examples:
            names = {"lr": 0.01, "width": {"choice": [16, 32]}, "layers": 2}
            written = MINIMAL | {"space": names} | ({"space": {"lr": 0.01, "width": 32}} if key == "points" else {})
            written.pop("objective" if key == "objectives" else "", None)
            data = yaml.safe_load(example.replace("1e-4", "1.0e-4").replace("1e-1", "1.0e-1"))
            from_mapping(written | {key: data}, folder="/project")


def test_the_schema_knows_every_key_and_the_shorthands():
    schema = json_schema()
    assert set(schema["properties"]) == {*Experiment.model_fields, "objective"}
    assert set(schema["$defs"]["Search"]["properties"]) == set(Search.model_fields)
    assert schema["required"] == ["run"]
    assert {"type": "string"} in schema["properties"]["budget"]["anyOf"]
    assert schema["properties"]["space"]["$ref"] == "#/$defs/Group"


def test_every_reference_inside_the_schema_exists():
    schema = json_schema()
    targets = set(re.findall(r"'#/\$defs/(\w+)'", str(schema)))
    assert targets <= set(schema["$defs"])
    assert {"Group", "Entry", "Search", "Budget", "Objective"} <= targets


def test_the_resolved_file_reads_well():
    spec = from_mapping(
        {**MINIMAL, "space": {"lr": {"log": [1e-4, 1e-1]}, "n": {"x": {"int": [1, 8], "step": 2}}, "tag": "1e-4"}},
        folder="/project",
    )
    text = to_yaml(spec)
    assert "name: train\nrun: train:main\nfolder: /project\n" in text
    assert "space:\n  lr: {log: [0.0001, 0.1]}\n  n.x: {int: [1, 8], step: 2}\n  tag: '1e-4'\n" in text
    assert "objectives:\n- maximize: acc\n" in text


def test_the_hash_is_of_what_is_meant_not_of_how_it_was_written():
    written = from_mapping({**MINIMAL, "budget": "5m", "space": {"a": {"b": 1}}}, folder="/project")
    same = from_mapping({**MINIMAL, "budget": {"wall": 300.0}, "space": {"a.b": 1}, "name": "train"}, folder="/project")
    other = from_mapping({**MINIMAL, "budget": "6m", "space": {"a.b": 1}}, folder="/project")
    assert spec_hash(written) == spec_hash(same) != spec_hash(other)
    assert len(spec_hash(written)) == 64
