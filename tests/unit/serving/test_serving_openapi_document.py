"""The OpenAPI document of a deployment follows from its signature."""

import pytest

from daybreak.registry.package import Package, Runtime
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.openapi import document
from daybreak.serving.problems import PROBLEMS
from daybreak.signature.fields import Field, Output, Signature

PICTURE = Signature((Field("image", "image"),), (Output("digit", "label", classes=("0", "1")),))
TABLE = Signature((Field("age", "number"), Field("job", "category", optional=True)), (Output("y", "number"),))


def made(signature, **told):
    served = (Served("champion", "digits", 3, "/nowhere"), Served("rival", "digits", 4, "/nowhere"))
    return document(
        Deployment("shop", served, **told), Package("digits", 3, 0.0, signature, Runtime("onnx")), [{"age": 1}]
    )


def predict(signature, **told):
    return made(signature, **told)["paths"]["/predict"]["post"]


@pytest.mark.parametrize(
    ("signature", "media"),
    [
        (TABLE, {"application/json", "text/csv"}),
        (PICTURE, {"application/json", "text/csv", "image/png", "image/jpeg", "image/webp", "image/bmp"}),
    ],
)
def test_bodies_are_those_that_the_model_takes(signature, media):
    assert {*predict(signature)["requestBody"]["content"]} == media


def test_every_status_of_an_error_stands_in_it():
    told = {int(status) for status in predict(TABLE)["responses"]}
    outside = {405, 499}  # of a method that the document does not name; of a client that is gone
    assert {problem.status for problem in PROBLEMS.values()} - told == outside


def test_limits_versions_and_examples_are_told():
    told = made(TABLE, limits=Limits(rows=7))
    content = told["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert content["schema"]["anyOf"][1]["maxItems"] == 7
    assert content["examples"]["example1"]["value"] == {"age": 1}
    versions = told["paths"]["/v2/models/{name}/versions/{version}"]["parameters"][1]
    assert versions["schema"] == {"enum": ["3", "4"]}
    assert told["components"]["schemas"]["Row"]["required"] == ["age"]
    assert told["info"]["title"] == "shop"
