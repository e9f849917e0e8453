"""Why a pipeline's types were chosen: by use and type, for further variants too."""

from __future__ import annotations

from penstock.cli.review_reasons import reasons_of
from pipelines.digits import PIPELINE as DIGITS
from pipelines.reviews import ACCELERATORS
from pipelines.spec import Variant


def test_each_use_of_a_type_has_its_own_reason() -> None:
    found = reasons_of(DIGITS, region="us-east-1")
    training, endpoint = (found.of(use, "ml.m5.large") for use in ("training", "endpoint"))
    assert training is not None
    assert endpoint is not None
    assert training != endpoint
    assert "is given, and it is the first choice" in endpoint
    assert found.of("transform", "ml.m5.large") == "the type of the endpoint"
    assert found.of("endpoint", "ml.c5.large") is None
    assert found.note.startswith("Prices in these reasons are EC2's on demand in us-east-1 of ")


def test_a_further_variant_has_its_own_and_none_takes_the_first_ones() -> None:
    others = (
        Variant(name="shadow", instance_type="ml.c4.xlarge"),
        Variant(name="twin", instance_type="ml.m5.large"),
    )
    serving = DIGITS.serving.model_copy(update={"others": others})
    found = reasons_of(DIGITS.model_copy(update={"serving": serving}), region="us-east-1")
    shadow = found.of("endpoint", "ml.c4.xlarge")
    assert shadow is not None
    assert "would not be taken" in shadow
    assert found.of("endpoint", "ml.m5.large") == reasons_of(DIGITS, region="us-east-1").of(
        "endpoint", "ml.m5.large"
    )


def test_what_compiles_and_what_compares_have_reasons_of_their_own() -> None:
    pipeline = ACCELERATORS["trainium"]
    compilation = pipeline.compilation
    assert compilation is not None
    found = reasons_of(pipeline, region="us-east-1")
    compiles = found.of("training", compilation.instance_type)
    trains = found.of("spot training", pipeline.training.instance_type)
    assert compiles is not None
    assert compiles.startswith("the model is compiled")
    assert trains is not None
    assert trains != compiles
    compares = found.of("transform", compilation.comparison_instance_type)
    assert compares is not None
    assert "plain weights" in compares
    paid = pipeline.training.model_copy(update={"spot": None})
    both = reasons_of(pipeline.model_copy(update={"training": paid}), region="us-east-1")
    said = both.of("training", compilation.instance_type)
    assert said is not None
    assert said.endswith(compiles)
    assert len(said) > len(compiles)
