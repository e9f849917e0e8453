"""The advisor: what fits, in which order, and the sentences that say why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from penstock.advisor import Advice, Hosting, Measured, Model, Need, Training, choose
from penstock.advisor.prices import Prices
from penstock.catalog import instances

LLAMA = Model(parameters=7_000_000_000, layers=32, hidden_size=4096)


def names(advice: Advice) -> list[str]:
    return [candidate.name for candidate in advice.candidates]


def why_not(advice: Advice, name: str) -> str:
    return next(misfit.reason for misfit in advice.misfits if misfit.name == name)


def chosen(need: Need) -> str:
    found = choose(need).chosen
    assert found is not None
    return found.name


def test_a_model_takes_what_the_formulas_say() -> None:
    assert LLAMA.weights_gib == pytest.approx(14e9 / 2**30)
    assert LLAMA.training_state_gib("adam") == pytest.approx(18 * 7e9 / 2**30)
    assert LLAMA.training_state_gib("sgd") == pytest.approx(10 * 7e9 / 2**30)
    single = LLAMA.model_copy(update={"dtype": "float32"})
    assert single.training_state_gib("adam") == pytest.approx(16 * 7e9 / 2**30)
    assert LLAMA.cache_gib(4096, 1) == pytest.approx(2.0)
    assert LLAMA.activations_gib(2048, 1) == pytest.approx(8.5)


def test_every_type_of_the_api_is_either_a_candidate_or_has_a_reason() -> None:
    advice = choose(Hosting(model=LLAMA))
    judged = names(advice) + [misfit.name for misfit in advice.misfits]
    assert sorted(judged) == sorted(instances.all_names())
    assert all(misfit.reason for misfit in advice.misfits)


def test_a_model_on_a_gpu_gets_the_cheapest_that_holds_it() -> None:
    advice = choose(Hosting(model=LLAMA, sequence_length=4096))
    assert names(advice)[:3] == ["ml.g6.xlarge", "ml.g6.2xlarge", "ml.g5.xlarge"]
    assert "no bfloat16" in why_not(advice, "ml.g4dn.xlarge")
    assert advice.reason == (
        "ml.g6.xlarge was chosen: of the 43 types that fit and have a known price it asks the "
        "least, 0.8048 USD/h or 0.0535 for each GiB of the model needed; its 1 x l4 of 22.35 GiB, "
        "4 vCPU, 16 GiB leave 17.9 GiB on each accelerator for the 15.0 GiB of the model."
    )
    assert advice.candidates[2].reason == (
        "ml.g5.xlarge was not chosen: 1.006 USD/h or 0.0669 for each GiB of the model needed, "
        "25.0% more than ml.g6.xlarge, for 1 x a10g of 22.35 GiB, 4 vCPU, 16 GiB."
    )


def test_a_model_that_needs_more_than_an_accelerator_has_is_spread_or_refused() -> None:
    alone = choose(Training(model=LLAMA))
    assert names(alone) == ["ml.p6-b200.48xlarge", "ml.p6-b300.48xlarge"]
    assert any("give spread" in note for note in alone.notes)
    spread = choose(Training(model=LLAMA, sequence_length=2048, spread=True))
    assert names(spread)[:3] == ["ml.g7e.12xlarge", "ml.g7e.24xlarge", "ml.p4d.24xlarge"]
    # the activations are on every one of eight small accelerators, the state once
    assert "are left for it" in why_not(spread, "ml.g5.48xlarge")


def test_nothing_fits_says_what_came_closest() -> None:
    advice = choose(Training(model=Model(parameters=10**12), spread=True))
    assert advice.chosen is None
    assert advice.reason.startswith("No instance type fits: ml.p6-b300.48xlarge: 16763.8 GiB")
    assert "20% kept free" in advice.reason


def test_headroom_is_kept_free() -> None:
    model = Model(parameters=8_000_000_000)  # 14.9 GiB of weights
    assert chosen(Hosting(model=model, headroom=0.2)) == "ml.g6.xlarge"
    assert chosen(Hosting(model=model, headroom=0.4)) == "ml.g6e.xlarge"


def test_neuron_is_for_programs_that_were_compiled_for_it() -> None:
    assert chosen(Hosting(model=LLAMA, runs_on=("inferentia",))) == "ml.inf2.xlarge"
    assert chosen(Training(model=LLAMA, runs_on=("trainium",), spread=True)) == "ml.trn1.32xlarge"
    on_gpu = choose(Hosting(model=LLAMA))
    assert "the program runs on gpu" in why_not(on_gpu, "ml.inf2.xlarge")


@pytest.mark.parametrize("need", [Training(model=LLAMA), Training(memory_gib=1)])
def test_graviton_and_inferentia_never_train(need: Training) -> None:
    everything = {
        "runs_on": ("cpu", "gpu", "trainium", "inferentia", "gaudi"),
        "architectures": ("amd64", "arm64"),
    }
    advice = choose(need.model_copy(update=everything))
    for candidate in advice.candidates:
        assert not candidate.instance.graviton
        accelerator = candidate.instance.accelerator
        assert accelerator is None or accelerator.kind != "inferentia"
    for name in ("ml.c7g.large", "ml.inf2.xlarge"):
        assert "does not offer it for training" in why_not(advice, name)


def test_graviton_is_for_images_that_run_on_it() -> None:
    need = Hosting(memory_gib=6)
    assert chosen(need) == "ml.m5.large"
    assert "it is arm64, the image is amd64" in why_not(choose(need), "ml.m6g.large")
    both = Hosting(memory_gib=6, vcpus=2, architectures=("amd64", "arm64"))
    assert chosen(both) == "ml.m6g.large"


def test_a_first_party_algorithm_gets_what_it_is_documented_for() -> None:
    learner = choose(Training(algorithm="linear-learner"))
    assert names(learner)[:2] == ["ml.m5.large", "ml.m6i.large"]
    assert {"ml.g5.xlarge", "ml.g4dn.xlarge"} <= set(names(learner))
    assert "linear-learner is documented for" in why_not(learner, "ml.g6.xlarge")
    assert any("at least 2 vCPU and 8 GiB" in note for note in learner.notes)
    assert any(point.startswith("linear-learner: ") for point in learner.unconfirmed)
    forest = choose(Training(algorithm="randomcutforest", memory_gib=64))
    assert forest.chosen is not None
    assert forest.chosen.name == "ml.r5.2xlarge"
    assert all(candidate.instance.accelerator is None for candidate in forest.candidates)
    image = Hosting(algorithm="linear-learner", architectures=("amd64", "arm64"))
    assert "it is arm64, the image is amd64" in why_not(choose(image), "ml.c7g.large")


def test_a_gpu_algorithm_gets_a_gpu_and_one_that_answers_without_gets_a_cpu() -> None:
    assert chosen(Training(algorithm="image-classification")) == "ml.g4dn.xlarge"
    assert "documented for one of" in why_not(
        choose(Training(algorithm="image-classification")), "ml.m5.large"
    )
    assert chosen(Hosting(algorithm="image-classification")) == "ml.m5.large"
    unsure = choose(Hosting(algorithm="seq2seq"))
    assert names(unsure)[0] == "ml.g4dn.xlarge"
    assert "whether seq2seq answers on a CPU type is unconfirmed" in unsure.notes
    assert "ml.p3.2xlarge" not in names(choose(Training(algorithm="deepar")))
    assert "ml.g5.xlarge" not in names(choose(Hosting(algorithm="deepar")))


def test_families_limit_the_choice_and_bring_back_what_is_passed_over() -> None:
    assert chosen(Hosting(model=LLAMA, families=("g5", "g6e"))) == "ml.g5.xlarge"
    advice = choose(Hosting(model=LLAMA, families=("g5",)))
    assert "only g5 are permitted" in why_not(advice, "ml.g6.xlarge")
    small = Training(memory_gib=2)
    assert chosen(small) == "ml.c7i.large"
    assert "burstable" in why_not(choose(small), "ml.t3.medium")
    assert "flex" in why_not(choose(small), "ml.m7i-flex.large")
    assert chosen(Training(memory_gib=2, families=("t3", "m5"))) == "ml.t3.medium"


def test_legacy_types_are_taken_by_name_and_ended_ones_never() -> None:
    small = Model(parameters=1_000_000_000, dtype="float16")
    advice = choose(Hosting(model=small, runs_on=("inferentia",)))
    assert "legacy; name inf1 in families" in why_not(advice, "ml.inf1.xlarge")
    assert chosen(Hosting(model=small, runs_on=("inferentia",), families=("inf1",))) == (
        "ml.inf1.xlarge"
    )
    assert "ended" in why_not(choose(Hosting(model=small, families=("p2",))), "ml.p2.xlarge")


def test_vcpu_memory_network_and_storage_are_demanded() -> None:
    assert chosen(Training(memory_gib=2, vcpus=30)) == "ml.c6i.8xlarge"
    fast = choose(Training(memory_gib=2, network_gbps=50))
    assert all((c.instance.network_gbps or 0) >= 50 for c in fast.candidates)
    assert "are unknown" in why_not(fast, "ml.m4.xlarge")
    linked = choose(Training(memory_gib=2, vcpus=48, efa=True, machines=4))
    assert all(candidate.instance.efa for candidate in linked.candidates)
    assert "no EFA interface" in why_not(linked, "ml.m5.12xlarge")
    loaded = Training(memory_gib=2, data_gb=900, load_minutes=10, input_mode="Pipe")
    assert all((c.instance.network_gbps or 0) >= 12 for c in choose(loaded).candidates)
    stored = choose(Training(model=LLAMA, spread=True, data_gb=5000))
    assert all((c.instance.nvme_gb or 0) >= 5000 for c in stored.candidates)
    assert "it has 3,800 GB of storage, 5,000 are needed" in why_not(stored, "ml.g7e.12xlarge")


def test_unknown_prices_come_last_and_say_so() -> None:
    advice = choose(Training(model=LLAMA, runs_on=("trainium",), spread=True))
    assert names(advice)[-1] == "ml.trn2.48xlarge"
    assert "of the 2 types that fit and have a known price it asks the least" in advice.reason
    last = advice.candidates[-1]
    assert (last.usd_per_hour, last.usd_per_unit) == (None, None)
    assert "its price is unknown" in last.reason
    only = choose(Training(model=LLAMA, runs_on=("trainium",), spread=True, families=("trn2",)))
    assert only.reason.startswith("ml.trn2.48xlarge was chosen: it is the only type that fits")


def test_the_advice_says_whose_prices_they_are_and_what_no_source_says() -> None:
    need = Hosting(model=LLAMA, region="eu-west-1", requests_per_second=5, latency_ms=300)
    said = " ".join(choose(need).lines())
    for words in (
        "EC2's on demand in us-east-1 of 2026-07-20, not SageMaker's",
        "prices of eu-west-1 are unknown",
        "no fact says how fast any type is for this: whether 5 requests/s and 300 ms are reached",
        "without sequence_length no keys and values are counted",
        "20% of the memory is kept free",
        "does not prove capacity in a region",
    ):
        assert words in said


def test_prices_of_ones_own_change_the_order() -> None:
    prices = Prices(
        usd_per_hour={"ml.g5.xlarge": 1.0, "ml.g6.xlarge": 2.0},
        region="eu-west-1",
        origin="those of the price list of today",
    )
    advice = choose(Hosting(model=LLAMA, region="eu-west-1"), prices)
    assert names(advice)[:2] == ["ml.g5.xlarge", "ml.g6.xlarge"]
    assert advice.notes[0] == "prices are those of the price list of today"
    assert not any("are unknown, the order" in note for note in advice.notes)


def test_what_was_measured_is_counted_in_machines() -> None:
    measured = {"ml.g6.xlarge": Measured(per_second=2), "ml.g5.xlarge": Measured(per_second=5)}
    advice = choose(Hosting(model=LLAMA, requests_per_second=9, measured=measured))
    first, second = advice.candidates[:2]
    assert (first.name, first.machines) == ("ml.g5.xlarge", 2)
    assert (second.name, second.machines) == ("ml.g6.xlarge", 5)
    assert first.usd_per_unit == pytest.approx(2 * 1.006 / 9)
    assert first.unit == "request/s"
    assert "of the 2 types that fit and were measured it asks the least" in advice.reason
    assert "for 2 machines" in advice.reason
    assert not any("no fact says how fast" in note for note in advice.notes)
    assert "nothing was measured on it" in advice.candidates[2].reason


def test_a_measured_latency_above_the_wanted_one_does_not_fit() -> None:
    measured = {"ml.g6.xlarge": Measured(per_second=2, latency_ms=400)}
    advice = choose(Hosting(model=LLAMA, latency_ms=300, measured=measured))
    assert "took 400 ms in your measurement, 300 ms are wanted" in why_not(advice, "ml.g6.xlarge")


def test_a_type_whose_latency_is_known_goes_before_cheaper_ones_that_nobody_measured() -> None:
    measured = {
        "ml.g6e.xlarge": Measured(per_second=2, latency_ms=200),
        "ml.g5.xlarge": Measured(per_second=2),
    }
    advice = choose(Hosting(model=LLAMA, latency_ms=300, measured=measured))
    assert names(advice)[:2] == ["ml.g6e.xlarge", "ml.g6.xlarge"]
    assert "nothing was measured on it" in advice.candidates[1].reason
    assert advice.candidates[0].machines == 1
    assert "no other type that fits was measured" in advice.reason


def test_several_machines_cost_as_much_as_they_are() -> None:
    one = choose(Training(memory_gib=8)).candidates[0]
    four = choose(Training(memory_gib=8, machines=4)).candidates[0]
    assert four.usd_per_hour == pytest.approx(4 * (one.usd_per_hour or 0))
    assert four.usd_per_unit == one.usd_per_unit


def test_transform_may_be_demanded_as_well() -> None:
    assert "ml.c5d.xlarge" in names(choose(Hosting(memory_gib=4)))
    advice = choose(Hosting(memory_gib=4, transform=True))
    assert "does not offer it for transform" in why_not(advice, "ml.c5d.xlarge")


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (Hosting, {}, "give one of algorithm, model"),
        (Hosting, {"algorithm": "linear-learner", "model": LLAMA}, "known twice"),
        (Hosting, {"algorithm": "svm"}, "'svm': no such first-party algorithm"),
        (Hosting, {"memory_gib": 1, "families": ("g9",)}, "'g9': SageMaker has no such family"),
        (Hosting, {"memory_gib": 1, "sequence_length": 8}, "only a model's memory grows"),
        (
            Hosting,
            {"model": Model(parameters=1), "sequence_length": 8},
            "without layers and hidden_size",
        ),
        (
            Hosting,
            {"memory_gib": 1, "measured": {"ml.x.large": {"per_second": 1}}},
            "'ml.x.large': SageMaker has no such instance type",
        ),
        (Training, {"model": Model(parameters=1, dtype="int8")}, "gradients are not integers"),
    ],
)
def test_a_need_that_makes_no_sense_is_refused(
    kind: type[Need], given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        kind.model_validate(given)


def test_a_need_of_no_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="give a Training or a Hosting"):
        choose(Need(memory_gib=1))
