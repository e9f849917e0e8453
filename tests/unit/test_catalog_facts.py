"""The catalog: every fact has a source and a date, and the accessors answer what it says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from penstock.catalog import algorithms, datasets, images, instances, limits, runtimes
from penstock.catalog.facts import UnknownFactError, read_data

NAB = Path(__file__).parents[3] / "shared" / "data" / "nab"


def test_every_limit_and_algorithm_and_image_says_where_it_is_from() -> None:
    facts = [limits.limit(name) for name in read_data("limits")]
    facts += [algorithms.algorithm(name) for name in algorithms.names()]
    facts += [images.image(name) for name in read_data("images")]
    facts += [runtimes.glue(version) for version in runtimes.glue_versions()]
    facts += [runtimes.lambda_python()[1]]
    facts += [datasets.dataset(name) for name in read_data("datasets")]
    for fact in facts:
        assert fact.citation
        assert fact.date >= "2023"


def test_every_default_is_a_value_that_is_accepted() -> None:
    for name in algorithms.names():
        for parameter, facts in algorithms.algorithm(name).hyperparameters.items():
            assert facts.default is None or facts.accepts(facts.default), parameter


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
    assert not learner.distribution


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


def test_registry_accounts_differ_by_region_and_are_twelve_digits() -> None:
    accounts = images.image("linear-learner").accounts
    assert accounts["us-east-1"] == "382416733822"
    assert accounts["eu-central-1"] == "664544806723"
    assert len(accounts) == 37
    assert all(len(account) == 12 and account.isdigit() for account in accounts.values())


def test_the_analyzers_path_has_no_tag_and_its_accounts_are_its_own() -> None:
    analyzer = images.image("model-monitor")
    assert analyzer.path == "sagemaker-model-monitor-analyzer"
    assert images.image("linear-learner").path == "linear-learner:1"
    assert analyzer.accounts["us-east-1"] == "156813124566"
    assert len(analyzer.accounts) == 31
    assert all(len(a) == 12 and a.isdigit() for a in analyzer.accounts.values())
    uri = f"{analyzer.accounts['us-east-1']}.dkr.ecr.us-east-1.amazonaws.com/{analyzer.path}"
    assert images.algorithm_of(uri) is None


def test_an_images_uri_leads_back_to_its_algorithm() -> None:
    account = images.image("linear-learner").accounts["eu-west-1"]
    uri = f"{account}.dkr.ecr.eu-west-1.amazonaws.com/linear-learner:1"
    assert images.algorithm_of(uri) == "linear-learner"
    assert images.algorithm_of(uri.replace(account, "123456789012")) is None
    assert images.algorithm_of(uri.replace("eu-west-1", "xx-west-1")) is None
    assert images.algorithm_of("linear-learner") is None


def test_instance_types_know_their_uses_and_their_storage() -> None:
    m5 = instances.instance_type("ml.m5.large")
    assert (m5.training, m5.hosting, m5.architecture) == (True, True, "amd64")
    assert m5.takes_volume_key
    assert not instances.instance_type("ml.g5.xlarge").takes_volume_key
    assert instances.instance_type("ml.c7g.large").architecture == "arm64"
    assert "ml.c7g.large" not in instances.names("training")
    assert "ml.p2.xlarge" not in instances.names("training")
    assert instances.instance_type("ml.m5.xlarge").processing
    assert not instances.instance_type("ml.c7g.large").processing
    assert len(instances.names("processing")) == 204
    assert instances.instance_type("ml.m5.large").transform
    assert not instances.instance_type("ml.c5d.xlarge").transform


def test_metrics_of_answers_are_final_metrics_on_the_test_channel() -> None:
    for name in algorithms.names():
        facts = algorithms.algorithm(name)
        for metric in facts.from_answers:
            assert metric.startswith("test:")
            assert facts.final_metrics[metric] == "maximize"


@pytest.mark.parametrize("name", ["m5.large", "ml.m5", "ml.m5.huge", "ml.zz.large", ""])
def test_an_unknown_instance_type_is_an_error(name: str) -> None:
    with pytest.raises(UnknownFactError, match="no instance type"):
        instances.instance_type(name)


def test_unknown_facts_name_the_known_ones() -> None:
    with pytest.raises(UnknownFactError, match="linear-learner"):
        algorithms.algorithm("svm")
    with pytest.raises(UnknownFactError, match=r"kinesis\.shards"):
        limits.limit("kinesis.shard")
    with pytest.raises(UnknownFactError, match=r"5\.1"):
        runtimes.glue("3.0")


def test_bounds_are_inclusive_and_may_be_open() -> None:
    buffer = limits.limit("firehose.parquet_buffer_mb")
    assert buffer.allows(64)
    assert buffer.allows(128)
    assert not buffer.allows(63)
    assert not buffer.allows(129)
    shards = limits.limit("kinesis.shards")
    assert shards.maximum is None
    assert shards.allows(10**6)
    assert shards.bounds == "1 or more shards"


def test_a_data_sets_files_are_pinned_by_commit_and_by_contents() -> None:
    for name in read_data("datasets"):
        for path, file in datasets.dataset(name).files.items():
            assert re.fullmatch(rf"https://[^?]*/[0-9a-f]{{40}}/{re.escape(path)}", file.url), path
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256), path
    nab = datasets.dataset("nab")
    assert len([path for path in nab.files if path.startswith("data/realAWSCloudwatch/")]) == 17


@pytest.mark.skipif(not NAB.is_dir(), reason="needs ../shared/data/nab")
def test_the_pinned_contents_are_those_of_the_benchmark() -> None:
    for path, file in datasets.dataset("nab").files.items():
        assert hashlib.sha256((NAB / path).read_bytes()).hexdigest() == file.sha256, path
