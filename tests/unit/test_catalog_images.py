"""Images: one registry account for each region, and the URIs that the SageMaker SDK resolves.

What it resolves is recorded; tests/clients/test_sagemaker_image_uris.py asks the SDK itself.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.catalog import algorithms, images
from penstock.catalog.facts import UnknownFactError, read_data

RECORDED = Path(__file__).parents[1] / "clients" / "recorded" / "sagemaker_image_uris.json"
RESOLVED: dict[str, dict[str, str]] = json.loads(RECORDED.read_text("utf-8"))["uris"]
# where the SDK has another name
NAMES = {"forecasting-deepar": "deepar"}
OLDER = {"0.90-1", "0.90-2", "1.0-1"}  # the SDK adds what these are built for


def known(resolved: str) -> images.Image:
    """The catalog's image by the SDK's name, which may end with =<version>."""
    name = resolved.partition("=")[0]
    return images.image(NAMES.get(name, name))


@pytest.mark.parametrize("resolved", RESOLVED)
def test_the_uri_in_each_region_is_the_one_that_the_sdk_resolves(resolved: str) -> None:
    image, version = known(resolved), resolved.partition("=")[2]
    tag = f"{version}-cpu-py3" if version in OLDER else version or image.tag
    assert tag in (image.tag, *image.older_tags)
    older = image.model_copy(update={"tag": tag})
    assert {region: older.uri(region) for region in image.regions} == RESOLVED[resolved]


def test_every_algorithm_with_an_image_is_compared_with_all_its_tags() -> None:
    own = {name: algorithms.algorithm(name).image for name in algorithms.names()}
    assert {name for name, image in own.items() if image is None} == {
        *("autogluon-tabular", "catboost", "lightgbm", "tabtransformer")
    }
    compared = {NAMES.get(name.partition("=")[0], name.partition("=")[0]) for name in RESOLVED}
    assert {image for image in own.values() if image is not None} == compared
    assert compared == set(read_data("images")) - {"model-monitor"}
    xgboost = images.image("xgboost")
    assert len([n for n in RESOLVED if n.startswith("xgboost=")]) == 1 + len(xgboost.older_tags)


def test_an_image_has_the_sources_and_the_doubts_of_its_registry() -> None:
    lda = images.image("lda")
    assert any("image_uri_config/lda.json" in source for source in lda.source)
    assert any("ecr-<region>.md" in source for source in lda.source)
    assert any("us-iso-east-1" in doubt for doubt in lda.unconfirmed)


def test_a_region_without_a_registry_has_no_uri() -> None:
    with pytest.raises(UnknownFactError, match="no registry of lda in 'eu-north-1'"):
        images.image("lda").uri("eu-north-1")


def test_host_names_end_as_the_partition_says() -> None:
    assert images.dns_suffix("eu-west-1") == "amazonaws.com"
    assert images.dns_suffix("us-gov-west-1") == "amazonaws.com"
    assert images.dns_suffix("cn-north-1") == "amazonaws.com.cn"
    assert images.dns_suffix("us-isob-east-1") == "sc2s.sgov.gov"


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
    deepar = images.image("deepar").uri("eu-west-1")
    assert images.algorithm_of(deepar) == "deepar"
    assert images.algorithm_of(images.image("xgboost").uri("us-east-1")) == "xgboost"
    older = images.image("xgboost").uri("us-east-1").replace("3.0-5", "1.7-1")
    assert images.algorithm_of(older) == "xgboost"
    assert images.algorithm_of(older.replace("1.7-1", "1.6-1")) is None
