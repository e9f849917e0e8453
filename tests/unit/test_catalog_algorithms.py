"""Algorithms: every entry is complete and at one with itself, and says what the sources say."""

from __future__ import annotations

import pytest

from penstock.catalog import algorithms, images, instances
from penstock.catalog.algorithms import Algorithm
from penstock.catalog.facts import UnknownFactError
from penstock.catalog.hyperparameters import Hyperparameter

EVERY = pytest.mark.parametrize(
    "facts", [pytest.param(algorithms.algorithm(name), id=name) for name in algorithms.names()]
)
FIRST_PARTY = {
    *("linear-learner", "xgboost", "factorization-machines", "kmeans", "pca", "knn", "lda", "ntm"),
    *("randomcutforest", "ipinsights", "seq2seq", "blazingtext", "object2vec", "deepar"),
    *("image-classification", "object-detection", "semantic-segmentation"),
}
TABULAR = {"lightgbm", "catboost", "tabtransformer", "autogluon-tabular"}


def test_the_catalog_has_the_seventeen_and_the_four_tabular_ones() -> None:
    assert set(algorithms.names()) == FIRST_PARTY | TABULAR
    assert len(FIRST_PARTY) == 17
    with pytest.raises(UnknownFactError, match="linear-learner"):
        algorithms.algorithm("svm")


@EVERY
def test_every_default_is_a_value_that_is_accepted(facts: Algorithm) -> None:
    for name, parameter in facts.hyperparameters.items():
        assert parameter.default is None or parameter.accepts(parameter.default), name
        assert not (parameter.required and parameter.default is not None), name
        for other, values in parameter.required_when.items():
            assert all(facts.hyperparameters[other].accepts(value) for value in values), name


@EVERY
def test_every_hyperparameter_has_a_rule_that_refuses_something(facts: Algorithm) -> None:
    assert facts.hyperparameters
    for name, parameter in facts.hyperparameters.items():
        assert parameter.rule, name
        free = parameter.type == "text" and parameter.pattern is None
        assert parameter.accepts("\n") == free, name
        if parameter.type == "word":
            assert len(set(parameter.words)) == len(parameter.words) > 0, name
        if parameter.minimum is not None and parameter.maximum is not None:
            assert parameter.minimum < parameter.maximum, name


@EVERY
def test_recommended_ranges_are_of_hyperparameters_and_within_their_own(facts: Algorithm) -> None:
    for name, tunable in facts.tunable.items():
        own = facts.hyperparameters[name]
        if tunable.type == "categorical":
            assert tunable.words, name
            assert all(own.accepts(word) for word in tunable.words), name
            continue
        assert own.type == ("integer" if tunable.type == "integer" else "number") or (
            tunable.type == "integer" and own.type == "number"
        ), name
        assert tunable.minimum is not None, name
        assert tunable.maximum is not None, name
        assert tunable.minimum < tunable.maximum, name
        assert own.in_range(tunable.minimum), name
        assert own.in_range(tunable.maximum), name


@EVERY
def test_what_is_said_of_channels_is_of_channels_that_there_are(facts: Algorithm) -> None:
    known = facts.channels.known
    assert facts.channels.required
    assert len(set(known)) == len(known)
    for said in (facts.distribution, facts.advised_distribution, facts.label_size):
        assert set(said) <= set(known)
    assert not set(facts.distribution) & set(facts.advised_distribution)
    if facts.incremental_training:
        assert "model" in facts.channels.optional


@EVERY
def test_every_content_type_has_its_input_modes(facts: Algorithm) -> None:
    assert facts.training
    for form, modes in facts.training.items():
        assert modes, form
        assert set(modes) <= {"File", "Pipe"}, form
    for form in facts.augmented_manifest:
        assert "Pipe" in facts.training[form]
    assert facts.inference.request
    assert facts.inference.response
    assert (facts.tensor_type is None) == ("application/x-recordio-protobuf" not in facts.training)


@EVERY
def test_every_algorithm_has_a_machine_of_the_api_to_train_and_to_answer_on(
    facts: Algorithm,
) -> None:
    assert facts.machines
    assert facts.hosting_machines
    types = [instances.instance_type(name) for name in instances.names("training")]
    for family in facts.accelerated_families:
        assert any(machine.family == family for machine in types), family
    assert facts.accelerated_families or not facts.accelerated_hosting
    assert set(facts.multi_machine_when) <= set(facts.hyperparameters)
    assert facts.cpu or not facts.cpu_only_when
    for name, values in facts.cpu_only_when.items():
        assert set(values) <= set(facts.hyperparameters[name].words)


@EVERY
def test_metrics_are_of_channels_and_those_of_answers_are_final_ones(facts: Algorithm) -> None:
    assert set(facts.metric_patterns) <= set(facts.final_metrics)
    for metric in facts.final_metrics:
        channel = metric.partition(":")[0]
        assert channel in facts.channels.known or metric in facts.metric_patterns, metric
    for metric, how in facts.from_answers.items():
        assert metric.startswith("test:")
        is_error = how.formula == "mean_squared_error"
        assert facts.final_metrics[metric] == ("minimize" if is_error else "maximize")


@EVERY
def test_an_image_is_one_of_the_catalog(facts: Algorithm) -> None:
    assert facts.image is None or images.image(facts.image).tag


def test_contracts_that_differ_from_the_usual_one() -> None:
    def get(name: str) -> Algorithm:
        return algorithms.algorithm(name)

    assert "text/csv" not in get("factorization-machines").training
    assert get("lda").training["text/csv"] == ("File",)
    assert get("lda").multi_machine is False
    assert get("xgboost").training["text/libsvm"] == ("File",)
    assert get("seq2seq").tensor_type == "int32"
    gpu_only = {name for name in algorithms.names() if not get(name).cpu}
    assert gpu_only == {
        *("seq2seq", "image-classification", "object-detection", "semantic-segmentation")
    }
    cpu_only = {name for name in algorithms.names() if not get(name).accelerated_families}
    assert cpu_only == {"randomcutforest", "lda", "lightgbm", "catboost"}
    incremental = {name for name in algorithms.names() if get(name).incremental_training}
    assert incremental == {"image-classification", "object-detection", "semantic-segmentation"}
    kmeans = get("kmeans")
    assert kmeans.multi_machine is None
    assert kmeans.distribution_of("train") == "ShardedByS3Key"
    assert get("ntm").distribution_of("train") == "FullyReplicated"
    assert get("deepar").hosting_machines == "a CPU type"
    assert get("blazingtext").multi_machine_when == {"mode": ("batch_skipgram",)}
    num_class = get("xgboost").hyperparameters["num_class"]
    assert num_class.required_with({"objective": "multi:softprob"})
    assert not num_class.required_with({"objective": "reg:squarederror"})


@pytest.mark.parametrize(
    ("algorithm", "parameter", "accepted", "refused"),
    [
        ("xgboost", "eval_metric", ["auc", "rmse,mae", "ndcg@5"], ["auc@5", "speed", ""]),
        ("xgboost", "tweedie_variance_power", ["1.5"], ["1", "2"]),
        ("xgboost", "monotone_constraints", ["(0, 1)", "(-1,1)"], ["(2)", "0, 1"]),
        ("seq2seq", "rnn_num_hidden", ["2", "1024"], ["1", "1023", "2.0"]),
        ("deepar", "time_freq", ["5min", "1H", "D"], ["5", "5 min", "fortnight"]),
        ("image-classification", "image_shape", ["3,224,224"], ["224", "3x224x224"]),
        ("object2vec", "enc0_layers", ["auto", "4"], ["5", "Auto"]),
        ("ntm", "encoder_layers", ["auto", "100,50"], ["100,0", "many"]),
        ("semantic-segmentation", "base_size", ["17"], ["16"]),
        ("catboost", "thread_count", ["-1", "4"], ["0", "-2"]),
        ("kmeans", "eval_metrics", ['["msd","ssd"]'], ["msd"]),
    ],
)
def test_values_are_accepted_as_documented(
    algorithm: str, parameter: str, accepted: list[str], refused: list[str]
) -> None:
    facts = algorithms.algorithm(algorithm).hyperparameters[parameter]
    assert all(facts.accepts(value) for value in accepted)
    assert not any(facts.accepts(value) for value in refused)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (Hyperparameter(type="integer", minimum=1), "an integer of 1 or more"),
        (Hyperparameter(type="integer", multiple_of=2, minimum=2), "a multiple of 2 of 2 or more"),
        (Hyperparameter(type="number", maximum=1), "a number of 1 or less"),
        (
            Hyperparameter(
                type="number",
                minimum=1,
                minimum_is_exclusive=True,
                maximum=2,
                maximum_is_exclusive=True,
            ),
            "a number above 1 and below 2",
        ),
        (
            Hyperparameter(type="integer", words=("auto",), minimum=1, maximum=4),
            "one of auto or an integer from 1 to 4",
        ),
        (Hyperparameter(type="text", form="a frequency"), "a frequency"),
    ],
)
def test_a_rule_is_in_words(facts: Hyperparameter, rule: str) -> None:
    assert facts.rule == rule


@pytest.mark.parametrize(
    ("parameter", "accepted", "refused"),
    [
        ("epochs", ["1", "15"], ["0", "-1", "1.5", "auto", "", "1_0", " 7"]),
        ("learning_rate", ["auto", "0.1", "1e-3"], ["0", "-0.1", "nan", "inf", "fast"]),
        ("l1", ["auto", "0", "0.5"], ["-0.1"]),
        ("num_classes", ["3", "1000000"], ["2", "1000001", "10.0"]),
        ("momentum", ["0", "1", "auto"], ["1.1"]),
        ("predictor_type", ["regressor"], ["Regressor", ""]),
        ("use_bias", ["true", "false"], ["True", "1"]),
    ],
)
def test_hyperparameters_are_accepted_as_documented(
    parameter: str, accepted: list[str], refused: list[str]
) -> None:
    facts = algorithms.algorithm("linear-learner").hyperparameters[parameter]
    assert all(facts.accepts(value) for value in accepted)
    assert not any(facts.accepts(value) for value in refused)


def test_the_contract_of_linear_learner() -> None:
    facts = algorithms.algorithm("linear-learner")
    assert facts.channels.required == ("train",)
    assert facts.training["application/x-recordio-protobuf"] == ("File", "Pipe")
    assert facts.final_metrics["test:multiclass_accuracy"] == "maximize"
    assert facts.final_metrics["test:objective_loss"] == "minimize"
    assert len(facts.hyperparameters) == 44


def test_the_contract_of_randomcutforest() -> None:
    facts = algorithms.algorithm("randomcutforest")
    assert facts.channels.required == ("train",)
    assert facts.channels.optional == ("test",)
    assert facts.distribution == {"train": "ShardedByS3Key", "test": "FullyReplicated"}
    assert facts.training["text/csv"] == ("File", "Pipe")
    assert facts.final_metrics == {"test:f1": "maximize"}
    assert not facts.from_answers
    assert not facts.accelerated_families
    assert facts.multi_machine
    assert images.image("randomcutforest").path == "randomcutforest:1"
    assert images.image("randomcutforest").accounts == images.image("linear-learner").accounts


def test_a_channels_content_type_says_how_many_columns_are_labels_where_it_has_to() -> None:
    forest = algorithms.algorithm("randomcutforest")
    recordio = "application/x-recordio-protobuf"
    assert forest.content_type("train", "text/csv") == "text/csv;label_size=0"
    assert forest.content_type("test", "text/csv") == "text/csv;label_size=1"
    assert forest.content_type("train", recordio) == recordio
    learner = algorithms.algorithm("linear-learner")
    assert learner.content_type("train", "text/csv") == "text/csv"
    assert learner.distribution == {"validation": "FullyReplicated"}


@pytest.mark.parametrize(
    ("parameter", "accepted", "refused"),
    [
        ("feature_dim", ["1", "10000"], ["0", "10001", "auto"]),
        ("num_trees", ["50", "1000"], ["49", "1001", "50.5"]),
        ("num_samples_per_tree", ["1", "2048"], ["0", "2049"]),
        (
            "eval_metrics",
            ['["accuracy"]', '["accuracy", "precision_recall_fscore"]'],
            ["accuracy", "[]", '["f1"]', '"accuracy"', "[1]", ""],
        ),
    ],
)
def test_hyperparameters_of_randomcutforest(
    parameter: str, accepted: list[str], refused: list[str]
) -> None:
    facts = algorithms.algorithm("randomcutforest").hyperparameters[parameter]
    assert all(facts.accepts(value) for value in accepted)
    assert not any(facts.accepts(value) for value in refused)
    assert facts.required == (parameter == "feature_dim")
