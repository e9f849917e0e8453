"""What an algorithm does not take is refused, and what is not wise is warned of, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from penstock.catalog import algorithms
from penstock.cli import synth
from pipelines.registry import load
from pipelines.spec import (
    CategoricalRange,
    ContinuousRange,
    IntegerRange,
    Pipeline,
    Training,
    Tuning,
    refusal_lines,
)

GPU = {"instance_type": "ml.g5.xlarge"}
REC = "application/x-recordio-protobuf"
COMMON: dict[str, Any] = {
    "instance_type": "ml.m5.large",
    "input_mode": "File",
    "content_type": REC,
    "channels": ("train",),
}
KMEANS: dict[str, Any] = {
    **COMMON,
    "algorithm": "kmeans",
    "hyperparameters": {"feature_dim": 8, "k": 10},
}
FOREST: dict[str, Any] = {
    **COMMON,
    "algorithm": "randomcutforest",
    "hyperparameters": {"feature_dim": 8},
}
FACTORIZATION: dict[str, Any] = {
    **COMMON,
    "algorithm": "factorization-machines",
    "hyperparameters": {"feature_dim": 8, "num_factors": 64, "predictor_type": "regressor"},
}
LDA: dict[str, Any] = {
    **COMMON,
    "algorithm": "lda",
    "hyperparameters": {"feature_dim": 8, "num_topics": 4, "mini_batch_size": 100},
}
XGBOOST: dict[str, Any] = {
    **COMMON,
    "algorithm": "xgboost",
    "content_type": "text/csv",
    "hyperparameters": {"num_round": 100},
}
IMAGES: dict[str, Any] = {
    **COMMON,
    "algorithm": "image-classification",
    "content_type": "image/png",
    "instance_type": "ml.g4dn.xlarge",
    "channels": ("train", "validation"),
    "hyperparameters": {"num_classes": 3, "num_training_samples": 1000},
}
WORDS: dict[str, Any] = {
    **COMMON,
    "algorithm": "blazingtext",
    "content_type": "text/plain",
    "hyperparameters": {"mode": "skipgram"},
}


def setting(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**base, "hyperparameters": {**base["hyperparameters"], **changes}}


def searching(objective: str = "validation:rmse", **ranges: Any) -> dict[str, Any]:
    return {**XGBOOST, "tuning": {"objective": objective, "ranges": ranges}}


REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "several machines for an algorithm of one",
        {**LDA, "instance_count": 2},
        ["2: instance_count", "lda trains on one machine", "lda.md", "use 1"],
    ),
    (
        "several machines for a mode of one",
        {**WORDS, "instance_count": 2},
        ["2: instance_count", "mode skipgram", "use 1, or mode batch_skipgram"],
    ),
    (
        "Pipe for CSV that is read from files only",
        {**LDA, "content_type": "text/csv", "input_mode": "Pipe"},
        ["'Pipe'", "lda cannot read text/csv", f"use File or Pipe with {REC}"],
    ),
    (
        "Pipe for libsvm",
        {**XGBOOST, "content_type": "text/libsvm", "input_mode": "Pipe"},
        ["'Pipe'", "xgboost cannot read text/libsvm", "use File or Pipe with text/csv"],
    ),
    (
        "Pipe for images without an augmented manifest",
        {**IMAGES, "input_mode": "Pipe"},
        ["'Pipe'", "image/png", "use File or Pipe with application/x-recordio"],
    ),
    (
        "CSV for factorization machines",
        {**FACTORIZATION, "content_type": "text/csv"},
        ["'text/csv'", "factorization-machines does not train on it", f"use {REC}"],
    ),
    (
        "a forest that is not sharded",
        {**FOREST, "distribution": {"train": "FullyReplicated"}},
        ["'FullyReplicated'", "train of randomcutforest takes ShardedByS3Key only", "leave it out"],
    ),
    (
        "a forest whose test is sharded",
        {
            **FOREST,
            "channels": ("train", "test"),
            "distribution": {"test": "ShardedByS3Key"},
        },
        ["'ShardedByS3Key'", "test of randomcutforest takes FullyReplicated only"],
    ),
    (
        "distribution of a channel that is not there",
        {**FOREST, "distribution": {"test": "FullyReplicated"}},
        ["'test'", "not one of the channels", "use of train"],
    ),
    (
        "distribution that does not exist",
        {**FOREST, "distribution": {"train": "Sharded"}},
        ["distribution.train", "'Sharded'", "ShardedByS3Key"],
    ),
    (
        "CPU for an algorithm of GPUs",
        {**IMAGES, "instance_type": "ml.m5.large"},
        ["ml.m5.large", "image-classification trains on GPU types only", "g4dn"],
    ),
    (
        "GPU for an algorithm of CPUs",
        {**LDA, "instance_type": "ml.g5.xlarge"},
        ["ml.g5.xlarge", "lda is not documented to use", "; use a CPU type"],
    ),
    (
        "GPU for a mode of CPUs",
        setting({**WORDS, "instance_type": "ml.g5.xlarge"}, mode="batch_skipgram"),
        [
            "ml.g5.xlarge",
            "mode batch_skipgram trains on CPU types only",
            "blazingtext.md",
            "or another mode",
        ],
    ),
    (
        "Trainium for an algorithm of GPUs",
        {**IMAGES, "instance_type": "ml.trn1.2xlarge"},
        ["ml.trn1.2xlarge", "not documented to use", "use one of p3, g4dn, g5"],
    ),
    (
        "an algorithm without an image",
        {**COMMON, "algorithm": "lightgbm", "hyperparameters": {}},
        ["'lightgbm'", "no image of its own", "use xgboost"],
    ),
    ("unknown", setting(KMEANS, clusters=3), ["'clusters'", "kmeans has no", "k, local"]),
    (
        "missing",
        {**KMEANS, "hyperparameters": {"feature_dim": 8}},
        ["kmeans needs k", "k-means-api-config", "add it: an integer of 1 or more"],
    ),
    (
        "missing with another one's value",
        setting(XGBOOST, objective="multi:softprob"),
        ["xgboost needs num_class", "add it: an integer of 2 or more"],
    ),
    ("range", setting(XGBOOST, eta=1.5), ["'1.5'", "eta", "from 0 to 1", "the default is 0.3"]),
    (
        "open range",
        setting(XGBOOST, tweedie_variance_power=2),
        ["'2'", "tweedie_variance_power", "above 1 and below 2"],
    ),
    ("type", setting(KMEANS, k="ten"), ["'ten'", "k must be an integer", "unconfirmed: the SDK"]),
    ("a whole number", setting(KMEANS, k=2.5), ["'2.5'", "k must be an integer"]),
    (
        "form of a text",
        setting(IMAGES, image_shape="224x224"),
        ["'224x224'", "image_shape must be channels,height,width"],
    ),
    (
        "a linear model's word for a tree's",
        setting(XGBOOST, booster="linear"),
        ["'linear'", "booster", "one of gbtree, gblinear, dart", "the default is gbtree"],
    ),
    (
        "tuning of a hyperparameter that there is not",
        searching(rate=ContinuousRange(minimum=0.1, maximum=0.5)),
        ["'rate'", "tuning.ranges: xgboost has no hyperparameter", "eta"],
    ),
    (
        "tuning beyond the range",
        searching(eta=ContinuousRange(minimum=0.1, maximum=2)),
        ["'2'", "tuning.ranges: eta must be a number from 0 to 1", "continuous, from 0.1 to 0.5"],
    ),
    (
        "fractions for whole numbers",
        searching(num_round=ContinuousRange(minimum=1, maximum=2)),
        ["a range of type continuous", "num_round must be an integer of 1 or more"],
    ),
    (
        "numbers for words",
        searching(booster=IntegerRange(minimum=1, maximum=2)),
        ["a range of type integer", "booster must be one of gbtree", "use a range of such values"],
    ),
    (
        "a word that it does not take",
        searching(tree_method=CategoricalRange(values=("hist", "fast"))),
        ["'fast'", "tree_method must be one of auto"],
    ),
    (
        "a metric that it does not report",
        searching("validation:loss", eta=ContinuousRange(minimum=0.1, maximum=0.5)),
        ["'validation:loss'", "tuning.objective", "use one of validation:accuracy"],
    ),
    (
        "tuning of what reports no metric",
        {
            **COMMON,
            "algorithm": "pca",
            "hyperparameters": {"feature_dim": 8, "num_components": 2, "mini_batch_size": 10},
            "tuning": {"objective": "test:loss", "ranges": {}},
        },
        ["tuning.ranges", "0", "1 to 30"],
    ),
    (
        "the wrong way round",
        searching(eta={"type": "continuous", "minimum": 0.5, "maximum": 0.1}),
        ["tuning.ranges.eta.continuous", "0.5: minimum", "not below the maximum 0.1"],
    ),
    (
        "no end",
        searching(gamma={"type": "continuous", "minimum": 0, "maximum": "inf"}),
        ["tuning.ranges.gamma", "finite"],
    ),
    (
        "logarithms from zero",
        searching(eta={"type": "continuous", "minimum": 0, "maximum": 1, "scaling": "Logarithmic"}),
        ["'Logarithmic'", "no place for 0", "minimum above 0"],
    ),
    (
        "reverse logarithms of one",
        searching(
            eta={"type": "continuous", "minimum": 0, "maximum": 1, "scaling": "ReverseLogarithmic"}
        ),
        ["'ReverseLogarithmic'", "0 to below 1"],
    ),
    (
        "reverse logarithms of whole numbers",
        searching(
            num_round={
                "type": "integer",
                "minimum": 1,
                "maximum": 9,
                "scaling": "ReverseLogarithmic",
            }
        ),
        ["scaling", "'ReverseLogarithmic'", "'Logarithmic'"],
    ),
    (
        "too many words",
        searching(max_depth={"type": "categorical", "values": [str(n) for n in range(31)]}),
        ["tuning.ranges.max_depth.categorical.values", "1 to 30 different values"],
    ),
    (
        "a word twice",
        searching(booster={"type": "categorical", "values": ["dart", "dart"]}),
        ["('dart', 'dart')", "1 to 30 different values"],
    ),
]


@pytest.mark.parametrize(
    ("data", "parts"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_it_is_refused_in_one_line_that_teaches(data: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Training.model_validate(data)
    (line,) = refusal_lines(refused.value)
    assert line.startswith("Training")
    for part in parts:
        assert part in line, line
    assert "(" in line, "the source is missing"
    assert ";" in line, "the remedy is missing"


def test_an_algorithm_that_reports_no_metric_cannot_be_tuned() -> None:
    data = {
        **COMMON,
        "algorithm": "pca",
        "hyperparameters": {"feature_dim": 8, "num_components": 2, "mini_batch_size": 10},
        "tuning": Tuning(
            objective="test:loss", ranges={"num_components": IntegerRange(minimum=1, maximum=4)}
        ),
    }
    with pytest.raises(ValidationError) as refused:
        Training.model_validate(data)
    (line,) = refusal_lines(refused.value)
    assert "pca reports no such metric" in line
    assert "leave tuning out: it reports none" in line


@pytest.mark.parametrize(
    "data",
    [
        *(KMEANS, FOREST, FACTORIZATION, LDA, XGBOOST, IMAGES, WORDS),
        {**KMEANS, "instance_type": "ml.g4dn.xlarge"},
        {**WORDS, "instance_type": "ml.g5.xlarge"},
        {**FOREST, "instance_count": 3, "distribution": {"train": "ShardedByS3Key"}},
        setting({**WORDS, "instance_count": 2}, mode="batch_skipgram"),
        {**IMAGES, "content_type": "application/x-recordio", "input_mode": "Pipe"},
        {**LDA, "content_type": "text/csv"},
    ],
)
def test_the_same_without_the_fault_is_accepted_without_a_warning(data: dict[str, Any]) -> None:
    assert Training.model_validate(data).warnings == ()


def test_checkpoints_of_several_machines_are_warned_of() -> None:
    spot = {"max_wait_minutes": 90, "checkpoints": True}
    data = {**XGBOOST, "spot": spot}
    assert Training.model_validate(data).warnings == ()
    (line,) = Training.model_validate({**data, "instance_count": 2}).warnings
    assert line.startswith("spot.checkpoints: True: ")
    assert "the same place" in line
    assert "model-checkpoints.md" in line


def test_a_boolean_is_spelled_as_the_algorithm_spells_it() -> None:
    images = Training.model_validate(setting(IMAGES, early_stopping=True))
    assert images.hyperparameters["early_stopping"] == "True"
    xgboost = Training.model_validate(setting(XGBOOST, use_dask_gpu_training=True))
    assert xgboost.hyperparameters["use_dask_gpu_training"] == "true"


def test_channels_are_distributed_as_the_algorithm_wants_it_or_as_is_said() -> None:
    assert Training.model_validate(FOREST).distribution_of("train") == "ShardedByS3Key"
    assert Training.model_validate(KMEANS).distribution_of("train") == "ShardedByS3Key"
    said = {**KMEANS, "distribution": {"train": "FullyReplicated"}}
    assert Training.model_validate(said).distribution_of("train") == "FullyReplicated"
    assert Training.model_validate(XGBOOST).distribution_of("train") == "FullyReplicated"


def test_k_means_on_several_machines_that_all_get_everything_is_warned_of() -> None:
    data = {**KMEANS, "instance_count": 2, "distribution": {"train": "FullyReplicated"}}
    several, sharding = Training.model_validate(data).warnings
    assert several.startswith("instance_count: 2: whether kmeans trains on several machines")
    assert "unconfirmed" in several
    assert sharding.startswith("distribution.train: 'FullyReplicated': kmeans on several machines")
    assert "ShardedByS3Key" in sharding
    assert "k-means.md); leave it out" in sharding
    one = {**data, "instance_count": 1}
    assert Training.model_validate(one).warnings == ()


def warned(scaling: str = "Linear", **bounds: float) -> tuple[str, ...]:
    return Tuning.model_validate(
        {
            "objective": "validation:rmse",
            "ranges": {"eta": {"type": "continuous", "scaling": scaling, **bounds}},
        }
    ).warnings


def test_a_linear_search_over_decades_is_warned_of_with_the_logarithmic_form() -> None:
    (line,) = warned(minimum=0.0001, maximum=1)
    assert line == (
        "ranges.eta.scaling: 'Linear': from 0.0001 to 1 it would spend 90% of the jobs above 0.1 "
        "(SageMaker developer guide, automatic-model-tuning-define-ranges); use "
        "ContinuousRange(minimum=0.0001, maximum=1, scaling='Logarithmic')"
    )
    whole = IntegerRange(minimum=1, maximum=4000, scaling="Linear")
    (line,) = whole.warnings
    assert "use IntegerRange(minimum=1, maximum=4000, scaling='Logarithmic')" in line


def test_the_form_that_is_advised_is_accepted_and_not_warned_of() -> None:
    assert ContinuousRange(minimum=0.0001, maximum=1, scaling="Logarithmic").warnings == ()


@pytest.mark.parametrize(
    ("scaling", "minimum", "maximum"),
    [("Linear", 0.1, 1), ("Linear", 0, 1000), ("Auto", 1e-5, 1), ("Logarithmic", 1e-5, 1)],
)
def test_other_searches_are_not_warned_of(scaling: str, minimum: float, maximum: float) -> None:
    assert warned(scaling, minimum=minimum, maximum=maximum) == ()


def test_what_is_not_documented_as_tunable_is_warned_of() -> None:
    data = searching(seed=IntegerRange(minimum=1, maximum=9))
    not_deployed, line = Training.model_validate(data).warnings
    assert not_deployed.startswith("tuning: ('seed',): no stack starts a tuning job")
    assert line.startswith("tuning.ranges: 'seed': it is not among those that xgboost")


@pytest.fixture
def learner() -> dict[str, Any]:
    digits = load()["digits"]
    return {name: getattr(digits, name) for name in Pipeline.model_fields}


def tuned(learner: dict[str, Any]) -> Pipeline:
    training = learner["training"].model_dump()
    wide = ContinuousRange(minimum=1e-5, maximum=1, scaling="Linear")
    training["tuning"] = {
        "objective": "validation:objective_loss",
        "ranges": {"learning_rate": wide},
    }
    return Pipeline.model_validate({**learner, "training": training})


def test_a_pipelines_warnings_name_it_and_the_field(learner: dict[str, Any]) -> None:
    assert all(pipeline.warnings == () for pipeline in load().values())
    first, second = tuned(learner).warnings
    assert first.startswith("digits: training.tuning: ")
    assert second.startswith("digits: training.tuning.ranges.learning_rate.scaling: 'Linear'")


def test_a_gpu_is_refused_to_an_algorithm_that_answers_on_cpus_alone(
    learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = {**learner, "serving": {**learner["serving"].model_dump(), **GPU}}
    assert Pipeline.model_validate(served).warnings == ()
    facts = algorithms.algorithm("linear-learner")
    changed = facts.model_copy(update={"accelerated_hosting": False})
    monkeypatch.setattr(algorithms, "algorithm", lambda name: changed)
    with pytest.raises(ValidationError) as refused:
        Pipeline.model_validate(served)
    (line,) = refusal_lines(refused.value)
    assert "'ml.g5.xlarge': serving.instance_type" in line
    assert line.endswith("; use a CPU type")


def test_a_cpu_type_that_may_not_do_for_answers_is_warned_of(
    learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = algorithms.algorithm("linear-learner")
    changed = facts.model_copy(update={"cpu_hosting": None})
    monkeypatch.setattr(algorithms, "algorithm", lambda name: changed)
    (line,) = Pipeline.model_validate(learner).warnings
    assert line.startswith("digits: serving.instance_type: 'ml.m5.large': whether linear-learner")
    served = {**learner, "serving": {**learner["serving"].model_dump(), **GPU}}
    assert Pipeline.model_validate(served).warnings == ()


def test_synth_passes_warnings_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text(
        "import sys\nprint('warning: digits: beware', file=sys.stderr)\n"
        "print('noise', file=sys.stderr)\n"
    )
    (tmp_path / "cdk.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    synth.synthesize(out=tmp_path / "out", pipeline=None, environment=None, validate=False)
    assert capfd.readouterr().err == "warning: digits: beware\n"


def test_the_app_says_warnings_as_penstock_expects_them(
    learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import app

    class Synthesized:
        def synth(self) -> None:
            pass

    monkeypatch.setattr(app, "read_context", dict)
    monkeypatch.setattr(app, "build_app", lambda context: Synthesized())
    monkeypatch.setattr(app, "load", lambda accelerator: {"digits": tuned(learner)})
    assert app.main() == 0
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("warning: digits: training.tuning") for line in lines)
