"""Why a pipeline's types were chosen: by use and type, for further variants too."""

from __future__ import annotations

from penstock.cli.review_reasons import reasons_of
from pipelines.digits import PIPELINE as DIGITS
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
